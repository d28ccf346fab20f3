// The model in a worker: it is brought here once, then answers one question after the other. Between two tokens it listens, so that
// it can be stopped; what it has read until then it keeps.
import { bring } from "./download.js";
import { read } from "./gguf.js";
import { Products } from "./products.js";
import { Reading } from "./reading.js";
import { room, runs } from "./simd.js";
import { Tokenizer } from "./tokens.js";
import { told, Trouble } from "./trouble.js";

const CONTEXT = 512; // tokens of the longest text
let tokenizer = null, reading = null;
const stops = new Map(); // number of a question -> what stops it

// A turn of the worker's own loop, in which messages are heard; a timer would be slowed down in a page that is not seen.
const channel = new MessageChannel();
const breath = () => new Promise((done) => { channel.port1.onmessage = done; channel.port2.postMessage(null); });

// The code of the fast products; null where this browser does not run it, or the server does not have it.
async function fast() {
  const answer = await fetch(new URL("simd.wasm", import.meta.url)).catch(() => null);
  const code = answer?.ok ? await answer.arrayBuffer() : null;
  return code && runs(code) ? code : null;
}

// Where the file is to stand, and the products over it.
async function place(kind, bytes) {
  const code = kind === "plain" ? null : await fast();
  if (kind === "wasm" && !code) throw new Trouble("no-wasm");
  if (code) return { kind: "wasm", ...(await room(code, bytes)) };
  const file = new Uint8Array(bytes);
  return { kind: "plain", file, products: new Products(file) };
}

const ASKED = {
  async open({ kind, ...wanted }, { signal, tell }) {
    const here = await place(kind, wanted.bytes);
    await bring({ ...wanted, signal, onprogress: (...how) => tell("progress", ...how), onnotice: (text) => tell("notice", text) }, here.file);
    const header = read(here.file);
    tokenizer = new Tokenizer(header.says);
    reading = new Reading(here.file, header, here.products, CONTEXT);
    return { kind: here.kind, sizes: reading.sizes };
  },

  tokenize: ({ text }) => tokenizer.tell(text),
  detokenize: ({ ids }) => tokenizer.decode(ids),

  async read({ ids, options }, { signal, tell }) {
    for (const done of reading.read(ids, options)) {
      tell("step", done, ids.length);
      if (done < ids.length) await breath();
      if (signal.aborted) throw new Trouble("aborted");
    }
    return reading.result(options);
  },
};

const buffers = (result) => Object.values(result ?? {}).filter(ArrayBuffer.isView).map(({ buffer }) => buffer);

async function answer({ id, kind, given }) {
  const stop = stops.get(id), tell = (about, ...what) => postMessage({ id, about, what });
  try {
    if (stop.signal.aborted) throw new Trouble("aborted");
    const result = await ASKED[kind](given, { signal: stop.signal, tell });
    postMessage({ id, result }, buffers(result));
  } catch (error) {
    postMessage({ id, trouble: told(error) });
  } finally {
    stops.delete(id);
  }
}

let turn = Promise.resolve();
onmessage = ({ data }) => {
  if (data.kind === "stop") return stops.get(data.id)?.abort();
  stops.set(data.id, new AbortController());
  turn = turn.then(() => answer(data));
};
