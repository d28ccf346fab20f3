// A card as a question with four answers: its own, and those of three other cards.
import { contents, copied, make } from "./dom.js";
import { mixed } from "./seeded.js";

export const OTHERS = 3;

/** Cards whose answers stand beside the right one: of the same part, about something else, no two of one prompt. */
export function beside(card, cards, seed) {
  const apart = (other) => other.id !== card.id && other.kind === "card" && !other.tags.some((tag) => card.tags.includes(tag));
  const near = (other) => other.chapter === card.chapter;
  const order = mixed(cards.filter(apart), `${seed} ${card.id}`);
  return [...order.filter(near), ...order.filter((other) => !near(other))].slice(0, OTHERS);
}

/** Whether a card has enough others beside it to be a question; every other kind is one by itself. */
export const askable = (item, cards) => item.kind !== "card" || beside(item, cards, 0).length > 1;

const option = (answer, right, feedback) =>
  make("div", { "data-part": "option", "data-right": right ? "yes" : "no" },
    make("span", { "data-part": "label" }, ...answer), ...(feedback ? [make("span", { "data-part": "feedback" }, ...feedback)] : []));

/** The words of a card's answer, without the paragraph around them. */
export const answerOf = (details) => [...details.children].slice(1).flatMap((part) => contents(part.querySelector("p") ?? part));

/** A frame with the template of such a question; `framed` gives the frame of a card. */
export function asChoice(card, others, seed, framed) {
  const own = framed(card).querySelector("details");
  const told = others.map((other) => {
    const details = framed(other).querySelector("details");
    return option(answerOf(details), false, ["This answers another card: ", ...contents(details.firstElementChild)]);
  });
  const template = make("template", { "data-item": card.id, "data-kind": "choice" });
  template.content.append(
    make("p", { "data-part": "prompt" }, ...contents(own.firstElementChild)),
    ...mixed([option(answerOf(own), true), ...told], `${seed} ${card.id} order`),
  );
  return make("div", { class: "item item-choice" }, template);
}

/** The same frame as a card's, for who asks it from memory. */
export const back = (details) => [...details.children].slice(1).map(copied);
