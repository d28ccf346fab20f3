// Press a card, then the heading it belongs under.
import { contents, labelOf, labelled, make, parts, shuffled, spoken, verdict, words } from "./dom.js";
import { Hand, chip } from "./hand.js";

export function sort(item, root) {
  const desk = new Desk(item, parts(root, "bucket"));
  return {
    nodes: [
      make("p", { class: "how" }, "Press a card, then the heading it belongs under."),
      desk.pool,
      make("div", { class: "buckets" }, ...[...desk.lists].map(([bucket, list]) => desk.bucket(bucket, list))),
      item.reveal(),
    ],
    finish: () => desk.finish(),
  };
}

class Desk {
  hand = new Hand();

  constructor(item, buckets) {
    this.item = item;
    this.lists = new Map(buckets.map((bucket) => [bucket, make("ul", {})]));
    this.pool = make("div", { class: "pool", role: "group", "aria-label": "Cards to sort" });
    this.cards = buckets.flatMap((bucket) => parts(bucket, "card").map((card) => this.card(bucket, card)));
    this.pool.append(...shuffled(this.cards));
  }

  card(bucket, part) {
    const control = chip(labelOf(part), () => this.item.done || this.hand.hold(control));
    return Object.assign(control, { bucket, source: part });
  }

  bucket(bucket, list) {
    const heading = labelled("bucket-name", () => this.press(bucket), parts(bucket, "name")[0]);
    return make("div", { class: "bucket" }, heading, list);
  }

  press(bucket) {
    const { held } = this.hand;
    if (this.item.done) return;
    if (!held) return this.item.status.replaceChildren(verdict("", "Press a card first, then where it goes."));
    if (held.bucket === bucket) return this.lay(held);
    const answer = `${spoken(labelOf(held.source))} → ${spoken(parts(bucket, "name")[0])}`;
    this.item.miss(answer, "That card belongs elsewhere. ", ...words(held.source, "reason"));
  }

  lay(card) {
    const near = card.nextElementSibling || card.previousElementSibling;
    this.hand.hold(card);
    this.put(card);
    if (!near) return this.item.finish();
    this.item.say("part", `${this.pool.children.length} to go.`);
    near.focus();
  }

  put(card) {
    this.lists.get(card.bucket).append(make("li", {}, ...contents(labelOf(card.source))));
    card.remove();
  }

  finish() {
    for (const card of this.cards) if (this.pool.contains(card)) this.put(card);
  }
}
