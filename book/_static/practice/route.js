// A way through the course leads: its pages stand first in the sidebar, the foot of a page leads to its next one, the line under the
// title says which step this is. The way is chosen on a card and kept as `mode`; _ext/modes.py wrote the ways.
import { button, make } from "./dom.js";
import { due } from "./due.js";
import { entry } from "./progress.js";
import { done, pages, ring, ROOT, share, told } from "./shares.js";
import { hear, read, remove, write } from "./storage.js";

const OWN = document.querySelector("script[data-way-page]").dataset.wayPage;
const modes = await fetch(new URL("_static/modes.json", ROOT)).then((answer) => answer.json()).catch(() => []);
const held = new Map(pages.map((page) => [page.page, page]));
const plain = document.querySelector(".prev-next-area")?.cloneNode(true);

const fileOf = (step) => step.page.replace(/#.*$/, "");
const hrefOf = (step) => new URL(step.page, ROOT).href;
const ownStep = (mode) => mode.pages.findIndex((step) => fileOf(step) === OWN);
const isRead = (step) => Boolean(entry("page", fileOf(step)).read);

/** The step to go on with: the one seen last, or the first after it that is unread where that one is finished. */
function current(mode) {
  const seen = mode.pages.map((step, at) => [entry("page", fileOf(step)).updated ?? "", at]).filter(([time]) => time);
  const last = seen.sort().at(-1)?.[1] ?? 0;
  if (!isRead(mode.pages[last])) return last;
  const next = mode.pages.findIndex((step, at) => at > last && !isRead(step));
  return next < 0 ? last : next;
}

const place = (mode, at) => `step ${at + 1} of ${mode.pages.length}`;
const timed = ({ title, minutes }) => `${title}, ${minutes} minutes`;

function tell(name) {
  if (name === null) remove("mode");
  else write("mode", name);
  document.dispatchEvent(new CustomEvent("attnlab:mode"));
}

const leave = () => button("mode-leave", () => tell(null), "Leave this way");

// -- the sidebar: the way's pages, then all the rest in one box that opens

function list(mode) {
  const item = (step) => {
    const link = make("a", { href: hrefOf(step), "aria-current": fileOf(step) === OWN ? "page" : null }, step.title);
    const page = held.get(fileOf(step));
    if (page) ring(link, share(done(page)), told(done(page)));
    return make("li", {}, link);
  };
  return make(mode.steps ? "ol" : "ul", {}, ...mode.pages.map(item));
}

function sidebar(mode) {
  const bar = document.querySelector(".bd-links");
  if (!bar) return;
  const old = bar.querySelector(".mode-way"), rest = bar.querySelector(".mode-rest");
  old?.remove();
  if (!mode) {
    rest?.replaceWith(...[...rest.childNodes].slice(1));
    return;
  }
  const find = mode.search ? [button("mode-search", search, "Search")] : [];
  const repeat = mode.due ? [make("div", { class: "due" })] : [];
  const head = make("p", { class: "mode-title" }, make("strong", {}, mode.title), leave());
  const way = make("section", { class: "mode-way", "aria-label": `Your way: ${mode.title}` }, head, ...find, ...repeat, list(mode));
  if (rest) rest.before(way);
  else {
    const own = ownStep(mode) < 0; // a page that is not on the way is shown among the rest
    const box = make("details", { class: "mode-rest", open: own }, make("summary", {}, "All chapters"));
    box.append(...bar.childNodes);
    bar.append(way, box);
  }
}

// -- the foot, and the line under the title

function turn(css, step, said) {
  const icon = plain?.querySelector(`.${css} > i`)?.cloneNode(true) ?? "";
  const words = make("div", { class: "prev-next-info" },
    make("p", { class: "prev-next-subtitle" }, said), make("p", { class: "prev-next-title" }, timed(step)));
  return make("a", { class: css, href: hrefOf(step) }, ...(css === "left-prev" ? [icon, words] : [words, icon]));
}

function foot(mode) {
  const area = document.querySelector(".prev-next-area");
  if (!area) return;
  area.replaceChildren(...plain.cloneNode(true).children);
  if (!mode?.steps) return;
  const own = ownStep(mode), before = mode.pages[own - 1], after = mode.pages[own + 1];
  const [left, right] = ["left-prev", "right-next"].map((css) => area.querySelector(`.${css}`));
  if (own < 0) {
    const at = current(mode);
    right?.remove();
    area.append(turn("right-next", mode.pages[at], `back to your way, ${place(mode, at)}`));
    return;
  }
  left?.remove();
  if (before) area.prepend(turn("left-prev", before, place(mode, own - 1)));
  if (after) {
    right?.remove();
    area.append(turn("right-next", after, place(mode, own + 1)));
  } else area.prepend(make("p", { class: "mode-end" }, `This was the last step of “${mode.title}”.`, leave()));
}

function line(mode) {
  document.querySelector(".way-here > .mode-here")?.remove();
  const here = document.querySelector(".way-here"), own = mode?.steps ? ownStep(mode) : -1;
  if (here && own >= 0) here.append(make("span", { class: "mode-here" }, `${mode.title}: ${place(mode, own)}`, leave()));
}

// -- cards and lists of ways

function search() {
  document.querySelector(".search-button__button")?.click();
}

/** Choose and set out; where nothing can be kept, the card's own link leads to the list instead. */
function choose(event, mode) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !write("mode", mode.name)) return;
  event.preventDefault();
  tell(mode.name);
  if (mode.search) search();
  else if (!mode.due) location.assign(hrefOf(mode.pages[current(mode)]));
  else location.assign(event.currentTarget.href);
}

function cards(mode) {
  for (const card of document.querySelectorAll("[data-mode]")) {
    const own = modes.find((one) => one.name === card.dataset.mode);
    card.onclick = own && ((event) => choose(event, own));
    card.toggleAttribute("data-chosen", own === mode);
  }
  for (const box of document.querySelectorAll(".modes")) status(box, mode);
}

function status(box, mode) {
  box.querySelector(".mode-now")?.remove();
  if (!mode) return;
  const at = current(mode), step = mode.pages[at];
  const on = mode.steps ? [make("a", { class: "mode-on", href: hrefOf(step) }, `Continue with ${place(mode, at)}: ${timed(step)}`)] : [];
  box.prepend(make("p", { class: "mode-now" }, make("strong", {}, `Your way: ${mode.title}`), ...on, leave()));
}

function routes(mode) {
  for (const box of document.querySelectorAll("[data-route]")) {
    const own = modes.find((one) => one.name === box.dataset.route);
    box.querySelector(".mode-take")?.remove();
    if (!own) continue;
    const taken = own === mode;
    box.append(make("p", { class: "mode-take" }, taken ? leave() : button("mode-leave", () => tell(own.name), "Take this way")));
  }
}

let last = null;

/** Show all of this for the way of that name; without one, the site is as it was built. */
export function lead(name) {
  last = modes.find((mode) => mode.name === name) ?? null;
  const held = document.activeElement?.closest(".mode-here, .mode-way, .mode-now, .mode-end, .mode-take");
  sidebar(last);
  for (const show of [foot, line, cards, routes]) show(last);
  due();
  if (held && !held.isConnected) document.querySelector(".bd-article h1")?.focus({ preventScroll: true });
}

const again = () => lead(read("mode"));
for (const happened of ["attnlab:check", "attnlab:kept", "attnlab:taken"]) document.addEventListener(happened, again);
hear((changed) => (changed === null || changed.startsWith("page:")) && again());
