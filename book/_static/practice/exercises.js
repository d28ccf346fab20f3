// Exercises: what their checks said on earlier visits, and the lines of the last hint as a task.
import { listen } from "./answers.js";
import { Card } from "./card.js";
import { make, unkeptNote } from "./dom.js";
import { Item } from "./item.js";
import { lines } from "./lines.js";
import { checked, entry, update, watch } from "./progress.js";

const ASKED = /\bcheck\(\s*["']([\w.]+)["']/;
const day = (time) => new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
const tries = (count) => (count === 1 ? "1 attempt" : `${count} attempts`);

/** The verdict of earlier visits, under the cell that asks for it; a new run's own verdict takes its place. */
class Check {
  constructor(cell) {
    this.cell = cell;
    this.id = cell.querySelector("pre").textContent.match(ASKED)?.[1];
    this.box = make("div", { class: "kept-verdict" });
    cell.append(this.box, unkeptNote());
    watch("exercise", this.id, () => this.show());
  }

  show() {
    this.card?.show();
    const { attempts, updated, passed } = entry("exercise", this.id);
    this.cell.classList.toggle("has-verdict", attempts > 0);
    if (attempts) this.box.replaceChildren(...(passed ? told("passed", attempts, passed) : told("failed", attempts, updated)));
  }
}

function told(state, attempts, time) {
  const [sign, words, when] = { passed: ["✓", "Passed", "On"], failed: ["✗", "Not yet", "Last tried on"] }[state];
  return [
    make("p", { class: `kept-${state}` }, make("span", { "aria-hidden": "true" }, sign), ` ${words}`),
    make("p", {}, `${when} ${day(time)}; ${tries(attempts)} so far.`),
  ];
}

listen();

const checks = [...document.querySelectorAll(".tag_exercise-check")].map((cell) => new Check(cell));

document.addEventListener("attnlab:check", ({ detail: { exercise, state, mistake } }) => {
  if (state === "open") return;
  update("exercise", exercise, checked(state === "passed", mistake));
  for (const check of checks) if (check.id === exercise) check.show();
});

for (const frame of document.querySelectorAll(".item-lines")) new Item(frame, lines, () => {});

const boxes = [...document.querySelectorAll(".card-box")];
for (const check of checks) {
  const at = boxes.indexOf(check.cell.closest(".card-box"));
  if (at >= 0) check.card = new Card(boxes[at], check.id, boxes[at + 1]);
  check.show();
}
