// What the ways of studying share: which items there are, where they are read about, stars, and the choice of a part.
import { make } from "./dom.js";
import { index, part } from "./shelf.js";
import { ROOT } from "./shares.js";
import { names, read, remove } from "./storage.js";
import { entry, quietly, update } from "./progress.js";

const folder = (item) => item.chapter.split("/")[0];

/** Everything that can be asked, without its text, part by part: [{ part, label, items }]. */
export async function parts() {
  const found = new Map();
  for (const item of await index()) {
    if (!found.has(folder(item))) found.set(folder(item), { part: folder(item), label: item.part, items: [] });
    found.get(folder(item)).items.push(item);
  }
  return [...found.values()];
}

/** The same items with their text. */
export async function drawn(items) {
  const names = [...new Set(items.map(folder))];
  const held = new Map((await Promise.all(names.map(part))).flatMap((one) => [...one]));
  return items.filter(({ id }) => held.has(id)).map((item) => ({ ...item, html: held.get(item.id).html }));
}

export const hrefOf = (item) => new URL(item.page, ROOT).href;

let places = null;

/** Misconception -> [title, address] of the section that puts it right; none of them where they cannot be had. */
export async function reading() {
  places ??= await fetch(new URL("_static/study/read.json", ROOT)).then((answer) => answer.json()).catch(() => ({}));
  return new Map(Object.entries(places).map(([name, [title, page]]) => [name, [title, new URL(page, ROOT).href]]));
}

/** What is said where the questions cannot be had; `again` tries once more. */
export function unfetched(again) {
  const words = "The questions could not be fetched: there is no network, or this page was opened as a file. ";
  return make("p", { class: "study-note", role: "status" }, words, make("button", { type: "button", class: "quiet", onclick: again }, "Try again"));
}

// -- stars, each under a name of its own, so that two tabs lose none

export const starred = (id) => read(`star:${id}`) !== null;

export function star(id, on) {
  if (on) quietly("star", id, (old) => (old.starred ? old : { starred: new Date().toISOString() }));
  else remove(`star:${id}`);
}

export const stars = () => names("star:").map((name) => name.slice("star:".length));

// -- the log

export const logOf = (id) => entry("item", id).log;

const sum = (tally = {}, names) => names.reduce((all, name) => ({ ...all, [name]: (all[name] ?? 0) + 1 }), tally);

/** One answer at the end of an item's log, and the misconceptions it showed; whatever else its chapter knows of it stays. */
export function record(id, right, mode, shown = []) {
  const row = [new Date().toISOString(), right ? 3 : 1, mode];
  update("item", id, (old) => ({ ...old, log: [...old.log, row], ...(shown.length && { mistakes: sum(old.mistakes, shown) }) }));
}

// -- choosing

export const field = (label, control) => make("label", { class: "study-field" }, make("span", {}, label), control);

/** A list to choose from, of [value, words]. */
export function select(rows, chosen, changed) {
  const control = make("select", { onchange: () => changed(control.value) });
  control.append(...rows.map(([value, words]) => make("option", { value, selected: value === chosen }, words)));
  return control;
}

/** A box to tick. */
export function tick(words, on, changed) {
  const box = make("input", { type: "checkbox", onchange: () => changed(box.checked) });
  box.checked = on;
  return make("label", { class: "study-tick" }, box, ` ${words}`);
}

/** The address's own choices: #part=masks&tag=softmax, or, in a link to the page, ?tag=softmax. */
export const asked = () => new URLSearchParams(location.hash.slice(1) || location.search);

export function addressed(choices) {
  const given = Object.entries(choices).filter(([, value]) => value !== "" && value !== false && value !== undefined);
  history.replaceState(history.state, "", `#${new URLSearchParams(given)}`);
}

/** A way begins: what stands there without scripts goes, and its place is given to `begin(box)`, again where nothing came. */
export async function study(name, begin) {
  const box = document.querySelector(`[data-study="${name}"]`);
  if (!box) return;
  const start = async () => {
    try {
      await begin(box);
      box.classList.add("live");
    } catch (error) {
      if (!(error instanceof TypeError || /^the bank answers/.test(error.message))) throw error;
      box.querySelector(".study-note")?.remove();
      box.prepend(unfetched(start));
    }
  };
  await start();
}
