// What runs, in which order, and what is said of it. Loaded with the first run.
import { kept } from "../practice/answers.js";
import { Session } from "./session.js";

const LIMIT = { "exercise-check": 30, "": 60 }; // seconds; <html data-run-limit> sets another for every cell
const SKIPPED = new Set(["exercise-check", "exercise-solution"]); // not run on the way to a later cell
const JUDGED = SKIPPED; // elsewhere a check is only a step on the way
const ENDINGS = {
  stopped: "Stopped. Python starts afresh with the next run; your text is kept.",
  crashed: "Python broke down and starts afresh with the next run; your text is kept.",
  unloaded: "Python could not be loaded. Is there a connection? Run tries again.",
  unfit: "This browser is too old to run Python in a page: a newer one does, and so does the notebook in JupyterLab.",
};

const limitOf = (cell) => Number(document.documentElement.dataset.runLimit) || LIMIT[cell.role] || LIMIT[""];

// For a record of attempts.
function tell({ text, detail }) {
  const [exercise, mistake] = detail.split(" ");
  document.dispatchEvent(new CustomEvent("attnlab:check", { detail: { exercise, state: text, mistake } }));
}

const WANTED = /\bmine\b/; // in a cell that may ask for the answers that were kept

// A passed answer, or a count to beat, to be kept.
function pass({ kind, text, detail }) {
  document.dispatchEvent(new CustomEvent(`attnlab:${kind}`, { detail: { text, about: detail.split(" ") } }));
}

export class Steps {
  session = new Session();
  running = null;
  pure = true; // no text of the reader's has run

  constructor(cells) {
    this.cells = cells;
    addEventListener("pagehide", () => this.leave());
  }

  // Another page comes, or this one again from the browser's memory, with a Python in which nothing has run.
  leave() {
    this.session.leave();
    this.forget();
  }

  forget() {
    this.pure = true;
    for (const cell of this.cells) cell.ran = null;
  }

  // The slot of the exercise that `target` judges or solves.
  slotOf(target) {
    return JUDGED.has(target.role) && this.cells.findLast((cell) => cell.number < target.number && cell.role === "exercise-slot");
  }

  // What must run before `target`: every earlier cell that has not run as it stands now. Checks and solutions are
  // left out, but not the rest of the same solution.
  before(target) {
    const slot = this.slotOf(target);
    const wanted = ({ role, number }) => !SKIPPED.has(role) || (slot && number > slot.number && role === target.role);
    const due = (cell) => cell.number < target.number && cell.ran !== cell.text && wanted(cell);
    return this.cells.filter((cell) => (cell === slot && target.role === "exercise-check") || due(cell));
  }

  // A check needs its slot, and of the cells above those that make what the slot takes from them: these run for it in a
  // namespace of its own. Null where that cannot be told, or where all of them have run already.
  async alone(target) {
    const slot = this.slotOf(target);
    if (target.role !== "exercise-check" || target.changed || this.before(target)[0] === slot) return null;
    const above = this.cells.filter((cell) => cell.number < target.number && !SKIPPED.has(cell.role));
    const hear = (message) => message.kind === "loading" && target.loading(message);
    const found = await this.session.plan(above.map((cell) => cell.text), above.indexOf(slot), target.text, hear);
    return found.ok ? found.cells?.map((place) => above[place]) : found;
  }

  // Run one cell for `target`, which tells how far things are. An earlier, unedited cell keeps the output it has.
  async step(cell, target, room) {
    const text = cell.text;
    if (cell.changed) this.pure = false;
    cell.output.begin({ quiet: cell !== target && this.pure, unchanged: !cell.changed && this.pure });
    let missing = null;
    const result = await this.session.run(text, cell.number, limitOf(cell), (message) => {
      if (message.kind === "loading") return target.loading(message);
      if (message.kind === "error") missing = message.detail;
      if (message.kind !== "started") return this.hear(cell, message);
      target.progress.hidden = true;
      target.say(cell === target ? "Running" : `First the cells above: running cell ${cell.number}`);
    }, room, WANTED.test(text) ? kept() : null);
    cell.output.end();
    if (room === "page") cell.ran = result.ok || result.why === "raised" ? text : null;
    cell.element.dataset.result = result.ok ? "done" : "failed";
    if (!result.ok) cell.buttons.reset.hidden = false;
    return { ...result, missing };
  }

  hear(cell, message) {
    if (message.kind === "attempt") tell(message);
    else if (message.kind === "answer" || message.kind === "score") pass(message);
    else if (message.kind !== "verdict" || JUDGED.has(cell.role)) cell.output.hear(message);
  }

  async run(target, all = false) {
    if (this.running) return;
    this.running = target;
    for (const cell of this.cells) cell.busy(cell === target, true);
    target.say("Starting");
    const alone = all ? null : await this.alone(target);
    if (alone?.why) return this.finish(target, target, alone, []);
    const failed = [], list = [...(alone ?? this.before(target)), target];
    let result, cell, missing = false;
    for (cell of list) {
      result = await this.step(cell, target, !alone ? "page" : cell === list[0] ? "new" : "same");
      missing ||= Boolean(result.missing);
      if (!result.ok && result.why !== "raised") break;
      if (!result.ok && cell !== target) failed.push(cell.number);
    }
    if (!this.session.alive) this.forget();
    this.finish(target, cell, result, failed);
    if (alone && missing) target.say(this.ending(target, result, failed), ["Run all above", () => this.run(target, true)]);
  }

  ending(cell, result, failed) {
    const also = failed.length ? ` Cell ${failed.join(" and ")} above raised an error.` : "";
    if (result.why === "finished") return `Done in ${result.seconds.toFixed(2)} s.${also}`;
    if (result.why === "raised") return `An error: see below.${also}`;
    if (result.why !== "late") return ENDINGS[result.why] + (result.text ? ` (${result.text})` : "");
    const why = JUDGED.has(cell.role) // a check ends loops by itself, but no single call outside Python
      ? "the check did not come back; your function may be inside one single call that takes for ever, or far too long."
      : "does a loop never end?";
    return `Stopped after ${limitOf(cell)} s: ${why} Python starts afresh with the next run; your text is kept.`;
  }

  finish(target, cell, result, failed) {
    this.running = null;
    for (const other of this.cells) other.busy(false, false);
    target.buttons.reset.hidden = false;
    const where = cell === target ? "" : `Cell ${cell.number} above: `;
    target.say(where + this.ending(cell, result, failed));
  }
}
