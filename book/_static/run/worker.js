// Python in a worker: loads Pyodide, NumPy and attnlab when the first cell is run, then runs cells one at a time.
const home = new URL("../pyodide/", import.meta.url);
const CAP = 100_000; // characters of printed output kept for one cell
const LIBRARY = "/home/pyodide/library";
const GAP = 50; // milliseconds between two messages of a cell that has sent PROMPT of them
const PROMPT = 200;

let loaded = 0, total = 0, stage = "";
const say = (message) => self.postMessage(message);

const report = () => say({ kind: "loading", stage, loaded: Math.min(loaded, total), total });

// Every download passes here, so that its bytes can be counted while they come.
const download = self.fetch.bind(self);
self.fetch = async (...request) => {
  const answer = await download(...request);
  if (!answer.ok || !answer.body) return answer;
  const count = new TransformStream({
    transform(chunk, out) {
      loaded += chunk.byteLength;
      report();
      out.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = answer;
  return new Response(answer.body.pipeThrough(count), { status, statusText, headers });
};

async function get(name, how = "arrayBuffer") {
  const answer = await fetch(new URL(name, home), { cache: "no-cache" });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${answer.statusText}`);
  return answer[how]();
}

const begin = (name, bytes) => {
  stage = name;
  loaded = 0;
  total = bytes;
  report();
};

const sum = (sizes, test) => Object.entries(sizes).reduce((all, [name, size]) => all + (test(name) ? size : 0), 0);
const isCore = (name) => /^(pyodide\.|python_stdlib|numpy|attnlab)/.test(name);

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

async function boot() {
  begin("Python and NumPy", 0);
  const sizes = await get("sizes.json", "json");
  begin("Python and NumPy", sum(sizes, isCore));
  const { loadPyodide } = await import(new URL("pyodide.mjs", home));
  const [python, archive, source] = await Promise.all([
    loadPyodide({ indexURL: home.href, packages: ["numpy"], stdout() {} }),
    get("attnlab.zip"),
    get(new URL("kernel.py", import.meta.url).href, "text"),
  ]);
  python.unpackArchive(archive, "zip", { extractDir: LIBRARY });
  python.FS.writeFile(`${LIBRARY}/attnlab_kernel.py`, source);
  python.runPython(`import sys; sys.path.insert(0, ${JSON.stringify(LIBRARY)}); import attnlab_kernel`);
  const module = python.pyimport("attnlab_kernel");
  return { python, module, kernel: module.Kernel(emit), sizes, have: new Set() };
}

// What the cell imports beyond NumPy, brought in before it runs.
async function provide({ python, module, kernel, sizes, have }, source) {
  const wanted = ["matplotlib", "attnlab.exercises"].filter((name) => !have.has(name));
  for (const name of module.needs(source, python.toPy(wanted), LIBRARY).toJs()) {
    if (name === "matplotlib") {
      begin(name, sum(sizes, (file) => !isCore(file)));
      await python.loadPackage(name, { messageCallback() {} });
      say({ kind: "loading", stage: "matplotlib", loaded: 0, total: 0 });
      kernel.prepare_figures();
    } else kernel.watch_checks();
    have.add(name);
  }
}

let ready;
self.onmessage = async ({ data: { source, label, narrow } }) => {
  let python;
  try {
    python = await (ready ??= boot());
    await provide(python, source);
  } catch (error) {
    return say({ kind: "done", ok: false, why: "unloaded", text: String(error?.message ?? error) });
  }
  [printed, capped, waiting, sent] = [0, false, "", 0];
  say({ kind: "started" });
  const start = performance.now();
  try {
    python.kernel.narrow = narrow;
    const ok = await python.kernel.run(source, label);
    flush();
    const free = [...python.module.free(source)]; // the names it takes from other cells
    say({ kind: "done", ok, why: ok ? "finished" : "raised", free, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    flush();
    say({ kind: "done", ok: false, why: "crashed", text: String(error?.message ?? error).split("\n").pop() });
  }
};
