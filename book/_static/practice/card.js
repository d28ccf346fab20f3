// The card of an exercise: Check beside its editor, after a failed try the next hint, and the lines of the last hint for the editor.
import { button, make } from "./dom.js";
import { entry } from "./progress.js";

const PLACE = /^( *)# YOUR CODE HERE\n *\.\.\.$/m;
const filled = (text, lines) => text.replace(PLACE, (_, indent) => lines.map((line) => indent + line).join("\n"));

const name = (box) => box.querySelector(".admonition-title").lastChild.textContent.trim();
const words = (step) => step.querySelector("summary").textContent.trim();

export class Card {
  /** `id` names the exercise; `next` is the card below, if there is one. */
  constructor(box, id, next) {
    Object.assign(this, { box, id, next, seen: new Set() });
    this.row = box.querySelector(":scope > .steps");
    this.steps = [...this.row.children];
    this.offer = make("p", { class: "offer", role: "status" });
    this.row.before(this.offer);
    this.row.classList.add("live");
    for (const step of this.steps) step.addEventListener("toggle", () => step.open && this.opened(step));
    new MutationObserver(() => this.meet()).observe(document.documentElement, { attributeFilter: ["data-pyodide"] });
    this.meet();
    this.show();
  }

  opened(step) {
    this.seen.add(step);
    this.show();
  }

  /** What is offered follows from what is known: nothing before a try, then step by step, and the next exercise at the end. */
  show() {
    const { attempts, passed } = entry("exercise", this.id), tried = attempts > 0 && !passed;
    const step = tried ? this.steps.find((one) => !this.seen.has(one)) : null;
    this.box.classList.toggle("tried", tried);
    this.box.classList.toggle("passed", Boolean(passed));
    for (const one of this.steps) one.classList.toggle("next-step", one === step);
    this.offer.replaceChildren(...(step ? ["Stuck? ", this.opener(step)] : passed && this.next ? this.onward() : []));
  }

  opener(step) {
    return button("", () => {
      step.open = true;
      step.querySelector("summary").focus();
    }, words(step));
  }

  onward() {
    return ["Next: ", make("a", { href: `#${this.next.id}` }, name(this.next))];
  }

  /** The page's runner has made its cells: the slot's own, and the one that calls `check`, out of sight. */
  meet() {
    const [slot, judge] = ["slot", "check"].map((role) => this.box.querySelector(`.tag_exercise-${role}`)?.cell);
    if (!slot || !judge || slot.buttons.check) return;
    const act = () => judge.page.run(judge);
    slot.buttons.check = button("run-button run-check", act, make("span", { "aria-hidden": "true" }, "✓"), "Check");
    slot.buttons.check.title = "Ctrl+Enter";
    slot.buttons.run.before(slot.buttons.check);
    slot.editor.area.parentElement.addEventListener("keydown", (event) => this.keys(event, act), true);
    for (const frame of this.box.querySelectorAll(".item-lines")) this.fillFrom(frame, slot);
  }

  keys(event, act) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** The lines as they are placed go into the editor, right or wrong: the check judges them there. */
  fillFrom(frame, slot) {
    const placed = () => [...frame.querySelectorAll(".placed code")].map((line) => line.textContent);
    frame.after(button("fill", () => {
      const text = filled(slot.committed, placed());
      slot.edited(text);
      slot.replace(text, "The lines stand in the editor.", "Undo");
    }, "Put these lines into the editor"));
  }
}
