// The files of Python, and its memory as it is when it has just started: fetched or made once, kept in this browser's cache under
// the hash of what they are, and found there by the next start. Where nothing can be kept they come from the server each time.
const MEMORY = "memory"; // the name of the memory among the files
const SAME = { ignoreVary: true };
const download = self.fetch.bind(self);
const none = () => null;

async function digest(body) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return [...bytes.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Files {
  early = new Map(); // files under way before they are asked for
  loaded = 0;

  // `list` is { version, files: name -> [bytes, bytes over the wire, hash] }; `tell` hears how far a stage is.
  static async open(home, list, tell) {
    const files = new Files();
    const cache = (await globalThis.caches?.open(`attnlab-python ${new URL("../../", home).pathname}`).catch(none)) ?? null;
    const there = new Set((await cache?.keys())?.map(({ url }) => url));
    return Object.assign(files, { home, list, tell, cache, there });
  }

  key(name) {
    return `${this.home}${name}?${name === MEMORY ? this.list.version : this.list.files[name][2]}`;
  }

  // A stage needs the files that pass `test`; those that are not here are to be counted as they come.
  begin(stage, test) {
    const away = Object.keys(this.list.files).filter((name) => test(name) && !this.there.has(this.key(name)));
    const sum = (part) => away.reduce((all, name) => all + this.list.files[name][part], 0);
    Object.assign(this, { stage, loaded: 0, total: sum(0), sent: sum(1) });
    this.report();
  }

  report() {
    const { stage, loaded, total, sent } = this;
    this.tell({ stage, loaded: Math.min(loaded, total), total, sent });
  }

  // In place of fetch.
  async fetch(request, options) {
    const url = String(request.url ?? request), name = url.startsWith(this.home) ? url.slice(this.home.length) : "";
    const ahead = this.early.get(name);
    this.early.delete(name);
    return ahead ?? (name in this.list.files ? this.bring(name) : download(request, options));
  }

  ahead(...names) {
    for (const name of names) {
      const coming = this.bring(name);
      coming.catch(none); // whoever asks for it hears of it
      this.early.set(name, coming);
    }
  }

  // Have all of a file before somebody asks for it who would wait for ever where it does not come.
  async whole(name) {
    const answer = await this.fetch(this.home + name), bytes = await answer.arrayBuffer();
    this.early.set(name, Promise.resolve(new Response(bytes, { headers: answer.headers })));
  }

  async bring(name) {
    const kept = await this.cache?.match(this.key(name), SAME);
    if (kept) return kept;
    const answer = await download(this.home + name, { cache: "no-cache" });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${answer.statusText}`);
    if (!answer.body) return answer;
    this.keep(name, answer.clone()).catch(none);
    return this.counted(answer);
  }

  counted({ body, status, statusText, headers }) {
    const count = (chunk, out) => {
      this.loaded += chunk.byteLength;
      this.report();
      out.enqueue(chunk);
    };
    return new Response(body.pipeThrough(new TransformStream({ transform: count })), { status, statusText, headers });
  }

  // What is not what the list says was changing on its server just then: it does not stay.
  async keep(name, answer) {
    if (!this.cache) return;
    await this.cache.put(this.key(name), answer);
    const whole = await (await this.cache.match(this.key(name), SAME)).arrayBuffer();
    if ((await digest(whole)) !== this.list.files[name][2]) await this.cache.delete(this.key(name));
  }

  async get(name, how = "arrayBuffer") {
    return (await this.fetch(this.home + name))[how]();
  }

  // -- the memory

  // Null where there is none or it is not what was kept: Python would wait for ever for a memory that is spoilt.
  async memory() {
    const kept = await this.cache?.match(this.key(MEMORY), SAME), bytes = await kept?.arrayBuffer();
    if (!bytes || (await digest(bytes)) === kept.headers.get("X-Hash")) return bytes ?? null;
    return (await this.dropMemory()) && null;
  }

  async keepMemory(bytes) {
    return this.cache?.put(this.key(MEMORY), new Response(bytes, { headers: { "X-Hash": await digest(bytes) } })).catch(none);
  }

  dropMemory() {
    return this.cache?.delete(this.key(MEMORY));
  }

  // What earlier versions left goes.
  async tidy() {
    const mine = new Set([MEMORY, ...Object.keys(this.list.files)].map((name) => this.key(name)));
    for (const { url } of (await this.cache?.keys()) ?? []) if (!mine.has(url)) await this.cache.delete(url);
  }
}
