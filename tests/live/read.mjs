// Reads texts with the engine's own modules, without a worker, and compares what it finds with numbers that Python wrote.
// From stdin: { live, model, code, kind, context, cases }; a case is { ids, parts, options, rankOf, logits, looks }, the last two
// the paths of 32-bit floats (tokens x vocabulary; layers x heads x tokens x tokens). `parts` are the lengths to be read one after another.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const given = JSON.parse(readFileSync(0, "utf8"));
const load = (name) => import(pathToFileURL(`${given.live}/${name}`));
const [{ read }, { Products }, { room }, { Reading }, { told }] = await Promise.all(["gguf.js", "products.js", "simd.js", "reading.js", "trouble.js"].map(load));

const bytes = readFileSync(given.model);
const place = given.kind === "wasm" ? await room(readFileSync(given.code), bytes.length) : { file: new Uint8Array(bytes.length) };
place.file.set(bytes);
const products = place.products ?? new Products(place.file);
const reading = new Reading(place.file, read(place.file), products, given.context);

const floats = (path) => (path ? new Float32Array(readFileSync(path).buffer) : null);
const best = (row) => row.reduce((found, value, id) => (value > row[found] ? id : found), 0);

function compared(one) {
  const right = floats(one.logits), looks = floats(one.looks), n = one.ids.length, { vocab, heads } = reading.sizes;
  const found = { logits: 0, same: 0, looks: 0, steps: 0 };
  const watch = (layer, head, at, weights, seen) => {
    if (!looks) return;
    const row = looks.subarray(((layer * heads + head) * n + at) * n, ((layer * heads + head) * n + at + 1) * n);
    const whole = new Float32Array(n);
    seen.forEach((other, i) => { whole[other] = weights[i]; });
    row.forEach((value, i) => { found.looks = Math.max(found.looks, Math.abs(value - whole[i])); });
  };
  for (const length of one.parts ?? [n]) {
    for (const done of reading.read(one.ids.slice(0, length), one.options, watch)) {
      const row = right?.subarray((done - 1) * vocab, done * vocab), { logits } = reading.decoder;
      found.steps += 1;
      if (!right) continue;
      found.same += best(row) === best(logits);
      row.forEach((value, i) => { found.logits = Math.max(found.logits, Math.abs(value - logits[i])); });
    }
  }
  const { attention, loss, ranks } = reading.result(one);
  const rounded = looks ? looks.reduce((worst, value, i) => Math.max(worst, Math.abs(255 * value - attention[i])), 0) : null;
  return { ...found, rounded, loss: [...loss], ranks: ranks && [...ranks] };
}

function tried(one) {
  try {
    return compared(one);
  } catch (error) {
    if (!error.reason) throw error;
    return told(error);
  }
}

const start = process.cpuUsage().user, results = given.cases.map(tried);
process.stdout.write(JSON.stringify({ results, seconds: (process.cpuUsage().user - start) / 1e6 }));
