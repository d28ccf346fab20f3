// Stands in for the engine of the live page in tests of the page: what it is asked is kept in `globalThis.fake`, and what that says goes wrong.
const fake = (globalThis.fake = { reads: [], words: [], kept: false, ...globalThis.fake });
const VOCAB = 400, FIRST = 3;
const trouble = (reason, message = `internal ${reason}`) => Object.assign(new Error(message), { reason });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const number = (word) => FIRST + (fake.words.includes(word) ? fake.words.indexOf(word) : fake.words.push(word) - 1);
const spell = (id) => fake.words[id - FIRST] ?? ` w${id}`;

export const stored = async () => fake.kept;
export const forget = async () => {
  fake.kept = false;
};

export async function openEngine({ url, bytes, sha256, signal, onprogress, onnotice }) {
  fake.asked = { url, bytes, sha256 };
  for (let part = 1; part <= 4; part++) {
    onprogress((bytes * part) / 4, bytes);
    do await pause(1);
    while (fake.holds && part === 2 && !signal.aborted);
    if (signal.aborted) throw trouble("aborted");
  }
  if (fake.fails) throw trouble(fake.fails);
  if (fake.notice) onnotice(fake.notice);
  fake.kept = true;
  return { kind: fake.kind ?? "wasm", sizes: { layers: 30, heads: 9, vocab: VOCAB, context: 512 }, tokenize, detokenize, read, close };
}

const close = () => {
  fake.closed = true;
};
const tokenize = async (text) => (text.match(/\s*\S+/g) ?? []).map((word) => ({ id: number(word), text: word, lost: word.includes("\u0004") ? [4] : [] }));
const detokenize = async (ids) => ids.map(spell).join("");

/** The next id is one more than the last, surely; a token costs 2 nats, and more for each change. */
async function read(ids, options, { signal, onstep } = {}) {
  fake.reads.push({ ids: [...ids], options });
  if (fake.dies) throw trouble("worker");
  for (let i = 1; i <= ids.length; i++) onstep?.(i, ids.length);
  await pause(fake.takes ?? 0);
  if (signal?.aborted) throw trouble("aborted");
  const n = ids.length, logits = new Float32Array(VOCAB);
  logits[fake.says ?? ids.at(-1) + 1] = 60;
  const changes = options.silent.length + (options.window !== null && !options.sinks) + options.hideFirst + (options.pairing !== "adjacent");
  const attention = options.attention ? Uint8Array.from({ length: 270 * n * n }, (_, i) => (i % n === Math.floor(i / n) % n ? 255 : 0)) : null;
  return { logits, loss: new Float32Array(n - 1).fill(2 + changes), attention, ranks: options.rankOf === null ? null : new Int32Array(31).fill(1) };
}
