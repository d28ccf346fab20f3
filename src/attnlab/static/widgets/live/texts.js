// A reading: the tokens of a text, what every head looked at, and what comes next. Some are kept beside this file, for the page
// before the real model has been loaded; those of the real model have the same form.

import { format } from "../common.js";

export const LAYERS = 30,
  HEADS = 9;

/** A share as text, with one more digit below a hundredth. */
export const percent = (share, digits = share > 0 && share < 0.01 ? 1 : 0) => `${format(100 * share, digits)} %`;

/** The bytes of a text in base64. */
export function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** weights(layer, head, query) -> a number from 0 to 1 for each key, from rows that end at their query. */
export function triangular(all, n) {
  const size = (n * (n + 1)) / 2;
  return (layer, head, query) => {
    const start = (layer * HEADS + head) * size + (query * (query + 1)) / 2;
    return Array.from({ length: n }, (_, key) => (key > query ? 0 : all[start + key] / 255));
  };
}

/** The same from whole rows, as the engine gives them. */
export function square(all, n) {
  return (layer, head, query) => {
    const start = ((layer * HEADS + head) * n + query) * n;
    return Array.from({ length: n }, (_, key) => all[start + key] / 255);
  };
}

/** A kept text as a reading; what is not named of the next token comes in bins of equal logits. */
export function unpack(kept) {
  const { text, tokens, right, ranks, losses } = kept;
  const next = {
    texts: kept.next.map(([word]) => word),
    logits: [...kept.next.map(([, logit]) => logit), ...kept.rest.map(([logit]) => logit)],
    counts: [...kept.next.map(() => 1), ...kept.rest.map(([, count]) => count)],
  };
  return { text, tokens, right, ranks, losses, next, weights: triangular(bytes(kept.weights), tokens.length) };
}

const loaded = new Map();

/** The kept reading of that name: from the model's own state where that has it, else fetched once. */
export function keptReading(model, name) {
  const own = model.get("kept")?.[name];
  if (own) return Promise.resolve(unpack(own));
  if (!loaded.has(name)) {
    const address = new URL(`./${name}.json`, import.meta.url);
    const found = fetch(address).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`${address}: ${answer.status}`))));
    loaded.set(name, found.then(unpack));
    found.catch(() => loaded.delete(name));
  }
  return loaded.get(name);
}

const ENDS_OF_TEXT = ["<|im_end|>", "<|endoftext|>"];

/** What a token is called in a sentence. */
export function called(token) {
  if (token.includes("\n")) return "the end of a line";
  if (token.includes("\uFFFD")) return "a part of a character";
  if (ENDS_OF_TEXT.includes(token)) return "the end of the text";
  return token.trim() === "" ? "a space" : `“${token.trim()}”`;
}

/** Mean weight over the queries from the second on, by the key that `of(query)` names. */
export function meanOn(reading, layer, head, of) {
  const n = reading.tokens.length;
  let sum = 0;
  for (let query = 1; query < n; query++) sum += reading.weights(layer, head, query)[of(query)];
  return n > 1 ? sum / (n - 1) : 0;
}

/** The share of its weight that the last token gives to the word that comes next. */
export function onRight(reading, layer, head) {
  const { tokens, right } = reading;
  const row = reading.weights(layer, head, tokens.length - 1);
  return row.reduce((sum, weight, key) => sum + (right !== null && tokens[key] === right ? weight : 0), 0);
}

/** The keys with the largest weights, those below `least` left out: [[key, weight], ...]. */
export function favourites(row, count, least = 0.03) {
  const ranked = Array.from(row, (weight, key) => [key, weight]).sort((a, b) => b[1] - a[1]);
  return ranked.slice(0, count).filter(([, weight]) => weight >= least);
}
