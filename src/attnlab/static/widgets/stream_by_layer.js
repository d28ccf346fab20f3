// Explorable: a stack of layers at initialisation; the size of its residual stream and of its gradients, layer by layer.
import { announcer, change, format, formatSmall, frame, make, matmul, slider, table, transpose, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const NORMS = ["pre", "post", "none"];
const TOKENS = 4,
  WIDTH = 32,
  EPSILON = 1e-6,
  LARGEST = 2 ** 31 - 1;

/** Numbers between -√3 and √3 of variance 1: s <- 16807 s mod (2^31 - 1), the first three left out. */
export function uniform(seed, n) {
  let s = seed;
  const draw = () => {
    s = (16807 * s) % LARGEST;
    return Math.sqrt(3) * ((2 * s) / LARGEST - 1);
  };
  for (let i = 0; i < 3; i++) draw();
  return Array.from({ length: n }, draw);
}

const times = (factor, matrix) => matrix.map((row) => row.map((value) => factor * value));
const sum = (a, b) => a.map((row, i) => row.map((value, j) => value + b[i][j]));
const squares = (matrix) => matrix.reduce((total, row) => total + row.reduce((part, value) => part + value * value, 0), 0);
const meanOf = (row, of) => row.reduce((total, value, i) => total + value * of[i], 0) / row.length;

/** The rows that enter, the direction of the loss, and the two matrices of each layer. */
export function drawn({ seed, depth, scale }) {
  const numbers = uniform(seed, 2 * TOKENS * WIDTH + 2 * depth * WIDTH * WIDTH);
  let next = 0;
  const take = (rows) => Array.from({ length: rows }, () => numbers.slice(next, (next += WIDTH)));
  const x = take(TOKENS),
    direction = take(TOKENS);
  const layers = Array.from({ length: depth }, () => {
    const expand = times(Math.sqrt(2 / WIDTH), take(WIDTH));
    return { expand, contract: times(scale * Math.sqrt(1 / WIDTH), take(WIDTH)) };
  });
  return { x, direction, layers };
}

/** Each row divided by sqrt(mean of its squares + epsilon). */
export function rmsNorm(x) {
  return x.map((row) => {
    const size = Math.sqrt(meanOf(row, row) + EPSILON);
    return row.map((value) => value / size);
  });
}

/** (g - u mean(u g)) / size for each row, with u the normalised row. */
export function rmsNormGradient(x, gradient) {
  return x.map((row, i) => {
    const size = Math.sqrt(meanOf(row, row) + EPSILON),
      normed = row.map((value) => value / size),
      along = meanOf(normed, gradient[i]);
    return row.map((_, j) => (gradient[i][j] - normed[j] * along) / size);
  });
}

function backThrough(x, layer, gradient) {
  const hidden = matmul(x, layer.expand),
    active = hidden.map((row) => row.map((value) => Math.max(0, value)));
  const behind = matmul(gradient, transpose(layer.contract));
  const inner = behind.map((row, i) => row.map((value, j) => (hidden[i][j] > 0 ? value : 0)));
  return { back: matmul(inner, transpose(layer.expand)), weights: matmul(transpose(active), gradient) };
}

function forward(x, layer) {
  return matmul(
    matmul(x, layer.expand).map((row) => row.map((value) => Math.max(0, value))),
    layer.contract,
  );
}

/** Sizes of the stream and of the gradients at every place, after one pass forwards and one back. */
export function stream({ norm, depth, scale, seed }) {
  const { x: start, direction, layers } = drawn({ seed, depth, scale });
  const entered = [start],
    sums = [];
  for (const layer of layers) {
    const x = entered[entered.length - 1],
      added = sum(x, forward(norm === "pre" ? rmsNorm(x) : x, layer));
    sums.push(added);
    entered.push(norm === "post" ? rmsNorm(added) : added);
  }
  let gradient = times(1 / Math.sqrt(TOKENS * WIDTH), direction);
  if (norm === "pre") gradient = rmsNormGradient(entered[depth], gradient);
  const onStream = [Math.sqrt(squares(gradient))],
    onWeights = [];
  for (let i = depth - 1; i >= 0; i--) {
    if (norm === "post") gradient = rmsNormGradient(sums[i], gradient);
    const x = entered[i];
    const { back, weights } = backThrough(norm === "pre" ? rmsNorm(x) : x, layers[i], gradient);
    gradient = sum(gradient, norm === "pre" ? rmsNormGradient(x, back) : back);
    onStream.unshift(Math.sqrt(squares(gradient)));
    onWeights.unshift(Math.sqrt(squares(weights)));
  }
  return { rms: entered.map((rows) => Math.sqrt(squares(rows) / (TOKENS * WIDTH))), onStream, onWeights };
}

/** What is worth saying about one stack, in a sentence or two. */
export function verdict({ norm, depth }, { rms, onWeights }) {
  const grown = rms[depth] / rms[0],
    share = onWeights[0] / onWeights[depth - 1];
  const size = { pre: "The stream grows", post: "The norm after each sum holds the stream", none: "Without a norm the stream grows" }[norm];
  const first = norm === "post" ? `${size} at ${format(rms[depth])}.` : `${size} to ${plain(grown)} times its size.`;
  return `${first} The first layer's gradient is ${plain(share)} times the last one's, which is ${plain(onWeights[depth - 1])}.`;
}

function plain(value) {
  if (value >= 1e5) return value.toExponential(1).replace("+", "");
  return formatSmall(value, value >= 100 ? 0 : 2);
}

// ---- goals ------------------------------------------------------------------------------------

const grown = ({ rms }) => rms.at(-1) / rms[0];
const GOALS = [
  ["million", "a stack whose stream grows a million times", (state, seen) => grown(seen) > 1e6],
  ["hold", "32 layers or more without a norm whose stream does not double", ({ norm, depth }, seen) => norm === "none" && depth >= 32 && grown(seen) < 2],
  ["first", "a stack whose first layer has ten times the gradient of its last", (state, { onWeights }) => onWeights[0] > 10 * onWeights.at(-1)],
];

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["norm", "depth", "scale", "seed"];
const PLACES = { pre: "before the layer", post: "after the sum", none: null };
let groups = 0;

function normChoice(model) {
  const name = `attnx-stream-${++groups}`;
  const inputs = NORMS.map((value) => make("input", { type: "radio", name, value, onchange: () => change(model, { norm: value }) }));
  const where = (value) => PLACES[value] && make("span", { class: "attnx-wideonly" }, `, ${PLACES[value]}`);
  const chips = NORMS.map((value, i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, value, where(value) ?? "")));
  const element = make(
    "fieldset",
    { class: "attnx-choice attnx-control attnx-tight" },
    make("legend", { class: "attnx-said" }, "Norm"),
    make("span", { class: "attnx-label", "aria-hidden": "true" }, "Norm"),
    make("div", { class: "attnx-chips" }, chips),
  );
  const update = (state) => inputs.forEach((input) => (input.checked = input.value === state.norm));
  return { element, update };
}

function control(model, key, text, options) {
  const part = slider({ ...options, onchange: (value) => change(model, { [key]: value }) });
  const element = make("div", { class: "attnx-control attnx-tight", "data-control": key }, make("span", { class: "attnx-label" }, text), part.range, part.box);
  return { element, update: (state) => part.update(state[key]) };
}

function depthControl(model) {
  const scale = { to: Math.log2, from: (x) => 2 ** x, step: 0.25 };
  return control(model, "depth", "Depth", { label: "Depth, in layers", min: 2, max: 64, step: 1, digits: 0, scale });
}

function scaleControl(model) {
  const scale = { to: Math.log10, from: (x) => 10 ** x, step: 0.01 };
  return control(model, "scale", "Scale", { label: "Initial scale", min: 0.05, max: 2, step: "any", scale });
}

/** Two scales that papers use. */
function usualScales(model) {
  const button = (text, scale, extra = {}) => make("button", { type: "button", class: "attnx-button", onclick: () => change(model, { scale: scale() }), ...extra }, text);
  const small = () => Number((1 / Math.sqrt(model.get("depth"))).toFixed(2));
  return make("div", { class: "attnx-buttons" }, make("span", { class: "attnx-label" }, "Initial scale"), button("1", () => 1), button("1/√depth", small, { "data-small": true }));
}

// ---- picture ----------------------------------------------------------------------------------

function power(exponent) {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  return `10${exponent < 0 ? "⁻" : ""}${[...String(Math.abs(exponent))].map((digit) => digits[digit]).join("")}`;
}

/** The whole powers of ten around the values, at least one decade, and every how many of them a number stands. */
export function decades(values) {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9),
    high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return { low, high, every: Math.ceil((high - low) / 4) };
}

const LINES = [
  ["attnx-curve-entropy", "stream (rms) after each layer"],
  ["attnx-curve-gradient", "gradient of each layer’s second matrix"],
];

/** Both curves over the layers, on one axis of powers of ten. */
function plot() {
  const curves = LINES.map(([kind]) => make("svg:path", { class: `attnx-curve attnx-thin ${kind}` })),
    grid = make("svg:g", {}), rows = make("div", { class: "attnx-plotrows" }), ends = make("div", { class: "attnx-plotends" });
  const svg = make("svg:svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": "Stream and gradients by layer; numbers in the table" }, grid, curves);
  const legend = make("p", { class: "attnx-legend" }, LINES.map(([kind, text]) => make("span", {}, make("span", { class: `attnx-stroke ${kind}` }), ` ${text}`)));
  const element = make("div", { "data-picture": "" }, make("div", { class: "attnx-plot" }, rows, svg, ends), legend);
  const update = ({ depth }, { rms, onWeights }) => {
    const { low, high, every } = decades([...rms, ...onWeights]);
    const x = (layer) => (100 * layer) / depth,
      y = (exponent) => 100 - (100 * (exponent - low)) / (high - low);
    const path = (values, first) => values.map((value, i) => `${i ? "L" : "M"}${x(first + i).toFixed(2)} ${y(Math.log10(value)).toFixed(2)}`).join("");
    curves[0].setAttribute("d", path(rms, 0));
    curves[1].setAttribute("d", path(onWeights, 1));
    const marks = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter((e) => (e - low) % every === 0);
    grid.replaceChildren(...marks.map((e) => make("svg:line", { class: "attnx-grid attnx-thin", x1: 0, x2: 100, y1: y(e), y2: y(e) })));
    rows.replaceChildren(...marks.map((e) => make("span", { class: "attnx-label", style: `inset-block-start:${y(e)}%` }, power(e))));
    ends.replaceChildren(...["input", `layer ${depth}`].map((text) => make("span", { class: "attnx-label" }, text)));
  };
  return { element, update };
}

function numbersTable(state, seen) {
  const last = state.depth,
    shown = [...new Set([1, Math.ceil(last / 4), Math.ceil(last / 2), last])];
  return table({
    caption: "Stream before and after a layer, and the layer's gradient",
    columns: ["before", "after", "gradient"],
    rows: shown.map((layer) => ({ text: `layer ${layer}` })),
    cells: shown.map((layer) => [
      { text: plain(seen.rms[layer - 1]) },
      { text: plain(seen.rms[layer]), "data-rms": layer },
      { text: plain(seen.onWeights[layer - 1]), "data-gradient": layer },
    ]),
    attributes: { class: "attnx-table", "data-table": "layers" },
  });
}

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Norm and residual stream by layer", KEYS, GOALS);
  const parts = [normChoice(model), depthControl(model), scaleControl(model), plot(), control(model, "seed", "Seed", { label: "Seed", min: 1, max: 9, step: 1, digits: 0 })];
  const [norm, depth, scale, picture, seed] = parts.map((part) => part.element);
  const sentence = make("p", { class: "attnx-worked", "data-verdict": true }),
    numbers = make("div", { class: "attnx-tables" }),
    announce = announcer(status);
  body.append(make("div", { class: "attnx-tightrows" }, norm, depth, scale), picture);
  more.append(
    sentence,
    usualScales(model),
    seed,
    numbers,
    make("p", { class: "attnx-quiet" }, "Feed-forward layers of width 32 with random matrices, 4 rows, one pass forwards and one back, computed here. “pre” norms before each layer, “post” after each sum."),
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const state = Object.fromEntries(KEYS.map((key) => [key, model.get(key)])),
      seen = stream(state);
    parts.forEach((part) => part.update(state, seen));
    numbers.replaceChildren(numbersTable(state, seen));
    write(sentence, verdict(state, seen));
    ask(state, seen);
    announce(verdict(state, seen));
  });
}

export default { render };
