// One code cell on the page: its editor, its buttons, its status line and its output.
import { editor } from "./editor.js";
import { Output } from "./output.js";

const ROLES = {
  "exercise-slot": { label: "Your answer", run: "Run" },
  "exercise-check": { label: "Check", run: "Check" },
  "exercise-solution": { label: "Solution", run: "Run" },
  "exercise-use": { label: "Use it", run: "Run" },
};
const ICONS = {
  run: "M3 1.5v9l7.5-4.5z",
  stop: "M2.5 2.5h7v7h-7z",
  reset: "M6 1.5a4.5 4.5 0 1 0 4.4 5.5H9.2A3.3 3.3 0 1 1 8.3 3.7L6.6 5.4h3.9V1.5L9.2 2.8A4.5 4.5 0 0 0 6 1.5z",
};

export function button(text, icon, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `run-button run-${icon || "plain"}`;
  if (icon) {
    made.innerHTML = `<svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
  }
  made.append(text);
  made.addEventListener("click", () => made.getAttribute("aria-disabled") !== "true" && act());
  return made;
}

export class Cell {
  ran = null; // the text as it last ran in the Python that is alive now

  // `page` is what the cell asks of the rest: run(cell), stop(), keep(cell, text), drop(cell).
  constructor(element, number, page) {
    Object.assign(this, { element, number, page });
    this.role = Object.keys(ROLES).find((role) => element.classList.contains(`tag_${role}`)) ?? "";
    const named = ROLES[this.role] ?? { label: `Cell ${number}`, run: "Run" };
    this.output = new Output(element);
    this.editor = editor(element.querySelector(".cell_input pre"), `Python, ${named.label}, editable`, {
      run: () => page.run(this),
      change: (text) => this.edited(text),
    });
    this.build(named);
    element.cell = this;
  }

  build({ label, run }) {
    const bar = document.createElement("div"), status = document.createElement("span");
    this.buttons = {
      run: button(run, "run", () => this.page.run(this)),
      stop: button("Stop", "stop", () => this.page.stop()),
      reset: button("Reset", "reset", () => this.reset()),
    };
    const name = document.createElement("span");
    bar.className = "run-bar";
    name.className = "run-name";
    name.textContent = this.role ? `${label} · cell ${this.number}` : label;
    status.className = "run-status";
    status.setAttribute("role", "status");
    this.buttons.run.title = "Shift+Enter";
    this.buttons.stop.hidden = this.buttons.reset.hidden = true;
    this.progress = document.createElement("progress");
    this.progress.hidden = true;
    this.progress.setAttribute("aria-label", "Loading");
    bar.append(this.buttons.run, this.buttons.stop, this.buttons.reset, status, this.progress, name);
    const input = this.element.querySelector(".cell_input");
    input.after(bar, this.output.box);
    input.classList.add("run-input");
    this.element.classList.add("run-cell");
    this.status = status;
  }

  get text() { return this.editor.get(); }
  get committed() { return this.editor.text; }
  get changed() { return this.text !== this.committed; }

  // A sentence under the cell, with buttons [text, act] after it where there is something to choose.
  say(text, ...choices) {
    this.status.replaceChildren(text);
    for (const [words, act] of choices) this.status.append(" ", button(words, "", act));
  }

  busy(on, others) {
    this.buttons.stop.hidden = !on;
    for (const name of ["run", "check"]) this.buttons[name]?.setAttribute("aria-disabled", String(on || others));
    this.element.toggleAttribute("data-busy", on);
    if (!on) this.progress.hidden = true;
  }

  // The bar moves with every chunk; the sentence, which screen readers say, changes with the stage only.
  loading({ stage, loaded, total, sent }) {
    const mega = (bytes) => (bytes / 1e6).toFixed(1);
    this.progress.hidden = false;
    if (total) Object.assign(this.progress, { max: total, value: loaded });
    else this.progress.removeAttribute("value");
    const words = total ? `Loading ${stage} (${mega(sent)} MB, once)` : `Starting ${stage}`;
    if (words !== this.words) this.say(words);
    this.words = words;
  }

  edited(text) {
    this.buttons.reset.hidden = false;
    this.page.keep(this, text);
  }

  // Put another text in place of this one, with a way back.
  replace(text, words, back) {
    const old = this.text;
    this.editor.set(text);
    this.say(words, [back, () => {
      this.editor.set(old);
      this.edited(old);
      this.say("");
    }]);
  }

  reset() {
    const changed = this.changed;
    if (changed) this.replace(this.committed, "As it was in the course.", "Undo");
    else this.say("");
    this.output.reset();
    this.page.drop(this);
    this.buttons.reset.hidden = true;
    this.element.removeAttribute("data-result");
    this.editor.area.focus({ preventScroll: true });
  }
}
