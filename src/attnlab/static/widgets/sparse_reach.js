// Explorable: which pairs a sparse pattern computes, and what each token can depend on after several layers.
import { announcer, change, frame, make, slider, table, watch } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const N = 24;
export const PATTERNS = ["local", "strided", "global"];

/** true where token i may look at token j. */
export function mask(pattern, size, n = N) {
  const sees = {
    local: (i, j) => Math.abs(i - j) <= size,
    strided: (i, j) => i >= j && (i - j < size || (i - j) % size === 0),
    global: (i, j) => Math.min(i, j) < size,
  }[pattern];
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => sees(i, j)));
}

/** Layers until i can depend on j, the residual included; null where it never can. */
export function hops(may) {
  const n = may.length;
  const steps = may.map((row, i) => row.map((_, j) => (i === j ? 0 : null)));
  for (let layer = 1; layer < n; layer++) {
    const known = steps.map((row) => row.map((step) => step !== null));
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        if (!known[i][j] && may[i].some((sees, middle) => sees && known[middle][j])) steps[i][j] = layer;
  }
  return steps;
}

/** Pairs computed in a layer, pairs reached after `layers`, tokens that the last one depends on then, layers until no more is reached. */
export function reach({ pattern, size, layers }) {
  const may = mask(pattern, size),
    steps = hops(may),
    flat = steps.flat();
  const within = (row) => row.filter((step) => step !== null && step <= layers).length;
  return { may, steps, pairs: may.flat().filter(Boolean).length, reached: within(flat), last: within(steps[N - 1]), most: Math.max(...flat) };
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["pattern", "size", "layers"];
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function choice(model) {
  const name = `attnx-pattern-${++groups}`;
  const inputs = PATTERNS.map((value) => make("input", { type: "radio", name, value, onchange: () => change(model, { pattern: value }) }));
  const chips = PATTERNS.map((text, i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)));
  const element = make("div", { class: "attnx-chips", role: "group", "aria-label": "Pattern" }, chips);
  return { element, update: (state) => inputs.forEach((input) => (input.checked = input.value === state.pattern)) };
}

function control(model, key, label, max) {
  const part = slider({ label, min: 1, max, step: 1, digits: 0, onchange: (value) => change(model, { [key]: value }) });
  const element = make("div", { class: "attnx-control attnx-costcontrol", "data-control": key }, make("span", { class: "attnx-label" }, label), part.range, part.box);
  return { element, update: (state) => part.update(state[key]) };
}

// ---- picture ----------------------------------------------------------------------------------

const CELL = 12;

/** One path for all cells for which `holds`. */
function cells(steps, holds) {
  return steps.flatMap((row, i) => row.flatMap((step, j) => (holds(step, i, j) ? [`M${j * CELL} ${i * CELL}h${CELL - 1}v${CELL - 1}h${1 - CELL}z`] : []))).join("");
}

function picture() {
  const dynamic = make("svg:g", {});
  const side = N * CELL;
  const svg = make(
    "svg:svg",
    { viewBox: `0 0 ${side} ${side}`, style: "inline-size: min(250px, 42cqi); block-size: auto; display: block; margin-inline: auto", role: "img", "data-picture": "",
      "aria-label": "A grid: rows look, columns are seen. Strong: pairs that a layer computes; lighter: what further layers add; faint: not reached. The numbers are below" },
    dynamic,
  );
  const path = (d, opacity) => make("svg:path", { d, fill: "var(--x-weight)", "fill-opacity": opacity });
  const draw = ({ layers }, { may, steps }) =>
    dynamic.replaceChildren(
      make("svg:rect", { width: N * CELL, height: N * CELL, fill: "none" }),
      path(cells(steps, () => true), 0.08),
      path(cells(steps, (step, i, j) => !may[i][j] && step !== null && step <= layers), 0.38),
      path(cells(steps, (step, i, j) => may[i][j]), 1),
    );
  return { element: make("div", {}, svg), update: draw };
}

// ---- numbers ----------------------------------------------------------------------------------

const ALL = N * N;
const GOALS = [
  ["past", "a stride: each token depends on all its past", ({ pattern }, found) => pattern === "strided" && found.reached === (N * (N + 1)) / 2],
  ["window", "a radius of 2: each depends on every other", ({ pattern, size }, found) => pattern === "local" && size === 2 && found.reached === ALL],
  ["hub", "a pattern of 50 pairs or fewer: each depends on every other", (state, found) => found.pairs <= 50 && found.reached === ALL],
];

/** What the state reaches, in words. */
export function sentenceOf({ layers }, { pairs, reached, last }) {
  return `Strong: ${pairs} of ${ALL} pairs, computed. After ${layers} ${layers > 1 ? "layers" : "layer"} ${reached} are reached; the last token depends on ${last}.`;
}

function numbers({ steps, most }) {
  const counts = Array.from({ length: most }, (_, t) => steps.flat().filter((step) => step !== null && step <= t + 1).length);
  return table({
    caption: "Pairs reached, layer by layer",
    columns: ["pairs"],
    rows: counts.map((_, t) => ({ text: `${t + 1}` })),
    cells: counts.map((count) => [{ text: String(count) }]),
    corner: "layers",
    attributes: { class: "attnx-table", "data-table": "reach" },
  });
}

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Reach of a sparse pattern", KEYS, GOALS);
  const parts = [choice(model), control(model, "size", "Size", 8), control(model, "layers", "Layers", N), picture()];
  const place = make("div", { class: "attnx-tables" }),
    legend = make("p", { class: "attnx-legend" }, make("span", {}, "Rows look, columns are seen. Strong: computed in every layer; lighter: what the layers reach together; faint: not reached.")),
    announce = announcer(status);
  body.append(make("div", { class: "attnx-controls" }, parts.slice(0, 3).map((one) => one.element)), parts[3].element);
  more.append(legend, place);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      found = reach(state);
    parts.forEach((one) => one.update(state, found));
    place.replaceChildren(numbers(found));
    ask(state, found);
    announce(sentenceOf(state, found));
  });
}

export default { render };
