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

// ---- picture ----------------------------------------------------------------------------------

const KEYS = ["norm", "depth", "scale", "seed"];
const NAMES = { pre: "before the layer (pre)", post: "after the sum (post)", none: "none" };
const BOX = { left: 44, right: 312, top: 12, bottom: 120 };
let groups = 0;

function normChoice(model) {
  const name = `attnx-stream-${++groups}`;
  const inputs = NORMS.map((value) =>
    make("input", { type: "radio", name, value, onchange: () => change(model, { norm: value }) }),
  );
  const chips = NORMS.map((value, i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, NAMES[value])));
  const element = make(
    "fieldset",
    { class: "attnx-choice" },
    make("legend", {}, "Norm"),
    make("div", { class: "attnx-chips" }, chips),
  );
  const update = (state) => inputs.forEach((input) => (input.checked = input.value === state.norm));
  return { element, update };
}

function control(model, key, options, extra = null) {
  const part = slider({ ...options, onchange: (value) => change(model, { [key]: value }) });
  const element = make(
    "div",
    { class: "attnx-control", "data-control": key },
    make("span", { class: "attnx-label" }, options.label),
    part.range,
    part.box,
    extra,
  );
  return { element, update: (state) => part.update(state[key]) };
}

function controls(model) {
  const small = make(
    "button",
    {
      type: "button",
      class: "attnx-button",
      "data-small": true,
      onclick: () => change(model, { scale: Number((1 / Math.sqrt(model.get("depth"))).toFixed(2)) }),
    },
    "1/√depth",
  );
  const one = make("button", { type: "button", class: "attnx-button", onclick: () => change(model, { scale: 1 }) }, "1");
  const parts = [
    normChoice(model),
    control(model, "depth", {
      label: "Depth, in layers",
      min: 2,
      max: 64,
      step: 1,
      digits: 0,
      scale: { to: Math.log2, from: (x) => 2 ** x, step: 0.25 },
    }),
    control(
      model,
      "scale",
      { label: "Initial scale", min: 0.05, max: 2, step: "any", scale: { to: Math.log10, from: (x) => 10 ** x, step: 0.01 } },
      make("span", { class: "attnx-buttons" }, one, small),
    ),
    control(model, "seed", { label: "Seed", min: 1, max: 9, step: 1, digits: 0 }),
  ];
  const element = make("div", { class: "attnx-controls" }, parts.map((part) => part.element));
  return { element, update: (state) => parts.forEach((part) => part.update(state)) };
}

function power(exponent) {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  return `10${exponent < 0 ? "⁻" : ""}${[...String(Math.abs(exponent))].map((digit) => digits[digit]).join("")}`;
}

/** One curve over the layers, from `first` on, with a logarithmic axis of whole powers of ten. */
function chart(title, first, kind) {
  const curve = make("svg:path", { class: `attnx-curve ${kind}` }),
    ticks = make("svg:g", {});
  const svg = make(
    "svg:svg",
    { viewBox: "0 0 320 156", class: "attnx-chart", role: "img", "aria-label": `${title}, by layer; numbers in the table` },
    ticks,
    curve,
    make("svg:text", { x: (BOX.left + BOX.right) / 2, y: 150, "text-anchor": "middle" }, "layer"),
  );
  const element = make("div", {}, make("p", { class: "attnx-label" }, title), svg);
  const update = (values) => {
    const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9),
      high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
    const last = first + values.length - 1,
      x = (layer) => BOX.left + ((layer - first) / (last - first)) * (BOX.right - BOX.left),
      y = (value) => BOX.bottom - ((Math.log10(value) - low) / (high - low)) * (BOX.bottom - BOX.top);
    const every = Math.ceil((high - low) / 4),
      marks = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter((e) => (e - low) % every === 0);
    const words = marks.flatMap((e) => [
      make("svg:line", { class: "attnx-grid", x1: BOX.left, x2: BOX.right, y1: y(10 ** e), y2: y(10 ** e) }),
      make("svg:text", { x: BOX.left - 5, y: y(10 ** e) + 4, "text-anchor": "end" }, power(e)),
    ]);
    const layers = [...new Set([first, Math.round((first + last) / 2), last])].map((layer) =>
      make("svg:text", { x: x(layer), y: BOX.bottom + 14, "text-anchor": layer === last ? "end" : "middle" }, String(layer)),
    );
    ticks.replaceChildren(...words, ...layers);
    curve.setAttribute(
      "d",
      values.map((value, i) => `${i ? "L" : "M"}${x(first + i).toFixed(1)} ${y(value).toFixed(1)}`).join(""),
    );
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
  const { root, body, status } = frame(model, "Norm and residual stream by layer", KEYS);
  const top = controls(model),
    sizes = chart("Size of the stream (rms)", 0, "attnx-curve-entropy"),
    slopes = chart("Gradient of each layer's second matrix", 1, "attnx-curve-gradient");
  const sentence = make("p", { class: "attnx-worked", "data-verdict": true }),
    numbers = make("div", { class: "attnx-tables" }),
    announce = announcer(status);
  body.append(
    top.element,
    sentence,
    make("div", { class: "attnx-columns" }, sizes.element, slopes.element),
    numbers,
    make(
      "p",
      { class: "attnx-quiet" },
      "Feed-forward layers of width 32 with random matrices, 4 rows, one pass forwards and one back, computed here.",
    ),
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const state = Object.fromEntries(KEYS.map((key) => [key, model.get(key)])),
      seen = stream(state);
    top.update(state);
    sizes.update(seen.rms);
    slopes.update(seen.onWeights);
    numbers.replaceChildren(numbersTable(state, seen));
    write(sentence, verdict(state, seen));
    announce(verdict(state, seen));
  });
}

export default { render };
