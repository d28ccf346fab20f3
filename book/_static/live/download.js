// The model's file: from the browser's cache, where an earlier visit left it, or from the server; straight into the memory in which it
// stays, and checked by its hash as it comes. Only a whole file is kept.
import { Sha256 } from "./hash.js";
import { Trouble } from "./trouble.js";

export const CACHE = "attnlab-model-1";
const PART = 1 << 20; // bytes that go into the cache at a time

// Whether the whole file is here.
export async function stored(url) {
  return Boolean(await kept(url));
}

export async function forget() {
  await globalThis.caches?.delete(CACHE);
}

async function kept(url) {
  try {
    return await globalThis.caches?.match(url, { cacheName: CACHE });
  } catch {
    return undefined; // a browser that keeps nothing
  }
}

// Fill `file`, a Uint8Array, with the bytes at `url`, and keep them. Throws a Trouble: aborted, offline, missing, cut, hash.
export async function bring({ url, sha256, signal, onprogress = () => {}, onnotice = () => {} }, file) {
  const here = await kept(url);
  if (here) {
    try {
      return await pour(here, file, { sha256, signal, onprogress });
    } catch (error) {
      if (error.reason === "aborted") throw error;
      await forget(); // it was spoilt: it comes from the server once more
    }
  }
  await pour(await asked(url, signal), file, { sha256, signal, onprogress });
  await keep(url, file).catch(() => onnotice(new Trouble("quota").message));
}

async function asked(url, signal) {
  const answer = await fetch(url, { cache: "no-store", signal }).catch(() => {
    throw new Trouble(signal?.aborted ? "aborted" : "offline");
  });
  if (!answer.ok) throw new Trouble("missing", answer.status);
  return answer;
}

async function pour(answer, file, { sha256, signal, onprogress }) {
  const hash = new Sha256(), reader = answer.body.getReader();
  let got = 0;
  const next = () => reader.read().catch(() => ({ done: true }));
  for (let part = await next(); !part.done; part = await next()) {
    if (signal?.aborted || got + part.value.length > file.length) break;
    file.set(part.value, got);
    hash.add(part.value);
    onprogress((got += part.value.length), file.length);
  }
  reader.cancel().catch(() => {});
  if (signal?.aborted) throw new Trouble("aborted");
  if (got < file.length) throw new Trouble("cut", got, file.length);
  if (hash.digest() !== sha256) throw new Trouble("hash");
}

// Into the cache part by part, so that the file is not in memory twice.
async function keep(url, file) {
  let at = 0;
  const pull = (out) => {
    out.enqueue(file.slice(at, at + PART));
    if ((at += PART) >= file.length) out.close();
  };
  const headers = { "Content-Type": "application/octet-stream", "Content-Length": file.length };
  const cache = await caches.open(CACHE);
  await cache.put(url, new Response(new ReadableStream({ pull }), { headers }));
}
