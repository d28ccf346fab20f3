// One turn of a session: an item is asked, answered and graded. The answer is kept at once; what the reader adds to it, a grade, changes
// that review, and `taken back` removes it.
import { Asked } from "./asked.js";
import { button, contents, copied, focusOn, make } from "./dom.js";
import { kindOf } from "./kinds.js";
import { entry, graded, regraded, update, withdrawn } from "./progress.js";
import { outlook, replayed, span } from "./schedule.js";
import { laid } from "./shelf.js";

export const GRADES = ["Again", "Hard", "Good", "Easy"];
const GOOD = 3;

export class Turn {
  /** `item` is one that the index of the bank knows; `over(grade)` is called once it is graded. */
  constructor(item, over) {
    Object.assign(this, { item, over, box: make("div", { class: "turn" }), grades: make("div", { class: "grades", role: "group", "aria-label": "How well did you know it?" }) });
    this.before = entry("item", item.id);
    this.card = replayed(this.before.log);
  }

  async ask() {
    const frame = await laid(this.item);
    if (this.item.kind === "card") this.cardOf(frame);
    else this.questionOf(frame);
    return this;
  }

  // -- a card: turned, then graded

  cardOf(frame) {
    const [head, ...body] = frame.querySelector("details").children;
    this.face = make("div", { class: "face", "aria-live": "polite" }, make("div", { class: "front" }, ...contents(head)));
    const flip = () => {
      this.face.append(make("div", { class: "back" }, ...body.map(copied)));
      this.face.classList.add("flipped");
      this.offer((grade) => this.kept(graded(grade)), GOOD);
    };
    this.grades.append(button("go", flip, "Show answer"));
    this.box.append(this.face, this.grades);
  }

  // -- a question: its first answer is the review

  questionOf(frame) {
    this.box.append(frame, this.grades);
    this.play = new Asked(frame, kindOf(frame), () => this.answered());
  }

  answered() {
    this.time ??= this.play.known.log.at(-1)[0];
    if (!this.play.done) return;
    if (this.play.firstTry) this.offer((grade) => this.kept(regraded(this.time, grade)), GOOD);
    else this.onward();
  }

  /** What was not known has its grade: it comes back. */
  onward() {
    const wait = span(outlook(this.card, Date.now())[0]);
    this.grades.replaceChildren(button("go", () => this.over(1), `Go on (it comes back in ${wait})`));
    this.choices = new Map([[1, () => this.over(1)]]);
    focusOn(this.grades);
  }

  /** The four grades, each with the time until the item is asked again. */
  offer(keep, likely) {
    const next = outlook(this.card, Date.now());
    this.choices = new Map(GRADES.map((_, at) => [at + 1, () => (keep(at + 1), this.over(at + 1))]));
    this.grades.replaceChildren(...GRADES.map((name, at) => gradeButton(name, at + 1, span(next[at]), this.choices.get(at + 1))));
    this.grades.children[likely - 1].focus();
  }

  kept(change) {
    const { log } = update("item", this.item.id, change);
    this.time ??= log.at(-1)[0];
  }

  /** A number key; true where it meant something. */
  key(number) {
    const act = this.choices?.get(number);
    act?.();
    return Boolean(act);
  }

  /** As if the item had not been asked. */
  takeBack() {
    if (this.time) update("item", this.item.id, withdrawn(this.time, this.before));
  }
}

function gradeButton(name, grade, time, act) {
  const control = button(`grade grade-${grade}`, act, make("kbd", { "aria-hidden": "true" }, String(grade)), make("strong", {}, name), make("span", {}, time));
  control.setAttribute("aria-label", `${name}: again in ${time}`);
  control.setAttribute("aria-keyshortcuts", String(grade));
  return control;
}
