// Open questions: what is written is kept here, the model answer comes after, and its points are ticked by who wrote.
import { button, contents, make, parts, unkeptNote } from "./dom.js";
import { merged } from "./merge.js";
import { entry, quietly, update, watch } from "./progress.js";
import { gradeOf, points } from "./rubric.js";
import { remove } from "./storage.js";
import { logOf } from "./study.js";

const WAIT = 400; // milliseconds after the last key

class Thought {
  constructor(box) {
    Object.assign(this, { box, id: box.dataset.think });
    const ask = parts(box, "ask")[0];
    this.field = make("textarea", { rows: 5, "aria-label": `Your answer: ${ask.textContent.trim()}`, oninput: () => this.later() });
    this.fresh();
    this.look = button("go", () => this.show(), "Compare with a model answer");
    this.said = make("p", { class: "score", role: "status" }, logOf(this.id).length ? "Scored before. " : "");
    this.place = make("div", {});
    ask.after(make("div", { class: "think-write" }, this.field, make("div", { class: "controls" }, this.look), this.place, this.said));
    box.classList.add("live");
    watch("thought", this.id, () => this.field.value === this.known && this.fresh());
  }

  get kept() {
    return (entry("thought", this.id).text ?? "").replace(/\r\n?/g, "\n"); // as a field has it
  }

  fresh() {
    this.known = this.field.value = this.kept;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), WAIT);
  }

  keep() {
    clearTimeout(this.timer);
    const text = this.field.value;
    if (text.trim() === this.known.trim()) return;
    const own = { text, updated: new Date().toISOString() }, meanwhile = this.kept !== this.known; // in another tab, or from a file
    if (text.trim()) quietly("thought", this.id, (old) => (meanwhile ? merged("thought", old, own) : { ...old, ...own }));
    else if (!meanwhile) remove(`thought:${this.id}`);
    this.fresh();
  }

  show() {
    this.keep();
    if (!this.field.value.trim() && !this.warned) {
      this.warned = true;
      this.said.textContent = "Write a sentence first, even a wrong one. Press once more to look all the same.";
      return this.field.focus();
    }
    const rubric = [...parts(this.box, "rubric")[0].children];
    const boxes = rubric.map((row) => [make("input", { type: "checkbox" }), row]);
    const score = button("go", () => this.score(boxes.filter(([box]) => box.checked).length, boxes.length), "Score");
    this.place.replaceChildren(
      make("div", { class: "think-model", tabindex: -1 }, ...parts(this.box, "model").flatMap(contents)),
      make("fieldset", { class: "study-set" }, make("legend", {}, "Which points does your answer make?"), ...boxes.map(([box, row]) => make("label", { class: "study-tick" }, box, " ", ...contents(row)))),
      make("p", {}, ...parts(this.box, "read").flatMap(contents)),
      make("div", { class: "controls" }, score));
    this.look.hidden = true;
    this.said.textContent = "";
    this.place.firstChild.focus({ preventScroll: true });
  }

  score(ticked, of) {
    update("item", this.id, (old) => ({ ...old, log: [...old.log, [new Date().toISOString(), gradeOf(ticked, of), "thinking"]] }));
    this.said.textContent = points(ticked, of);
  }
}

const thoughts = [...document.querySelectorAll("[data-think]")].map((box) => new Thought(box));
addEventListener("pagehide", () => thoughts.forEach((one) => one.keep()));
document.querySelector('[data-study="thinking"]')?.closest("section").before(unkeptNote());
