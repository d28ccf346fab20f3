// The one door to the browser's storage: texts by name, kept under `attnlab:<path of the site>:<name>`.
// What the browser refuses (storage blocked or full) lasts as long as the page does, and <html data-unkept> says so.

const PREFIX = `attnlab:${new URL("../../", import.meta.url).pathname}:`;
const unkept = new Map();

const warn = () => document.documentElement.setAttribute("data-unkept", "");

/** What `use` gives, or `otherwise` where there is no storage. */
function attempt(use, otherwise) {
  try {
    return use(localStorage);
  } catch {
    return otherwise;
  }
}

/** The text under a name, or null. */
export function read(name) {
  return unkept.get(name) ?? attempt((storage) => storage.getItem(PREFIX + name), null);
}

/** True where the text will be there after a reload. */
export function write(name, text) {
  const keep = (storage) => {
    const refused = storage.setItem(PREFIX + name, text) === false; // what the guard of _ext/storage.py answers
    return !refused && !storage.temporary && storage.getItem(PREFIX + name) === text;
  };
  const kept = attempt(keep, false);
  if (kept) unkept.delete(name);
  else hold(name, text);
  return kept;
}

/** Have a text under this name until the page is left, and leave alone what is stored there. */
export function hold(name, text) {
  unkept.set(name, text);
  warn();
}

export function remove(name) {
  unkept.delete(name);
  attempt((storage) => storage.removeItem(PREFIX + name));
}

/** Every name that begins with `start`. */
export function names(start) {
  const all = attempt((storage) => Array.from({ length: storage.length }, (_, i) => storage.key(i)), []);
  const stored = all.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
  return [...new Set([...stored, ...unkept.keys()])].filter((name) => name.startsWith(start));
}

/** Tell `changed` of each name that another tab has written; null where any of them may be new. */
export function hear(changed) {
  addEventListener("storage", ({ key }) => {
    if (key === null) changed(null);
    else if (key.startsWith(PREFIX)) changed(key.slice(PREFIX.length));
  });
  addEventListener("pageshow", ({ persisted }) => persisted && changed(null)); // Back, to a page that slept meanwhile
}

if (!attempt((storage) => !storage.temporary && storage.length >= 0, false)) warn();
