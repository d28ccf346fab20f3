// Learn: rounds of about seven, kinds mixed; what was missed comes back until it is right.
import { button, contents, focusOn, make, unkeptNote } from "./dom.js";
import { asChoice, askable, back, beside } from "./choices.js";
import { Item } from "./item.js";
import { kindOf } from "./kinds.js";
import { byNeed, Round, rounds } from "./rounds.js";
import { mixed, newSeed } from "./seeded.js";
import { frame } from "./shelf.js";
import { addressed, asked, drawn, field, hrefOf, logOf, parts, record, select, study } from "./study.js";

/** An item that is asked here alone: what its chapter knows of it stays as it is. */
class Asking extends Item {
  opening() { return { log: [], state: "open", tried: [] }; }
  follow() {}
  keep(change) { this.known = change(this.known); }
}

class Learn {
  constructor(box, all) {
    const given = asked();
    Object.assign(this, { box, all, seed: newSeed(), wish: { part: given.get("part") ?? all[0].part, chapter: given.get("chapter") ?? "", tag: given.get("tag") ?? "" } });
    this.filters = make("div", { class: "study-filters" });
    this.count = make("p", { class: "score", role: "status" });
    this.place = make("div", { class: "learn-task" });
    box.replaceChildren(this.filters, this.count, this.place, unkeptNote());
  }

  get held() { return this.all.find(({ part }) => part === this.wish.part)?.items ?? this.all[0].items; }

  async choose(change = {}) {
    Object.assign(this.wish, change);
    const { chapter, tag } = this.wish;
    const fits = this.held.filter((item) => (!chapter || item.chapter === chapter) && (!tag || item.tags.includes(tag)));
    this.cards = await drawn(this.held.filter(({ kind }) => kind === "card"));
    const ordered = byNeed(mixed(fits, this.seed), logOf);
    this.rounds = rounds(await drawn(ordered));
    addressed(this.wish);
    this.offer();
    this.begin(0);
  }

  offer() {
    const { held, wish } = this;
    const chapters = [...new Map(held.map((item) => [item.chapter, item.title]))];
    this.filters.replaceChildren(
      field("Part", select(this.all.map(({ part, label }) => [part, label]), wish.part, (part) => this.choose({ part, chapter: "", tag: "" }))),
      field("Chapter", select([["", "All chapters"], ...chapters], wish.chapter, (chapter) => this.choose({ chapter, tag: "" }))),
    );
  }

  begin(at) {
    this.at = at;
    this.round = this.rounds[at] && new Round(this.rounds[at]);
    this.show();
  }

  say() {
    const { round } = this, again = round.missed.size;
    this.count.textContent = `Round ${this.at + 1} of ${this.rounds.length}: ${round.done} of ${round.total} learned${again ? `, ${again} missed at first` : ""}.`;
  }

  show() {
    if (!this.round) return this.place.replaceChildren(make("p", {}, "Nothing in the bank fits this choice."));
    this.say();
    if (this.round.over) return this.end();
    const { item, left } = this.round.now;
    const memory = left[0] === "recall" || (left[0] === "choose" && !askable(item, this.cards));
    this.place.replaceChildren(this.from(item), ...(memory ? this.recall(item) : [this.question(item, left[0])]));
  }

  from(item) {
    return make("p", { class: "how" }, "From ", make("a", { href: hrefOf(item) }, item.title));
  }

  question(item, step) {
    const box = step === "choose" ? asChoice(item, beside(item, this.cards, this.seed), this.seed, frame) : frame(item);
    const question = new Asking(box, kindOf(box), () => question.done && this.answered(question, item, step));
    return box;
  }

  answered(question, item, step) {
    const right = question.firstTry;
    if (!right || step === "answer") record(item.id, right, "learn", Object.keys(question.known.mistakes ?? {}));
    this.onward(right);
  }

  /** A card from memory. */
  recall(item) {
    const details = frame(item).querySelector("details");
    const face = make("div", { class: "face", "aria-live": "polite" }, make("div", { class: "front" }, ...contents(details.firstElementChild)));
    const controls = make("div", { class: "controls" });
    const grade = (knew) => {
      record(item.id, knew, "learn");
      controls.replaceChildren();
      this.onward(knew, true);
    };
    controls.append(button("go", () => {
      face.append(make("div", { class: "back" }, ...back(details)));
      face.classList.add("flipped");
      controls.replaceChildren(button("go", () => grade(false), "Not yet"), button("go", () => grade(true), "Knew it"));
      focusOn(controls);
    }, "Show answer"));
    return [make("p", { class: "how" }, "And now from memory:"), make("div", { class: "deck", role: "group", "aria-label": "Flashcard" }, face, controls)];
  }

  onward(right, at = false) {
    this.round.answered(right);
    this.say();
    const go = () => {
      this.show();
      focusOn(this.place);
    };
    if (at) return go();
    const words = right ? "Next" : "Next (this one comes back)";
    this.place.append(make("div", { class: "controls" }, button("go", go, words)));
    this.place.lastChild.firstChild.focus({ preventScroll: true });
  }

  end() {
    const missed = this.rounds[this.at].filter((item) => this.round.missed.has(item.id));
    const titles = [...new Map(missed.map((item) => [item.title, hrefOf(item)]))].map(([title, href]) => make("li", {}, make("a", { href }, title)));
    const more = this.at + 1 < this.rounds.length;
    this.place.replaceChildren(
      make("p", {}, make("strong", {}, `Round ${this.at + 1} is done: ${this.round.firstTry} of ${this.round.total} without a miss.`)),
      ...(missed.length ? [make("p", {}, "Read again, where something was missed:"), make("ul", {}, ...titles)] : []),
      make("div", { class: "controls" }, more ? button("go", () => this.next(this.at + 1), "Next round") : button("go", () => this.choose().then(() => focusOn(this.place)), "Begin again, with what you missed first")),
    );
  }

  next(at) {
    this.begin(at);
    focusOn(this.place);
  }
}

study("learn", async (box) => new Learn(box, await parts()).choose());
