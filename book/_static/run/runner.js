// Run, edit and check the page's code cells in the browser. Nothing is fetched before the reader asks for a run.
import { Cell } from "./cell.js";
import { Store, hash } from "./store.js";

const script = document.querySelector("script[data-run-page]");
const store = new Store(script.dataset.runPage);
let steps = null, warned = false;

// What runs the cells: loaded when it is first wanted; tried again where it did not come.
function running() {
  steps ??= import("./steps.js").then(({ Steps }) => new Steps(cells));
  return steps.catch((error) => {
    steps = null;
    throw error;
  });
}

const page = {
  run: (cell) => running().then((all) => all.run(cell), () => cell.say("Python could not be loaded. Is there a connection? Run tries again.")),
  stop: () => running().then((all) => all.session.stop()),
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

// Whoever has run something before may have Python ready sooner.
const kept = await globalThis.caches?.has(`attnlab-python ${new URL("../../", import.meta.url).pathname}`).catch(() => false);
if (kept) import("./ahead.js").then(({ ahead }) => ahead(cells, running)).catch(() => {});
