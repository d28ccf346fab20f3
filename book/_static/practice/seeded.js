// Chance that can be repeated: the same seed, the same order.

/** Numbers from 0 to 1 that follow from a whole number. (Mulberry32.) */
export function source(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A whole number that follows from a text. (FNV-1a.) */
export const numberOf = (text) =>
  [...text].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0), 16777619) >>> 0, 2166136261);

/** A copy of the values in an order that follows from the seed, a number or a text. */
export function mixed(values, seed) {
  const copy = [...values], next = source(typeof seed === "string" ? numberOf(seed) : seed);
  for (let i = copy.length - 1; i > 0; i -= 1) {
    const j = Math.floor(next() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}

/** A new seed, short enough to be read out. */
export const newSeed = () => 1 + Math.floor(Math.random() * 99999);
