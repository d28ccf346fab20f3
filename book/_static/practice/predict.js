// Predictions: a guess first. What the cell below shows stays covered until one is given, or the reader asks to see it.
import { Cover } from "./cover.js";
import { button, contents, focusOn, make, parts, unkeptNote, verdict } from "./dom.js";
import { choices, number } from "./guess.js";
import { asked, entry, guessed, seen, update, watch } from "./progress.js";

class Prediction {
  constructor(frame) {
    const template = frame.querySelector("template");
    this.id = template.dataset.item;
    this.root = template.content;
    this.kind = parts(this.root, "number").length ? number(this) : choices(this);
    this.status = make("div", { class: "play-status", role: "status" });
    this.turn = button("quiet", () => (this.done ? this.again() : this.show()), "");
    const prompt = make("p", { class: "play-prompt", id: `ask-${this.id}` }, ...contents(parts(this.root, "prompt")[0]));
    const play = { class: "play", role: "group", "aria-labelledby": prompt.id };
    this.form = make("div", play, prompt, ...this.kind.nodes, this.status, this.turn, unkeptNote());
    frame.querySelector(".admonition-title").after(this.form);
    frame.classList.add("live");
    this.cover = Cover.of(document.querySelector(`.answers-${this.id}`), this);
    this.lay(entry("item", this.id));
    watch("item", this.id, () => this.lay(entry("item", this.id)));
  }

  get done() { return this.known.state !== "open"; }
  get said() { return this.known.guess === undefined ? null : this.kind.words(this.known.guess); }

  /** Everything as it is known; what is said already is not said again. */
  lay(known) {
    this.known = known;
    this.kind.lay(known.guess, this.done);
    const told = this.done ? [this.told()] : [];
    if (this.status.textContent !== told.map((line) => line.textContent).join("")) this.status.replaceChildren(...told);
    this.turn.textContent = this.done ? "Guess again" : "Show it";
    this.cover.lay();
  }

  told() {
    const [truth, result] = ["truth", "result"].map((name) => contents(parts(this.root, name)[0]));
    if (!this.said) return verdict("", make("strong", {}, "It is: "), ...truth, ". ", ...result);
    const { right, head, joint } = this.kind.judge(this.known.guess);
    const it = right && !joint ? [] : ["; ", joint || "it is: ", ...truth];
    return verdict(right ? "yes" : "no", make("strong", {}, head), " ", ...this.said, ...it, ". ", ...result);
  }

  keep(change) {
    this.lay(update("item", this.id, change));
  }

  guess(guess) {
    if (!this.done) this.keep(guessed(guess, this.kind.judge(guess).right));
  }

  show() {
    this.keep(seen);
  }

  again() {
    this.keep(asked);
    focusOn(this.form);
  }
}

for (const frame of document.querySelectorAll(".item-prediction")) new Prediction(frame);
