// How good the reader's guesses are, over the predictions of all pages: the first guess of each counts.
import { make } from "./dom.js";
import { entry, watch } from "./progress.js";
import { summary } from "./summary.js";

const GOOD = 3;
class Panel {
  constructor(box) {
    this.rows = [...box.querySelectorAll("li[data-item]")];
    this.said = make("div", { class: "calibration-said", role: "status" });
    this.notes = new Map(this.rows.map((row) => [row, row.appendChild(make("span", { class: "calibration-note" }))]));
    box.prepend(this.said);
    for (const row of this.rows) watch("item", row.dataset.item, () => this.tell());
    this.tell();
  }

  /** The first guess at the prediction of a row, or null. */
  made({ dataset: { item, number } }) {
    const { guesses = [], log } = entry("item", item);
    return guesses.length ? { guess: guesses[0][1], right: log[0]?.[1] === GOOD, truth: Number(number) } : null;
  }

  tell() {
    const made = this.rows.map((row) => this.made(row));
    this.said.replaceChildren(...summary(made.filter(Boolean), made.length).map((words) => make("p", {}, words)));
    this.rows.forEach((row, i) => (this.notes.get(row).textContent = made[i] ? ` ${made[i].right ? "✓" : "✗"} You said: ${made[i].guess}` : ""));
  }
}

for (const box of document.querySelectorAll(".calibration")) new Panel(box);
