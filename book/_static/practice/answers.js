// The texts that passed their checks: the pieces of the reader's own model. Kept with the progress, handed to Python where a cell asks.
import { all, answered, beaten, update } from "./progress.js";

/** Rows of exercise, slot, time and text, as Python takes them. */
export const kept = () => all("answer").map(([id, { slot, passed, source }]) => [id, slot, passed, source]);

/** Have what Python tells of passed answers and of counts kept. */
export function listen() {
  document.addEventListener("attnlab:answer", ({ detail: { text, about: [id, slot] } }) => update("answer", id, answered(text, slot)));
  document.addEventListener("attnlab:score", ({ detail: { text, about: [id] } }) => update("score", id, beaten(Number(text))));
}
