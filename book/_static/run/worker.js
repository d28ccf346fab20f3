// Python in a worker: a page's own, or a shared one that goes from page to page. Pyodide, NumPy and attnlab are loaded when a page
// first asks; then cells run one at a time. The page that came last is the one that is spoken with.
const here = new URL(import.meta.url), home = new URL("../pyodide/", here).href;
const beside = (name) => new URL(`${name}${here.search}`, here).href;
const CAP = 100_000; // characters of printed output kept for one cell
const FOLDER = "/home/pyodide", LIBRARY = `${FOLDER}/library`;
const GAP = 50; // milliseconds between two messages of a cell that has sent PROMPT of them, and between two looks at the sign
const PROMPT = 200;
const DEAF = 100; // looks after which a cell that takes no notice is put to sleep for good
const WORN = 800e6; // bytes of memory after which the next page gets another Python

const shared = "onconnect" in self;
let line = null;
const say = (message) => line?.postMessage(message);

let printed = 0, capped = false, waiting = "", waitingKind = "", last = 0, sent = 0;

function flush() {
  if (!waiting) return;
  say({ kind: waitingKind, text: waiting });
  waiting = "";
  sent += 1;
  last = performance.now();
}

function print(kind, text) {
  if (capped) return;
  if (kind !== waitingKind) flush();
  waitingKind = kind;
  waiting += text.slice(0, CAP - printed);
  printed += text.length;
  if (printed > CAP) {
    capped = true;
    flush();
    say({ kind: "capped", text: `The output is longer than ${CAP / 1000} kB; the rest is not shown.` });
  } else if (sent < PROMPT || performance.now() - last > GAP) flush();
}

function emit(kind, text, detail) {
  if (kind === "stdout" || kind === "stderr") return print(kind, text);
  flush();
  say({ kind, text, detail: detail ?? null });
}

// -- ending what runs: Python asks for entry 0 now and then, and 2 is Ctrl+C

let sign = "", looked = 0, gone = 0;

function readable(address) {
  try {
    const request = new XMLHttpRequest();
    request.open("GET", address, false);
    request.send();
    return true;
  } catch {
    return false;
  }
}

function sleep() {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  self.close();
  Atomics.wait(new Int32Array(buffer), 0, 0);
}

const pulse = {
  get 0() {
    const now = performance.now();
    if (now - looked < GAP) return 0;
    looked = now;
    if (!gone && readable(sign)) return 0;
    if (++gone > DEAF) sleep();
    return 2;
  },
  set 0(_) { /* Python takes it back */ },
};

// -- starting

const isCore = (name) => /^(pyodide|python_stdlib|numpy|attnlab)/.test(name);
const quiet = { messageCallback() {} };
const PARTS = ["kernel", "plan", "fresh"];
const COMMON = `import ast, asyncio, base64, copy, csv, ctypes, dataclasses, datetime, difflib, enum, functools, hashlib, hmac
import importlib.metadata, importlib.resources, inspect, json, logging, numbers, pickle, platform, pprint, queue, random, secrets
import shutil, string, struct, subprocess, symtable, tempfile, textwrap, threading, tokenize, tomllib, traceback, typing
import unittest.mock, warnings, zipfile`;

// Python with what everything imports: as it was remembered, which takes a fraction of the time, else from the beginning.
async function start(files) {
  const script = async (name) => import(URL.createObjectURL(new Blob([await files.get(name)], { type: "text/javascript" })));
  const [{ loadPyodide: load }] = await Promise.all([script("pyodide.mjs"), script("pyodide.asm.js")]);
  const loadPyodide = (given) => files.whole("pyodide.asm.wasm").then(() => load(given)); // it would wait for ever for a lost one
  const options = { indexURL: home, stdout() {} }, memory = await files.memory().catch(() => null);
  try {
    if (memory) return await loadPyodide({ ...options, _loadSnapshot: memory });
  } catch {
    await files.dropMemory();
  }
  const python = await loadPyodide({ ...options, _makeSnapshot: Boolean(files.cache) });
  python.runPython(COMMON);
  if (files.cache) files.keepMemory(python.makeMemorySnapshot());
  return python;
}

async function boot(list) {
  const { Files } = await import(beside("files.js"));
  const files = await Files.open(home, list, (stage) => say({ kind: "loading", ...stage }));
  self.fetch = (...request) => files.fetch(...request);
  files.begin("Python and NumPy", isCore);
  files.ahead(...Object.keys(list.files).filter(isCore));
  const sources = Promise.all(PARTS.map((name) => fetch(beside(`${name}.py`)).then((answer) => answer.text())));
  const python = await start(files);
  await python.loadPackage("numpy", quiet);
  python.unpackArchive(await files.get("attnlab.zip"), "zip", { extractDir: LIBRARY });
  for (const [index, text] of (await sources).entries()) python.FS.writeFile(`${LIBRARY}/attnlab_${PARTS[index]}.py`, text);
  python.runPython(`import sys, random; random.seed(); sys.path.insert(0, ${JSON.stringify(LIBRARY)}); sys.path.append(${JSON.stringify(FOLDER)})\nimport numpy, ${PARTS.map((name) => `attnlab_${name}`)}`);
  const [module, plan, fresh] = PARTS.map((name) => python.pyimport(`attnlab_${name}`));
  const kernel = module.Kernel(emit);
  kernel.watch_checks();
  if (shared) python.setInterruptBuffer(pulse);
  files.tidy().catch(() => {});
  return { python, module, plan, files, kernel, beginning: fresh.Beginning(python.toPy([FOLDER, "/tmp"])) };
}

// What a cell imports beyond NumPy and attnlab, brought in before it runs.
async function provide(ready, source) {
  const { python, module, kernel, beginning, files } = ready;
  if (!ready.figures && module.needs(source, python.toPy(["matplotlib"]), LIBRARY).length) {
    files.begin("matplotlib", (file) => !isCore(file));
    await python.loadPackage("matplotlib", quiet);
    say({ kind: "loading", stage: "matplotlib", loaded: 0, total: 0 });
    kernel.prepare_figures();
    ready.figures = true;
  }
  beginning.bring(source);
}

// -- what a page asks

let ready = null, pages = 0;

const ASKED = {
  // A page has come. The one before it leaves nothing behind.
  async open({ list }) {
    let python = pages++ && (await ready);
    if (python && python.python._module.HEAP8.length > WORN) ready = null;
    else if (python) python.kernel.afresh(python.beginning);
    await (ready ??= boot(list));
  },

  async plan({ above, slot, target }) {
    const { python, plan } = await ready;
    const cells = plan.plan(python.toPy(above), slot, target)?.toJs() ?? null;
    say({ kind: "done", ok: true, why: "finished", cells });
  },

  async run({ source, label, narrow, room, answers }) {
    const python = await ready;
    await provide(python, source);
    await (shared ? navigator.locks.request(`${self.name} runs`, run) : run());

    async function run() {
      [printed, capped, waiting, sent] = [0, false, "", 0];
      say({ kind: "started" });
      const start = performance.now();
      try {
        python.kernel.narrow = narrow;
        if (answers) python.kernel.answers(python.python.toPy(answers), FOLDER);
        const ok = await python.kernel.run(source, label, room);
        flush();
        say({ kind: "done", ok, why: ok ? "finished" : "raised", seconds: (performance.now() - start) / 1000 });
      } catch (error) {
        flush();
        say({ kind: "done", ok: false, why: "crashed", text: String(error?.message ?? error).split("\n").pop() });
      }
    }
  },
};

let turn = Promise.resolve();

function hear(port, data) {
  if (data.kind === "end") return self.close();
  turn = turn.then(() => {
    if (data.kind === "open") line = port;
    if (port !== line) return null;
    [sign, gone] = [data.sign, 0];
    return ASKED[data.kind](data);
  }).catch((error) => say({ kind: "done", ok: false, why: "unloaded", text: String(error?.message ?? error) }));
}

if (shared) self.onconnect = ({ ports: [port] }) => { port.onmessage = ({ data }) => hear(port, data); };
else self.onmessage = ({ data }) => hear(self, data);
