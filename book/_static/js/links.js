// Links arrive: what they name is opened, stands below the top bar, and stays there while the page settles.

const GIVES_UP = 3000; // milliseconds after which nothing that still moves is followed
const HANDS = ["wheel", "touchstart", "pointerdown", "keydown"]; // the reader moves the page: it is theirs
const named = () => location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));

/** Open every closed answer around `target`. */
function open(target) {
  for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
}

let hold = null;

function release() {
  if (!hold) return;
  hold.disconnect();
  hold = null;
  history.scrollRestoration = "auto";
}

/** Do `show`, and again whenever the page's height changes, until the reader takes over. */
function keep(show) {
  release();
  hold = new ResizeObserver(show); // calls at once, too
  hold.observe(document.body);
  setTimeout(release, GIVES_UP);
}

function arrive() {
  const target = named();
  if (!target) return release();
  open(target);
  keep(() => target.scrollIntoView());
}

/** A link within the page. The one that was pressed last counts again when it is pressed again. */
function follow(event) {
  const link = event.target.closest?.("a[href*='#']");
  if (!link || event.defaultPrevented || link.pathname !== location.pathname) return;
  link.closest("dialog")?.close(); // the phone's panel of contents would hide where it leads
  setTimeout(arrive); // once the address has changed
}

// -- back, forward and reload lead to where the reader was; a browser alone remembers how many pixels that was from
// the top, of which many were guessed. Remembered here: the block at the top of the window, and how far up it stood.

const BLOCKS = ".bd-article :is(h1, h2, h3, h4, p, pre, figure, tr):not(:is(.item, .cards, .run-output, [data-afm]) *)";
const blocks = () => [...document.querySelectorAll(BLOCKS)];
const place = () => `attnlab:place:${location.href}`;

function leave() {
  const all = blocks(), index = all.findIndex((block) => block.getBoundingClientRect().bottom > 0);
  try {
    sessionStorage.setItem(place(), scrollY && index >= 0 ? `${index} ${all[index].getBoundingClientRect().top}` : "");
  } catch {
    // nothing may be stored: the browser's own idea has to do
  }
}

function left() {
  try {
    return sessionStorage.getItem(place());
  } catch {
    return null;
  }
}

function comeBack() {
  const [index, top] = (left() || "").split(" ").map(Number), block = blocks()[index];
  if (!block || Number.isNaN(top)) return openPlace();
  history.scrollRestoration = "manual";
  openPlace();
  keep(() => scrollBy(0, block.getBoundingClientRect().top - top));
}

/** The browser knows where this was; only a closed answer is in its way. */
function openPlace() {
  const target = named();
  if (target) open(target);
}

/** The phone's drawer opens where the reader is. */
function showPlace(drawer) {
  const opened = () => drawer.open && drawer.querySelector("li.current > a")?.scrollIntoView({ block: "center" });
  new MutationObserver(opened).observe(drawer, { attributeFilter: ["open"] });
}

for (const hand of HANDS) addEventListener(hand, release, { capture: true, passive: true });
addEventListener("click", follow);
addEventListener("popstate", openPlace);
addEventListener("pagehide", leave);
for (const drawer of document.querySelectorAll("#pst-primary-sidebar-modal")) showPlace(drawer);
if (performance.getEntriesByType("navigation")[0]?.type === "navigate") arrive();
else comeBack();
