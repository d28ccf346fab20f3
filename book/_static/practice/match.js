// Press one on the left, then what belongs to it on the right.
import { contents, make, parts, shuffled, spoken, words } from "./dom.js";
import { Hand, chip } from "./hand.js";

export function match(item, root) {
  const board = new Board(item, parts(root, "pair"));
  return {
    nodes: [
      make("p", { class: "how" }, "Press one on the left, then what belongs to it on the right."),
      make("div", { class: "sides" }, board.left, board.right),
      board.pairs,
      item.reveal(),
    ],
    finish: () => board.finish(),
  };
}

const side = (pair, name) => parts(pair, name)[0];

class Board {
  hand = new Hand();

  constructor(item, all) {
    this.item = item;
    this.left = make("div", { class: "side", role: "group", "aria-label": "Left side" });
    this.right = make("div", { class: "side", role: "group", "aria-label": "Right side" });
    this.pairs = make("ul", { class: "pairs", "aria-label": "Pairs found" });
    this.left.append(...all.map((pair) => this.chip(pair, "left")));
    this.right.append(...shuffled(all).map((pair) => this.chip(pair, "right")));
  }

  chip(pair, name) {
    const control = chip(side(pair, name), () => this.press(control));
    control.pair = pair;
    return control;
  }

  press(control) {
    if (this.item.done) return;
    const { held } = this.hand;
    if (!held || held.parentElement === control.parentElement) return this.hand.hold(control);
    const [left, right] = held.parentElement === this.left ? [held, control] : [control, held];
    if (left.pair === right.pair) this.join(left, right);
    else this.refuse(left.pair, right.pair);
  }

  /** The reason is that of the one on the left, where the bank has one. */
  refuse(left, right) {
    const answer = `${spoken(side(left, "left"))} ↔ ${spoken(side(right, "right"))}`;
    this.item.miss(answer, "These two do not belong together. ", ...words(left, "reason"));
  }

  join(left, right) {
    const near = left.nextElementSibling || left.previousElementSibling;
    this.pairs.append(found(left.pair));
    left.remove();
    right.remove();
    this.hand.held = null;
    if (!near) return this.item.finish();
    this.item.say("part", `${this.left.children.length} to go.`);
    near.focus();
  }

  finish() {
    this.pairs.append(...[...this.left.children].map((control) => found(control.pair)));
    this.left.replaceChildren();
    this.right.replaceChildren();
  }
}

const found = (pair) =>
  make(
    "li",
    {},
    ...contents(side(pair, "left")),
    make("span", { class: "joint", role: "img", "aria-label": "goes with" }, "↔"),
    ...contents(side(pair, "right")),
  );
