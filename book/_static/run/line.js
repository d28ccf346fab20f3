// The way to Python: a shared worker, which outlives a change of page, where the browser keeps one alive until the next page of
// this tab is there; elsewhere a worker of this page's own. Each tab has its Python, named in its session storage; a lock says
// whether a page has it, another one whether a cell still runs in it.
const KEY = `attnlab:${new URL("../../", import.meta.url).pathname}:python`;
const PATIENCE = 300; // milliseconds a lock is waited for

// True where a shared worker can be asked to outlive its last page. The address is none, so that nothing starts.
export function outlives() {
  let asked = false;
  const options = { get extendedLifetime() { return (asked = true); } };
  try {
    new SharedWorker("http://[", options);
  } catch { /* as it must */ }
  return asked && Boolean(navigator.locks);
}

// The name of this tab's Python; null where it has none, or where storage is blocked: what stands in for it lasts no longer than a page.
export function remembered() {
  try {
    return sessionStorage instanceof Storage ? sessionStorage.getItem(KEY) : null;
  } catch {
    return null;
  }
}

function remember(name) {
  try {
    name ? sessionStorage.setItem(KEY, name) : sessionStorage.removeItem(KEY);
  } catch { /* then the next page has a Python of its own */ }
  return name;
}

// Take a lock; resolves to what gives it back, or to null where another keeps it.
const hold = (name) => new Promise((done) => {
  const signal = AbortSignal.timeout(PATIENCE);
  navigator.locks.request(name, { signal }, () => new Promise((free) => done(free))).catch(() => done(null));
});

async function take(name) {
  const free = name && (await hold(`${name} page`));
  const idle = free && (await hold(`${name} runs`));
  idle?.();
  if (free && !idle) free();
  return idle && free;
}

// What the site's Python consists of: { version, files }.
async function listed() {
  const answer = await fetch(new URL("../pyodide/files.json", import.meta.url), { cache: "no-cache" });
  if (!answer.ok) throw new Error(`the list of its files: ${answer.status} ${answer.statusText}`);
  return answer.json();
}

const address = (list) => new URL(`worker.js?v=${list.version}`, import.meta.url);

class Own {
  constructor(list, hear, fail) {
    this.worker = new Worker(address(list), { type: "module", name: "Python" });
    this.worker.onmessage = ({ data }) => hear(data);
    this.worker.onerror = fail;
  }

  post(message) { this.worker.postMessage(message); }
  end() { this.worker.terminate(); }
  leave() { this.end(); }
}

// A loop in a shared worker hears nothing: Python looks now and then whether `sign` can still be read, which ends with its page.
class Shared {
  constructor(list, hear, fail, name, free) {
    const worker = new SharedWorker(address(list), { type: "module", name, extendedLifetime: true });
    Object.assign(this, { port: worker.port, free, sign: URL.createObjectURL(new Blob(["on"])) });
    this.port.onmessage = ({ data }) => hear(data);
    worker.onerror = fail;
  }

  post(message) { this.port.postMessage({ ...message, sign: this.sign }); }

  end() {
    this.port.postMessage({ kind: "end" });
    remember(null);
    this.leave();
  }

  leave() {
    URL.revokeObjectURL(this.sign);
    this.port.close();
    this.free();
  }
}

// A line to Python: post(message), end() it, leave() it to the next page.
export async function connect(hear, fail) {
  const list = await listed();
  const line = (outlives() && (await shared(list, hear, fail))) || new Own(list, hear, fail);
  line.post({ kind: "open", list });
  return line;
}

async function shared(list, hear, fail) {
  let name = remembered(), free = await take(name);
  if (!free) {
    name = `Python ${list.version} ${crypto.randomUUID()}`;
    free = await take(name);
  }
  remember(name);
  if (!free || remembered() !== name) return free?.() ?? null; // storage is blocked: nobody would find it again
  return new Shared(list, hear, fail, name, free);
}
