// Reading a text: token after token goes through the decoder, and what a page may ask of it is kept: the loss of each token, and
// where each head looked. A text that goes on from what was read with the same options is read from there.
import { Decoder, Turning } from "./model.js";
import { Trouble } from "./trouble.js";

export const OPTIONS = { silent: [], hideFirst: false, window: null, sinks: 0, base: 100000, pairing: "adjacent" };
const PAIRINGS = ["adjacent", "halves", "none"];

// The places that the token at `place` may look at: itself and what came before, less the first token where that is hidden, and no
// more than the last `window` of them and the first `sinks`.
export function visible(place, { hideFirst, window, sinks }) {
  const from = window === null ? 0 : Math.max(0, place - window + 1), first = hideFirst && place > 0 ? 1 : 0;
  const found = [];
  for (let other = first; other <= place; other++) if (other < sinks || other >= from) found.push(other);
  return found;
}

// -log of the probability that the logits give to `id`.
export function loss(logits, id) {
  let largest = -Infinity, sum = 0;
  for (let i = 0; i < logits.length; i++) if (logits[i] > largest) largest = logits[i];
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - largest);
  return Math.log(sum) + largest - logits[id];
}

// 1 for the largest logit, one more for each that is larger.
export function rank(logits, id) {
  let larger = 0;
  for (const logit of logits) if (logit > logits[id]) larger += 1;
  return larger + 1;
}

export class Reading {
  #ids = []; // what the decoder has read, with the options of `#key`
  #key = "";
  #losses = []; // of each token but the first
  #looks = []; // for each token: layers x heads x places up to it, weights * 255 rounded

  constructor(file, header, products, context) {
    this.decoder = new Decoder(file, header, products, context);
    const { layers, heads, logits } = this.decoder;
    this.sizes = { layers, heads, vocab: logits.length, context };
  }

  // Read `ids`; yields how many are read after each token, so that somebody can stop or wait in between: what is read until then stays.
  // `watch(layer, head, place, weights, visible)` is told of each token that is read now. Throws a Trouble for what cannot be read.
  *read(ids, options = {}, watch = () => {}) {
    const given = this.checked(ids, { ...OPTIONS, ...options });
    this.keep(ids, JSON.stringify(Object.keys(OPTIONS).map((name) => given[name])));
    const turn = new Turning(given.base, given.pairing, this.decoder.wide), silent = this.numbered(given.silent);
    for (let place = this.#ids.length; place < ids.length; place++) {
      this.token(ids[place], { turn, silent, visible: visible(place, given) }, watch);
      yield place + 1;
    }
  }

  // What was read last: { logits, loss, attention, ranks }; see engine.js.
  result({ attention = true, rankOf = null } = {}) {
    return {
      logits: this.decoder.logits.slice(),
      loss: Float32Array.from(this.#losses),
      attention: attention ? this.looks() : null,
      ranks: rankOf === null ? null : this.ranks(rankOf),
    };
  }

  token(id, how, watch) {
    const { decoder } = this, place = this.#ids.length, size = this.sizes.layers * this.sizes.heads, row = new Uint8Array(size * (place + 1));
    if (this.#losses.length < place) this.#losses.push(loss(decoder.logits, id));
    decoder.step(id, how, (layer, head, weights) => {
      const start = (layer * this.sizes.heads + head) * (place + 1);
      how.visible.forEach((other, i) => { row[start + other] = Math.round(255 * weights[i]); });
      watch(layer, head, place, weights.subarray(0, how.visible.length), how.visible);
    });
    this.#looks.push(row);
    this.#ids.push(id);
  }

  // Forget what `ids` does not go on from. The logits behind a token in the middle are gone, so it is read once more; its loss is known.
  keep(ids, key) {
    let same = 0;
    while (key === this.#key && same < ids.length && ids[same] === this.#ids[same]) same += 1;
    const kept = same === this.#ids.length ? same : Math.max(0, same - 1);
    this.#key = key;
    this.#ids.length = this.#looks.length = this.decoder.length = kept;
    this.#losses.length = Math.max(0, same - 1);
  }

  numbered(silent) {
    return new Set(silent.map(([layer, head]) => layer * this.sizes.heads + head));
  }

  checked(ids, options) {
    const { layers, heads, vocab, context } = this.sizes, { silent, window, sinks, base, pairing, rankOf = null } = options;
    const whole = (value, least, below) => Number.isInteger(value) && value >= least && value < below;
    const need = (fits, text) => { if (!fits) throw new Trouble("refused", text); };
    need(ids.length, "There is no token to read.");
    need(ids.length <= context, `The text has ${ids.length} tokens, and ${context} are the most that can be read here.`);
    need([...ids, rankOf ?? 0].every((id) => whole(id, 0, vocab)), `A token's number lies between 0 and ${vocab - 1}.`);
    need(silent.every(([layer, head]) => whole(layer, 0, layers) && whole(head, 0, heads)), `There are ${layers} layers of ${heads} heads.`);
    need(window === null || whole(window, 1, Infinity), "A window holds at least one token.");
    need(whole(sinks, 0, Infinity), "The number of sinks is a whole number.");
    need(base > 0 && Number.isFinite(base), "The base is a number above 0.");
    need(PAIRINGS.includes(pairing), `The pairing is one of ${PAIRINGS.join(", ")}.`);
    return { ...options, silent: [...this.numbered(silent)].sort((one, other) => one - other).map((n) => [Math.floor(n / heads), n % heads]) };
  }

  // layers x heads x queries x keys, 0 where nothing may be looked at.
  looks() {
    const { layers, heads } = this.sizes, n = this.#ids.length, all = new Uint8Array(layers * heads * n * n);
    this.#looks.forEach((row, place) => {
      for (let head = 0; head < layers * heads; head++) {
        all.set(row.subarray(head * (place + 1), (head + 1) * (place + 1)), (head * n + place) * n);
      }
    });
    return all;
  }

  // Of one token, by what the last norm and the table make of the stream before each layer and behind the last.
  ranks(id) {
    const logits = new Float32Array(this.sizes.vocab), { decoder } = this;
    return Int32Array.from(decoder.streams, (stream) => {
      decoder.unembed(stream, logits);
      return rank(logits, id);
    });
  }
}
