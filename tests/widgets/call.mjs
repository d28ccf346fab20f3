// Reads {module, calls: [[name, ...arguments]]} from stdin, prints the results as JSON.
// Infinities and NaN, which JSON lacks, travel as the texts "Infinity", "-Infinity", "NaN".
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { module, calls } = JSON.parse(readFileSync(0, "utf8"));
const functions = await import(pathToFileURL(module));
const results = calls.map(([name, ...given]) => functions[name](...given));
const asText = (_, x) => (typeof x === "number" && !Number.isFinite(x) ? String(x) : x);
process.stdout.write(JSON.stringify(results, asText));
