// From logits to the next token, as in attnlab.generation: filters that make logits of logits, -Infinity where a token falls out,
// then softmax and a draw. Nothing is changed in place, and every draw comes from a generator that was given a seed.

// logits / t: below 1 the likely tokens gain, above 1 the unlikely ones.
export function temperature(logits, t) {
  need(t > 0 && t < Infinity, `t must be above 0 and finite but is ${t}`);
  return logits.map((logit) => logit / t);
}

// The k largest logits, and what equals the k-th.
export function topK(logits, k) {
  need(Number.isInteger(k) && k >= 1, `k must be a whole number of at least 1 but is ${k}`);
  const least = logits.slice().sort((one, other) => other - one)[Math.min(k, logits.length) - 1];
  return logits.map((logit) => (logit < least ? -Infinity : logit));
}

// The smallest set of likeliest tokens whose probabilities add up to p or more; of equal ones those with lower ids.
export function topP(logits, p) {
  need(p > 0 && p <= 1, `p must be above 0 and at most 1 but is ${p}`);
  const chances = softmax(logits), order = byChance(logits), found = logits.map(() => -Infinity);
  let rest = 0, last = order.length - 1; // the sum over a token and all that are less likely
  for (; last > 0; last--) {
    rest += chances[order[last]];
    if (rest > 1 - p) break;
  }
  for (const id of order.slice(0, last + 1)) found[id] = logits[id];
  return found;
}

// The ids, the likeliest first, of equal ones the lower first: equal ones stay in their order.
export function byChance(logits) {
  return Uint32Array.from(logits, (_, id) => id).sort((one, other) => logits[other] - logits[one]);
}

// exp(logit) / sum, the largest subtracted first.
export function softmax(logits) {
  const largest = logits.reduce((one, other) => Math.max(one, other)), parts = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = parts.reduce((all, part) => all + part, 0);
  return parts.map((part) => part / sum);
}

// The likeliest token.
export const greedy = (logits) => logits.reduce((best, logit, id) => (logit > logits[best] ? id : best), 0);

// One token with these probabilities; `random` gives a number from 0 up to 1.
export function draw(chances, random) {
  let left = random() * chances.reduce((sum, chance) => sum + chance, 0), last = 0;
  for (let id = 0; id < chances.length; id++) {
    if (!chances[id]) continue;
    last = id;
    left -= chances[id];
    if (left < 0) break;
  }
  return last;
}

// A generator of numbers from 0 up to 1, the same for the same seed: a counter whose bits are mixed (the finaliser of SplitMix, 32 bits).
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

function need(fits, text) {
  if (!fits) throw new RangeError(text);
}
