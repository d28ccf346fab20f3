// Flashcards: the cards that were chosen, one at a time; flip, grade, star, shuffle, front and back exchanged.
import { button, contents, copied, focusOn, make, unkeptNote } from "./dom.js";
import { recalled, update } from "./progress.js";
import { mixed, newSeed } from "./seeded.js";
import { frame } from "./shelf.js";
import { addressed, asked, drawn, field, hrefOf, parts, select, star, starred, study, tick } from "./study.js";

const KEYS = "Keys: space flips, ← and → go back and on, 1 is not yet, 2 is knew it, s stars.";

/** The two faces of a card. */
export function faces(item) {
  const [head, ...body] = frame(item).querySelector("details").children;
  return { front: () => make("div", {}, ...contents(head)), back: () => make("div", {}, ...body.map(copied)) };
}

/** Those that fit what was chosen. */
export const chosen = (cards, { chapter, tag, starred: only }, isStarred) =>
  cards.filter((card) => (!chapter || card.chapter === chapter) && (!tag || card.tags.includes(tag)) && (!only || isStarred(card.id)));

class Flashcards {
  constructor(box, all) {
    const given = asked();
    Object.assign(this, { box, all, cards: [], at: 0, known: new Set() });
    this.wish = { part: given.get("part") ?? (given.has("tag") || given.has("starred") ? "" : all[0].part), chapter: given.get("chapter") ?? "",
      tag: given.get("tag") ?? "", starred: given.has("starred"), back: given.has("back"), seed: 0 };
    this.filters = make("div", { class: "study-filters" });
    this.face = make("div", { class: "face", "aria-live": "polite" });
    this.controls = make("div", { class: "controls" });
    this.foot = make("p", { class: "score", role: "status" });
    const deck = make("div", { class: "deck", role: "group", "aria-label": "Flashcards", onkeydown: (event) => this.key(event) }, this.face, this.controls);
    box.replaceChildren(this.filters, deck, make("div", { class: "foot" }, this.foot), make("p", { class: "how" }, KEYS), unkeptNote());
  }

  get held() { return this.all.filter(({ part }) => !this.wish.part || part === this.wish.part).flatMap(({ items }) => items.filter(({ kind }) => kind === "card")); }

  async choose(change = {}) {
    Object.assign(this.wish, change);
    const fits = chosen(this.held, this.wish, starred);
    const order = this.wish.seed ? mixed(fits, this.wish.seed) : fits;
    this.cards = await drawn(order);
    this.at = 0;
    this.known.clear();
    const { part, chapter, tag, starred: only, back } = this.wish;
    addressed({ part, chapter, tag, starred: only, back });
    this.offer();
    this.show();
  }

  offer() {
    const { held, wish } = this, focused = this.filters.contains(document.activeElement) ? [...this.filters.querySelectorAll("select, input, button")].indexOf(document.activeElement) : -1;
    const count = (fits) => held.filter(fits).length;
    const chapters = [...new Map(held.map((card) => [card.chapter, card.title]))].map(([name, title]) => [name, `${title} (${count((card) => card.chapter === name)})`]);
    const tags = [...new Set(held.flatMap((card) => card.tags))].sort((a, b) => a.localeCompare(b, "en")).map((name) => [name, `${name} (${count((card) => card.tags.includes(name))})`]);
    const change = (fields) => this.choose(fields);
    this.filters.replaceChildren(
      field("Part", select([["", "All parts"], ...this.all.map(({ part, label }) => [part, label])], wish.part, (part) => change({ part, chapter: "", tag: "" }))),
      field("Chapter", select([["", "All chapters"], ...chapters], wish.chapter, (chapter) => change({ chapter }))),
      field("Tag", select([["", "All tags"], ...tags], wish.tag, (tag) => change({ tag }))),
      tick("starred only", wish.starred, (only) => change({ starred: only })),
      tick("answer first", wish.back, (back) => change({ back })),
      button("quiet", () => change({ seed: newSeed() }), "Shuffle"),
    );
    this.filters.querySelectorAll("select, input, button")[focused]?.focus();
  }

  get card() { return this.cards[this.at]; }

  show() {
    const { card } = this, face = card && faces(card);
    this.flipped = false;
    this.face.classList.remove("flipped");
    if (!card) {
      const none = this.cards.length ? `All ${this.cards.length} seen, ${this.known.size} known.` : this.wish.starred ? "No card here has a star yet. Take away “starred only”, and star what you want to see again." : "No card fits this choice.";
      this.face.replaceChildren(make("div", { class: "front" }, none));
      this.controls.replaceChildren(...(this.cards.length ? [button("go", () => this.go(-this.at), "Start again")] : []));
    } else {
      this.face.replaceChildren(make("div", { class: "front" }, this.wish.back ? face.back() : face.front()));
      this.controls.replaceChildren(this.turn(-1, "← Back"), button("go", () => this.flip(), this.wish.back ? "Show question" : "Show answer"), this.turn(1, "Skip →"), this.starButton());
    }
    this.tally();
  }

  tally() {
    const total = this.cards.length, { card } = this;
    this.foot.replaceChildren(total ? `Card ${Math.min(this.at + 1, total)} of ${total}; ${this.known.size} known in this pass. ` : "", ...(card ? ["From ", make("a", { href: hrefOf(card) }, card.title)] : []));
  }

  turn(step, words) {
    const control = button("quiet", () => this.go(step), words);
    if (step < 0 && this.at === 0) control.setAttribute("aria-disabled", "true");
    return control;
  }

  go(step) {
    this.at = Math.max(0, Math.min(this.cards.length, this.at + step));
    this.show();
    (this.controls.querySelector(".go") ?? this.controls.querySelector("button"))?.focus();
  }

  starButton() {
    const on = starred(this.card.id);
    const control = button("quiet star", () => this.star(), make("span", { "aria-hidden": "true" }, on ? "★ " : "☆ "), "Star");
    control.setAttribute("aria-pressed", String(on));
    return control;
  }

  star() {
    star(this.card.id, !starred(this.card.id));
    const made = this.starButton();
    this.controls.querySelector(".star")?.replaceWith(made);
    made.focus();
  }

  flip() {
    const face = faces(this.card);
    this.flipped = true;
    this.face.append(make("div", { class: "back" }, this.wish.back ? face.front() : face.back()));
    this.face.classList.add("flipped");
    this.controls.replaceChildren(button("go", () => this.grade(false), "Not yet"), button("go", () => this.grade(true), "Knew it"), this.starButton());
    focusOn(this.controls);
  }

  grade(knew) {
    update("item", this.card.id, recalled(knew));
    if (knew) this.known.add(this.card.id);
    this.go(1);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.card) return;
    const acts = { ArrowRight: () => this.go(1), ArrowLeft: () => this.go(-1), s: () => this.star(),
      ...(this.flipped && { 1: () => this.grade(false), 2: () => this.grade(true) }) };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }
}

study("flashcards", async (box) => {
  const made = new Flashcards(box, await parts());
  await made.choose();
});
