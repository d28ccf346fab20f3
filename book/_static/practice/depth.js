// Core or everything: a switch in the line under the title, the same on every page. `core` leaves the folds closed, and opens
// them one by one; `everything` opens them all.
import { make } from "./dom.js";
import { hear, read, write } from "./storage.js";

const NAME = "depth", KINDS = { core: "Core", everything: "Everything" };
const folds = [...document.querySelectorAll("details.depth, details.deeper")];
const mode = () => (read(NAME) === "everything" ? "everything" : "core");

/** Where the switch stands: in place of the words about minutes, else under the title. */
function place() {
  const said = document.querySelector(".depth-minutes");
  if (said) return said;
  const line = make("p", { class: "way-here" }, make("span", { class: "depth-minutes" }));
  document.querySelector("h1").after(line);
  return line.firstChild;
}

const said = place();
const label = (kind) => KINDS[kind] + (said.dataset[kind] ? ` · ${said.dataset[kind]} min` : "");
const buttons = Object.keys(KINDS).map((kind) => {
  const made = make("button", { type: "button", class: "depth-choice", "data-kind": kind }, label(kind));
  made.addEventListener("click", () => choose(kind));
  return made;
});

function press() {
  for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.kind === mode()));
}

function show() {
  press();
  for (const fold of folds) fold.open = mode() === "everything";
}

function choose(kind) {
  write(NAME, kind);
  show();
}

said.replaceChildren(make("span", { class: "depth-switch", role: "group", "aria-label": "How much of this page is open" }, ...buttons));
press();
if (mode() === "everything") show(); // in the core what a link has opened stays open
hear((name) => (name === null ? press() : name === NAME && show()));
