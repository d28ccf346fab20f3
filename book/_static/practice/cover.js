// What lies over the output of a cell until every prediction that it answers was made.
import { button, make } from "./dom.js";

const covers = new Map();

export class Cover {
  predictions = [];

  /** The one cover of a cell. */
  static of(cell, prediction) {
    if (!covers.has(cell)) covers.set(cell, new Cover(cell));
    covers.get(cell).predictions.push(prediction);
    return covers.get(cell);
  }

  constructor(cell) {
    this.output = cell.querySelector(".cell_output:not(.run-output)");
    this.sheet = make("div", { class: "cover" }, make("span", {}, "Covered until you guess."), button("quiet", () => this.lift(), "Show it"));
    this.line = make("p", { class: "guess-line", hidden: true });
    this.output.prepend(this.line);
    // Who runs the cell has its output in place of this one, and sees it.
    new MutationObserver(() => this.output.hidden && this.show()).observe(this.output, { attributeFilter: ["hidden"] });
  }

  get open() { return this.predictions.filter((prediction) => !prediction.done); }

  lay() {
    const said = this.predictions.flatMap((prediction) => (prediction.said ? [prediction.said, [". "]] : []));
    const covered = this.open.length > 0;
    this.output.classList.toggle("covered", covered);
    if (covered) this.output.append(this.sheet);
    else this.sheet.remove();
    this.line.replaceChildren(...said.flat());
    this.line.hidden = covered || !said.length;
  }

  show() {
    for (const prediction of this.open) prediction.show();
  }

  /** The button goes with the cover; focus stays at what it hid. */
  lift() {
    this.show();
    this.output.tabIndex = -1;
    this.output.focus({ preventScroll: true });
  }
}
