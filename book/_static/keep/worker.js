// A service worker for those who asked to keep the course on their device; nobody else has it. With a connection every page comes
// from the server, and only files with their hash in their name come from here; without one, everything that is kept does.
// Each version of the course has a cache of its own, which counts once its last file is there; then the older ones go.
/* global clients, VERSION */

const ROOT = self.registration.scope;
const PREFIX = `attnlab ${ROOT} `;
const LIST = "_static/keep/files.json", NOTE = "kept.json";
const HASHED = /\/_images\/[0-9a-f]{32,}[^/]*$|\/_static\/site-[0-9a-f]{12}\.css$/;
const TOGETHER = 6, GAP = 200; // downloads at a time; milliseconds between two reports

const address = (path) => new URL(path, ROOT).href;
const ours = async () => (await caches.keys()).filter((name) => name.startsWith(PREFIX));

// -- what is kept

/** The newest whole version: { cache, version, python, sizes, files, time }; null where there is none. */
async function look() {
  const found = [];
  for (const name of await ours()) {
    const cache = await caches.open(name), note = await cache.match(address(NOTE));
    if (note) found.push({ cache, ...(await note.json()) });
  }
  return found.sort((one, other) => other.time - one.time)[0] ?? null;
}

let looked = null;
const kept = () => (looked ??= look());

async function answerFor(url) {
  const version = await kept(), bare = url.replace(/[?#].*$/, "");
  for (const one of [bare, `${bare}index.html`, `${bare}.html`]) {
    const answer = await version?.cache.match(one);
    if (answer) return answer;
  }
}

// -- bringing it here

async function digest(body) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return [...bytes.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** One file: from the version before, where it has not changed since, else from the server. */
async function bring([path, hash], before) {
  const same = before?.files[path] === hash && (await before.cache.match(address(path)));
  if (same) return same;
  const answer = await fetch(address(path), { cache: "no-cache" });
  if (!answer.ok) throw new Error(`the server answers ${answer.status} to ${path}`);
  const body = await answer.arrayBuffer();
  if ((await digest(body)) !== hash) throw new Error("the course is changing on its server just now");
  return new Response(body, { headers: { "Content-Type": answer.headers.get("Content-Type") ?? "" } });
}

let left = []; // files still to come

async function fill(python) {
  const answer = await fetch(address(LIST), { cache: "no-store" });
  if (!answer.ok) throw new Error(`the server answers ${answer.status} to the list of files`);
  const { version, course, python: runtime } = await answer.json();
  const files = [...course, ...(python ? runtime : [])], total = files.reduce((sum, [, , size]) => sum + size, 0);
  const before = await look(), cache = await caches.open(PREFIX + version);
  const there = new Set((await cache.keys()).map(({ url }) => url));
  const mine = (left = [...files]);
  let bytes = 0;
  const work = async () => {
    for (let file = mine.shift(); file; file = mine.shift()) {
      if (!there.has(address(file[0]))) await cache.put(address(file[0]), await bring(file, before));
      bytes += file[2];
      report({ kind: "keeping", bytes, total });
    }
  };
  try {
    await Promise.all(Array.from({ length: TOGETHER }, work));
  } finally {
    mine.length = 0;
  }
  if (bytes < total) throw new Error("stopped");
  await settle(cache, { version, python, bytes, time: Date.now(), files: Object.fromEntries(files) });
}

/** The version in `cache` is whole: it counts from now on, and the others go. */
async function settle(cache, note) {
  await cache.put(address(NOTE), new Response(JSON.stringify(note)));
  for (const name of await ours()) if (name !== PREFIX + note.version) await caches.delete(name);
  looked = null;
}

let filling = null;

function keep(python) {
  filling ??= fill(python).finally(() => (filling = null));
  return filling;
}

async function remove() {
  left.length = 0;
  await filling?.catch(() => {});
  for (const name of await ours()) await caches.delete(name);
  looked = null;
}

/** The course on the server is another than the one kept: bring that. What fails is tried again with the next page. */
async function renew() {
  const version = await kept();
  if (version && version.version !== VERSION) await keep(version.python).then(state).catch(() => {});
}

// -- talking with the pages

let last = 0;

async function tell(message) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const page of pages) if (page.url.startsWith(ROOT)) page.postMessage(message);
}

function report(message) {
  if (Date.now() - last < GAP) return;
  last = Date.now();
  tell(message);
}

async function state() {
  const version = await kept();
  const { python, bytes, time } = version ?? {};
  return tell({ kind: "state", kept: version && { python, bytes, time }, busy: filling !== null });
}

const ASKED = { state, keep: ({ python }) => keep(python).then(state), remove: () => remove().then(() => tell({ kind: "removed" })) };

self.addEventListener("message", (event) => {
  const failed = (error) => tell({ kind: "failed", why: error.name === "QuotaExceededError" ? "there is not enough room" : error.message });
  event.waitUntil(ASKED[event.data.kind](event.data).catch(failed));
});

// -- answering for the server

async function fromServer(event) {
  const { request } = event, isPage = request.mode === "navigate";
  try {
    const answer = await fetch(request);
    if (isPage && answer.ok) event.waitUntil(renew());
    return answer;
  } catch (error) {
    const answer = (await answerFor(request.url)) ?? (isPage && (await missing()));
    if (answer) return answer;
    throw error;
  }
}

async function missing() {
  const page = await answerFor(address("404.html"));
  return page && new Response(page.body, { status: 404, headers: page.headers });
}

const fromHere = async (event) => (await answerFor(event.request.url)) ?? fromServer(event);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method !== "GET" || !url.startsWith(ROOT)) return;
  event.respondWith(HASHED.test(url.replace(/[?#].*$/, "")) ? fromHere(event) : fromServer(event));
});
