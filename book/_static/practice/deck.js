// Cards: one at a time, flip, say whether you knew it.
import { button, contents, copied, focusOn, make, unkeptNote } from "./dom.js";
import { begun, entry, recalled, update, watch } from "./progress.js";

const DONE = "Every card known. Come back in a few days: what is recalled after a pause stays.";
const isKnown = (card) => entry("item", card.id).state === "known";

/** A card's two faces, from the box that shows it where there is no script. */
function read(frame) {
  const [head, ...body] = frame.querySelector("details").children;
  return { id: frame.dataset.item, front: () => contents(head), back: () => body.map(copied) };
}

export class Deck {
  constructor(box) {
    this.cards = [...box.querySelectorAll(".item-card")].map(read);
    this.face = make("div", { class: "face", "aria-live": "polite" });
    this.controls = make("div", { class: "controls" });
    this.count = make("p", { class: "score", role: "status" });
    this.begin();
    box.classList.add("live");
    box.querySelector(".item-card").before(...this.nodes(box));
    for (const card of this.cards) watch("item", card.id, () => this.follow());
  }

  nodes(box) {
    const deck = { class: "deck", role: "group", "aria-label": "Flashcards" };
    const foot = make("div", { class: "foot" }, this.count, listButton(box));
    return [make("div", deck, this.face, this.controls), foot, unkeptNote()];
  }

  begin() {
    this.queue = this.cards.filter((card) => !isKnown(card));
    this.show();
  }

  tally() {
    this.count.textContent = `${this.cards.filter(isKnown).length} of ${this.cards.length} known.`;
  }

  show() {
    const [card] = this.queue;
    this.tally();
    this.face.classList.remove("flipped");
    this.face.replaceChildren(make("div", { class: "front" }, ...(card ? card.front() : [DONE])));
    const next = card ? button("go", () => this.flip(card), "Show answer") : button("go", () => this.again(), "Start again");
    this.controls.replaceChildren(next);
  }

  flip(card) {
    this.face.append(make("div", { class: "back" }, ...card.back()));
    this.face.classList.add("flipped");
    this.controls.replaceChildren(
      button("go", () => this.grade(card, false), "Not yet"),
      button("go", () => this.grade(card, true), "Knew it"),
    );
    focusOn(this.controls);
  }

  grade(card, knew) {
    update("item", card.id, recalled(knew));
    this.queue.shift();
    if (!knew) this.queue.push(card);
    this.show();
    focusOn(this.controls);
  }

  again() {
    for (const card of this.cards) update("item", card.id, begun);
    this.begin();
    focusOn(this.controls);
  }

  /** Cards graded in another tab go, or come back; the one in hand stays unless it is known by now. */
  follow() {
    const [inHand] = this.queue;
    const open = this.cards.filter((card) => !isKnown(card));
    const waiting = this.queue.filter((card) => open.includes(card));
    this.queue = [...waiting, ...open.filter((card) => !waiting.includes(card))];
    if (this.queue[0] === inHand) this.tally();
    else this.show();
  }
}

function listButton(box) {
  const act = () => {
    const open = box.classList.toggle("as-list");
    list.setAttribute("aria-expanded", String(open));
    list.textContent = open ? "One at a time" : "Show all as a list";
  };
  const list = button("quiet", act, "Show all as a list");
  list.setAttribute("aria-expanded", "false");
  return list;
}
