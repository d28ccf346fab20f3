// Run, edit and check the page's code cells in the browser. Nothing is fetched before the reader asks for a run.
import { Cell } from "./cell.js";
import { Store, hash } from "./store.js";

const LIMIT = { "exercise-check": 30, "": 60 }; // seconds; <html data-run-limit> sets another for every cell
const SKIPPED = new Set(["exercise-check", "exercise-solution"]); // not run on the way to a later cell
const JUDGED = new Set(["exercise-check", "exercise-solution"]); // elsewhere a check is only a step on the way
const ENDINGS = {
  stopped: "Stopped. Python starts afresh with the next run; your text is kept.",
  crashed: "Python broke down and starts afresh with the next run; your text is kept.",
  unloaded: "Python could not be loaded. Is there a connection? Run tries again.",
  unfit: "This browser is too old to run Python in a page: a newer one does, and so does the notebook in JupyterLab.",
};

const script = document.querySelector("script[data-run-page]");
const store = new Store(script.dataset.runPage);
let session = null, running = null, pure = true, warned = false;

const page = {
  run,
  stop: () => session?.stop(),
  keep(cell, text) {
    const same = text === cell.committed;
    if (same) store.remove(cell.key);
    if (same || store.save(cell.key, text)) return cell.say("Edited; kept in this browser.");
    if (!warned) cell.say("Edited. This browser stores nothing, so your text lasts until you leave the page.");
    warned = true;
  },
  drop: (cell) => store.remove(cell.key),
};

const runnable = (element) => !element.classList.contains("tag_torch") && element.querySelector(".cell_input pre");
const cells = [...document.querySelectorAll("div.cell")].filter(runnable)
  .map((element, index) => new Cell(element, index + 1, page));

// The slot of the exercise that `target` judges or solves.
const slotOf = (target) => JUDGED.has(target.role) && cells.findLast(
  (cell) => cell.number < target.number && cell.role === "exercise-slot");

// What must run before `target`: every earlier cell that has not run as it stands now. Checks and solutions are
// left out, but not the rest of the same solution.
function before(target) {
  const slot = slotOf(target);
  const wanted = ({ role, number }) => !SKIPPED.has(role) || (slot && number > slot.number && role === target.role);
  const due = (cell) => cell.number < target.number && cell.ran !== cell.text && wanted(cell);
  return cells.filter((cell) => (cell === slot && target.role === "exercise-check") || due(cell));
}

// A check needs its slot alone where the slot takes nothing from the cells above: true once that was enough. The
// slot counts as not run: cells between may give its name to something else before those below use it.
async function slotAlone(target) {
  const slot = slotOf(target);
  if (target.role !== "exercise-check" || target.changed || before(target)[0] === slot) return false;
  const { why, free } = await step(slot, target);
  slot.ran = null;
  return why === "finished" && !free.length;
}

const limitOf = (cell) => Number(document.documentElement.dataset.runLimit) || LIMIT[cell.role] || LIMIT[""];

// Run one cell for `target`, which tells how far things are. An earlier, unedited cell keeps the output it has.
async function step(cell, target) {
  const text = cell.text;
  if (cell.changed) pure = false;
  cell.output.begin({ quiet: cell !== target && pure, unchanged: !cell.changed && pure });
  const result = await session.run(text, cell.number, limitOf(cell), (message) => {
    if (message.kind === "loading") return target.loading(message);
    if (message.kind !== "started") return hear(cell, message);
    target.progress.hidden = true;
    target.say(cell === target ? "Running" : `First the cells above: running cell ${cell.number}`);
  });
  cell.output.end();
  cell.ran = result.ok || result.why === "raised" ? text : null;
  cell.element.dataset.result = result.ok ? "done" : "failed";
  if (!result.ok) cell.buttons.reset.hidden = false;
  return result;
}

function hear(cell, message) {
  if (message.kind === "attempt") tell(message);
  else if (message.kind !== "verdict" || JUDGED.has(cell.role)) cell.output.hear(message);
}

// For a record of attempts.
function tell({ text, detail }) {
  const [exercise, mistake] = detail.split(" ");
  document.dispatchEvent(new CustomEvent("attnlab:check", { detail: { exercise, state: text, mistake } }));
}

function ending(cell, result, failed) {
  const also = failed.length ? ` Cell ${failed.join(" and ")} above raised an error.` : "";
  if (result.why === "finished") return `Done in ${result.seconds.toFixed(2)} s.${also}`;
  if (result.why === "raised") return `An error: see below.${also}`;
  if (result.why !== "late") return ENDINGS[result.why] + (result.text ? ` (${result.text})` : "");
  const why = JUDGED.has(cell.role) // a check ends loops by itself, but no single call outside Python
    ? "the check did not come back; your function may be inside one single call that takes for ever, or far too long."
    : "does a loop never end?";
  return `Stopped after ${limitOf(cell)} s: ${why} Python starts afresh with the next run; your text is kept.`;
}

// The one Python of the page; null where not even its first file can be had.
async function python() {
  try {
    return new (await import("./session.js")).Session();
  } catch {
    return null;
  }
}

async function run(target) {
  if (running) return;
  running = target;
  for (const cell of cells) cell.busy(cell === target, true);
  target.say("Starting");
  const failed = [];
  let result, cell;
  session ??= await python();
  if (!session) return finish(target, target, { why: "unloaded" }, failed);
  const alone = await slotAlone(target);
  for (cell of alone ? [target] : [...before(target), target]) {
    result = await step(cell, target);
    if (!result.ok && result.why !== "raised") break;
    if (!result.ok && cell !== target) failed.push(cell.number);
  }
  if (!session.worker) forget();
  finish(target, cell ?? target, result, failed);
}

// Python was ended: nothing has run in the next one.
function forget() {
  pure = true;
  for (const cell of cells) cell.ran = null;
}

function finish(target, cell, result, failed) {
  running = null;
  for (const other of cells) other.busy(false, false);
  target.buttons.reset.hidden = false;
  const where = cell === target ? "" : `Cell ${cell.number} above: `;
  target.say(where + ending(cell, result, failed));
}

// Bring back what the reader typed.
function restore(words) {
  for (const cell of cells) cell.key = `${cell.number}-${hash(cell.committed)}`;
  const saved = store.match(cells.map((cell) => cell.key));
  for (const cell of cells) {
    const found = saved.get(cell.key);
    if (!found || found.text === cell.text) continue;
    cell.editor.set(found.text);
    cell.buttons.reset.hidden = false;
    if (found.changed) offer(cell, found);
    else cell.say(words);
  }
}

// The course's text changed since the reader edited it: theirs is shown, the new one is a press away.
function offer(cell, { key, text }) {
  const mine = () => {
    store.save(cell.key, text);
    store.remove(key);
    cell.say("Yours is kept; Reset shows the course's text.");
  };
  const fresh = () => cell.replace(cell.committed, "The course's new text.", "Back to mine");
  cell.say("The course has changed this cell since you edited it.", ["See the new text", fresh], ["Keep mine", mine]);
}

function explainKeys() {
  const keys = document.createElement("p");
  keys.id = "run-keys";
  keys.hidden = true;
  keys.textContent = "Shift and Enter run the cell. While you type, Tab indents; press Escape, then Tab, to leave.";
  document.body.append(keys);
}

explainKeys();
restore("Your text from an earlier visit.");
store.hear(() => restore("Your text from another tab."));
document.documentElement.dataset.pyodide = "ready";
