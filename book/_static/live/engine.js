// A language model for a page: what it reads, says and looks at, worked out in a worker (worker.js). Nothing else of this folder
// need be imported by a page, but for sampling.js.
//
// Every promise is rejected with an Error whose message is one sentence and whose `reason` is one of "aborted", "offline", "cut",
// "hash", "memory", "no-wasm", "missing", "worker", or "refused" for a question that cannot be answered (trouble.js).
import { forget, stored as isStored } from "./download.js";
import { told, Trouble, untold } from "./trouble.js";

export { forget };

const absolute = (url) => new URL(url, globalThis.document?.baseURI ?? import.meta.url).href;

// Whether the whole file is in this browser's cache.
export const stored = (url) => isStored(absolute(url));

// Bring the model and have it ready. `bytes` and `sha256` are those of the file at `url`. `onprogress(got, total)` hears of bytes,
// `onnotice(text)` of what is no error. kind: "wasm", "plain", or "auto", the faster one that works here.
export async function openEngine({ url, bytes, sha256, kind = "auto", signal, onprogress, onnotice }) {
  const line = new Line();
  try {
    const hear = { progress: onprogress, notice: onnotice };
    const opened = await line.ask("open", { url: absolute(url), bytes, sha256, kind }, { signal, hear });
    if (signal?.aborted) throw untold(told(new Trouble("aborted")));
    return new Engine(line, opened);
  } catch (error) {
    line.end();
    throw error;
  }
}

class Engine {
  #line;

  constructor(line, { kind, sizes }) {
    this.#line = line;
    Object.assign(this, { kind, sizes });
  }

  // The tokens of a text: [{ id, text, lost }]. `text` is what the token decodes to alone, bytes that are no whole characters as hex;
  // `lost` are the bytes of the text in front of it that no token spells (behind the last one too).
  tokenize(text) { return this.#line.ask("tokenize", { text }); }

  detokenize(ids) { return this.#line.ask("detokenize", { ids: [...ids] }); }

  // Read a text. Gives { logits: Float32Array(vocab) of what follows the last token, loss: Float32Array(n - 1) of each token but the
  // first, attention: Uint8Array(layers * heads * n * n), weights * 255 rounded, ranks: Int32Array(layers + 1) }.
  // options: { silent: [[layer, head]], hideFirst, window: null or n, sinks, base, pairing: "adjacent", "halves" or "none",
  // attention: false for none, rankOf: an id whose rank (1 is the likeliest) is wanted, by the last norm and the table applied to the
  // stream before each layer and behind the last }. `onstep(done, all)` hears of tokens.
  read(ids, options = {}, { signal, onstep } = {}) {
    return this.#line.ask("read", { ids: [...ids], options }, { signal, hear: { step: onstep } });
  }

  close() { this.#line.end(); }
}

// Questions to the worker and its answers.
class Line {
  #open = new Map(); // number of a question -> { resolve, reject, hear }
  #next = 0;
  #ended = false;
  #heard = false;

  constructor() {
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module", name: "model" });
    this.worker.onmessage = ({ data }) => this.#hear(data);
    this.worker.onerror = ({ message }) => this.end(message || this.#heard ? "worker" : "offline", message); // it did not come
  }

  ask(kind, given, { signal, hear = {} } = {}) {
    if (this.#ended || signal?.aborted) return Promise.reject(untold(told(new Trouble(signal?.aborted ? "aborted" : "worker"))));
    const id = this.#next++, stop = () => this.worker.postMessage({ kind: "stop", id });
    const answered = new Promise((resolve, reject) => this.#open.set(id, { resolve, reject, hear }));
    this.worker.postMessage({ id, kind, given });
    signal?.addEventListener("abort", stop);
    return answered.finally(() => signal?.removeEventListener("abort", stop));
  }

  #hear({ id, about, what, trouble, result }) {
    this.#heard = true;
    if (!this.#open.has(id)) return; // it was closed meanwhile
    const { resolve, reject, hear } = this.#open.get(id);
    if (about) return hear[about]?.(...what);
    this.#open.delete(id);
    if (trouble) reject(untold(trouble));
    else resolve(result);
  }

  // Whoever still waits is told why.
  end(reason = "aborted", ...details) {
    this.#ended = true;
    this.worker.terminate();
    for (const { reject } of this.#open.values()) reject(untold(told(new Trouble(reason, ...details))));
    this.#open.clear();
  }
}
