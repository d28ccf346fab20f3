// Press the steps in the order in which they happen; a placed step can be taken back.
import { labelOf, labelled, make, parts, shuffled, spoken } from "./dom.js";

class Ordering {
  gap = null; // where a step was taken back: another one goes there, the same one goes to the end

  constructor(item, { steps, strays = [], judge, name }) {
    Object.assign(this, { item, steps, judge, name });
    this.placed = make("ol", { class: "placed", "aria-label": "Your order" });
    this.pool = make("div", { class: "pool", role: "group", "aria-label": `The ${name}s to place` });
    this.pool.append(...shuffled([...steps, ...strays].map((step) => this.chip(step))));
  }

  get mine() { return [...this.placed.querySelectorAll("button")].map((control) => control.step); }

  chip(step) {
    const control = labelled("chip", () => this.item.done || this.press(control), labelOf(step));
    control.addEventListener("keydown", (event) => this.carry(event, control));
    return Object.assign(control, { step });
  }

  /** Arrow keys carry a placed step up or down. */
  carry(event, control) {
    const row = control.closest("li"), up = event.key === "ArrowUp";
    const other = up ? row?.previousElementSibling : event.key === "ArrowDown" && row?.nextElementSibling;
    if (!other || this.item.done) return;
    event.preventDefault();
    other[up ? "before" : "after"](row);
    control.focus();
    this.gap = null;
    this.settle();
  }

  press(control) {
    const row = control.closest("li"), from = row ?? control;
    const near = from.nextElementSibling ?? from.previousElementSibling ?? from;
    if (row) this.takeBack(control, row);
    else this.place(control);
    (near.querySelector("button") ?? (near === row ? control : near)).focus();
    if (!row) this.settle();
  }

  takeBack(control, row) {
    this.gap = { at: [...this.placed.children].indexOf(row), control };
    this.pool.append(control);
    row.remove();
  }

  place(control) {
    const before = this.gap && this.gap.control !== control ? this.placed.children[this.gap.at] : null;
    this.placed.insertBefore(make("li", {}, control), before ?? null);
    this.gap = null;
  }

  settle() {
    const { mine } = this;
    if (mine.length < this.steps.length) return;
    const wrong = this.judge(mine);
    if (!wrong) return this.item.finish();
    const stands = ["", `The first ${this.name} is in place. `, `The first ${wrong.at} ${this.name}s are in place. `][Math.min(wrong.at, 2)];
    const answer = mine.map((step) => spoken(labelOf(step))).join("\n");
    this.item.miss(answer, stands, wrong.because, ` Press a ${this.name} to take it back.`);
  }

  finish() {
    if (this.mine.length === this.steps.length && !this.judge(this.mine)) return;
    const chips = [...this.placed.querySelectorAll("button"), ...this.pool.children];
    const rows = this.steps.map((step) => make("li", {}, chips.find((control) => control.step === step)));
    this.pool.append(...chips.filter((control) => !this.steps.includes(control.step)));
    this.placed.replaceChildren(...rows);
  }
}

/** `judge(steps placed)` is null where all is well, else { at: place of the first wrong one, because }. */
export function ordering(item, how, choices) {
  const play = new Ordering(item, choices);
  const nodes = [make("p", { class: "how" }, how), play.placed, play.pool, item.reveal()];
  return { nodes, finish: () => play.finish() };
}

export function order(item, root) {
  const steps = parts(root, "step");
  const judge = (mine) => {
    const at = mine.findIndex((step, i) => step !== steps[i]);
    return at < 0 ? null : { at, because: `Look at number ${at + 1}.` };
  };
  return ordering(item, "Press the steps in the order in which they happen.", { steps, judge, name: "step" });
}
