// Explorable: attention as kernel regression; the width of the bump is the square root of the temperature.
import {
  announcer,
  change,
  clamp,
  dot,
  format,
  formatSmall,
  frame,
  heat,
  make,
  set,
  slider,
  softmax,
  table,
  watch,
  write,
} from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

const EDGE = 3; // places go from -3 to 3
const RADIUS = EDGE / Math.PI; // of the circle into which that line is bent

/** A place as a vector: the number itself, or a point of the circle with the same distance along it. */
export function vector(place, space) {
  if (space === "line") return [place];
  return [RADIUS * Math.cos(place / RADIUS), RADIUS * Math.sin(place / RADIUS)];
}

/** |a - b|², from the differences. */
export function squaredDistance(a, b) {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
}

/** softmax(-|q - k|² / 2 at temperature width²): a Gaussian bump around each key, divided by their sum. */
export function byDistance({ places, query, width, space }) {
  const q = vector(query, space);
  return softmax(
    places.map((key) => -squaredDistance(q, vector(key, space)) / 2),
    width ** 2,
  );
}

/** softmax(q · k at temperature width²): dot-product attention with the scale 1 / width². */
export function byDot({ places, query, width, space }) {
  const q = vector(query, space);
  return softmax(
    places.map((key) => dot(q, vector(key, space))),
    width ** 2,
  );
}

/** The mix of the values under both kinds of weights, for each place of the query. */
export function curves(state, queries) {
  return queries.map((query) => ({
    query,
    distance: dot(byDistance({ ...state, query }), state.values),
    dot: dot(byDot({ ...state, query }), state.values),
  }));
}

/** The largest difference between two rows of weights. */
export function gap(a, b) {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

/** One sentence on what the width does, one on whether distance and dot product agree. */
export function verdict(state) {
  const weights = byDistance(state),
    top = Math.max(...weights),
    low = Math.min(...weights),
    apart = gap(weights, byDot(state));
  const mixed = format(dot(weights, state.values));
  const first =
    top > 0.999
      ? `A look-up: the nearest key, number ${weights.indexOf(top) + 1}, has all the weight.`
      : top - low < 0.01
        ? `An average: every key has about 1/${weights.length}, and the mix is the mean of all values.`
        : `In between: the mix ${mixed} is made of the neighbours, the nearer the more.`;
  const second =
    apart < 1e-9
      ? "Distance and dot product give the same weights."
      : `Distance and dot product differ by up to ${formatSmall(apart, 2)} in a weight.`;
  return `${first} ${second}`;
}

/** Where the query lies for a horizontal share 0..1 of the picture, to two digits. */
export function placeAt(share) {
  return Number(clamp((2 * share - 1) * EDGE, -EDGE, EDGE).toFixed(2)) + 0;
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["places", "values", "query", "width", "space"];
const NARROWEST = 0.05,
  WIDEST = 50;
const LOG = { to: Math.log10, from: (x) => 10 ** x, step: 0.01 };
const SPACES = [
  ["line", "on a line"],
  ["circle", "on a circle: one norm"],
];
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function queryControl(model) {
  const part = slider({
    label: "Query, its place",
    min: -EDGE,
    max: EDGE,
    step: 0.05,
    onchange: (query) => change(model, { query }),
  });
  const element = make(
    "div",
    { class: "attnx-control" },
    make("span", { class: "attnx-label attnx-ink-q" }, "Query"),
    part.range,
    part.box,
    make("span", { class: "attnx-quiet" }, "or drag in the picture"),
  );
  return { element, update: (state) => part.update(state.query) };
}

function widthControl(model) {
  const part = slider({
    label: "Width of the bump",
    min: NARROWEST,
    max: WIDEST,
    step: "any",
    scale: LOG,
    onchange: (width) => change(model, { width }),
  });
  const stops = [
    [NARROWEST, "→ 0"],
    [0.7, "0.7"],
    [WIDEST, "→ ∞"],
  ].map(([width, text]) =>
    make(
      "button",
      {
        type: "button",
        class: "attnx-button",
        "data-width": width,
        "aria-label": `Width ${width}`,
        onclick: () => change(model, { width }),
      },
      text,
    ),
  );
  const element = make(
    "div",
    { class: "attnx-control" },
    make("span", { class: "attnx-label" }, "Width"),
    part.range,
    part.box,
    make("span", { class: "attnx-buttons" }, stops),
  );
  return { element, update: (state) => part.update(state.width) };
}

function spaceControl(model) {
  const name = `attnx-space-${++groups}`;
  const inputs = SPACES.map(([value]) =>
    make("input", { type: "radio", name, value, onchange: () => change(model, { space: value }) }),
  );
  const chips = SPACES.map(([, text], i) =>
    make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)),
  );
  const element = make("div", { class: "attnx-chips", role: "group", "aria-label": "Keys and query" }, chips);
  const update = (state) =>
    inputs.forEach((input) => {
      input.checked = input.value === state.space;
    });
  return { element, update };
}

// ---- picture ----------------------------------------------------------------------------------

const BOX = { left: 44, right: 466, top: 10, bottom: 168 };
const PLACES = Array.from({ length: 241 }, (_, i) => -EDGE + (2 * EDGE * i) / 240);

function across(place) {
  return BOX.left + ((place + EDGE) / (2 * EDGE)) * (BOX.right - BOX.left);
}

/** Maps a value to the picture: all values and zero, with a little air. */
function upward(values) {
  const low = Math.min(0, ...values),
    high = Math.max(0, ...values),
    air = 0.12 * (high - low || 1);
  const share = (value) => (value - low + air) / (high - low + 2 * air);
  return (value) => BOX.bottom - share(value) * (BOX.bottom - BOX.top);
}

function path(points, up, key) {
  return points
    .map((point, i) => `${i ? "L" : "M"}${across(point.query).toFixed(1)} ${up(point[key]).toFixed(1)}`)
    .join("");
}

/** Values over places, both curves, a bump of weight below each key, the query as a line. */
function picture(model) {
  const dynamic = make("svg:g", {});
  const svg = make(
    "svg:svg",
    {
      viewBox: "0 0 480 214",
      class: "attnx-chart attnx-kernelchart",
      "data-picture": "",
      role: "img",
      "aria-label": "Values over places, and the mix for every place of the query; the numbers are in the table",
    },
    dynamic,
  );
  const move = (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 480;
    change(model, { query: placeAt((x - BOX.left) / (BOX.right - BOX.left)) });
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    svg.setPointerCapture(event.pointerId);
    move(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) move(event);
  });
  const update = (state, weights) => dynamic.replaceChildren(...drawing(state, weights));
  return { svg, update };
}

function drawing(state, weights) {
  const up = upward(state.values),
    points = curves(state, PLACES),
    here = across(state.query),
    [now] = curves(state, [state.query]);
  const line = (attributes) => make("svg:line", attributes);
  const grid = [...new Set([0, Math.min(...state.values), Math.max(...state.values)])].flatMap((value) => [
    line({ class: "attnx-grid", x1: BOX.left, x2: BOX.right, y1: up(value), y2: up(value) }),
    make("svg:text", { x: BOX.left - 5, y: up(value) + 4, "text-anchor": "end" }, format(value, 1)),
  ]);
  const ticks = [-3, -2, -1, 0, 1, 2, 3].map((place) =>
    make("svg:text", { x: across(place), y: 207, "text-anchor": "middle" }, format(place, 0)),
  );
  const keys = state.places.map((key, i) => keyMark(across(key), up(state.values[i]), weights[i], i));
  return [
    ...grid,
    line({ class: "attnx-axis", x1: BOX.left, x2: BOX.right, y1: 194, y2: 194 }),
    ...ticks,
    line({ class: "attnx-kernelquery", x1: here, x2: here, y1: BOX.top, y2: 194 }),
    make("svg:path", { class: "attnx-curve attnx-kerneldot", d: path(points, up, "dot") }),
    make("svg:path", { class: "attnx-curve attnx-kernelmix", d: path(points, up, "distance") }),
    ...keys,
    make("svg:circle", { class: "attnx-kernelhere", cx: here, cy: up(now.distance), r: 6 }),
    make("svg:path", { class: "attnx-kernelhandle", d: `M${here} 186 l7 8 l-7 8 l-7 -8 Z` }),
  ];
}

/** A key on the axis with its weight as a bar above it, and its value as a triangle. */
function keyMark(x, y, weight, i) {
  const height = 26 * weight;
  return make(
    "svg:g",
    {},
    make("svg:rect", { class: "attnx-kernelbar", x: x - 6, y: 194 - height, width: 12, height }),
    make("svg:rect", { class: "attnx-kernelkey", x: x - 4, y: 190, width: 8, height: 8 }),
    make("svg:path", { class: "attnx-kernelvalue", d: `M${x} ${y - 7} l7 12 l-14 0 Z` }),
    make("svg:text", { class: "attnx-kernelname", x: x + 9, y: y - 5 }, `${i + 1}`),
  );
}

function legend() {
  const entries = [
    ["attnx-ink-v", "▲", "value"],
    ["attnx-ink-k", "■", "key, weight"],
    ["attnx-ink-q", "◆", "query"],
    ["attnx-ink-o", "━", "mix by distance"],
    ["attnx-quiet", "╍", "by dot product"],
  ];
  return make(
    "p",
    { class: "attnx-legend" },
    entries.map(([css, sign, text]) => make("span", {}, make("span", { class: css }, sign), ` ${text}`)),
  );
}

// ---- numbers ----------------------------------------------------------------------------------

function weightTable(state, distance, product) {
  const at = vector(state.query, state.space);
  const rows = state.places.map((_, i) => ({ text: `${i + 1}`, class: "attnx-ink-k" }));
  const cells = state.places.map((key, i) => [
    { text: format(key) },
    { text: format(state.values[i]), class: "attnx-cell-v" },
    { text: format(Math.sqrt(squaredDistance(at, vector(key, state.space)))) },
    { text: format(distance[i], 3), "data-weight": i, ...heat(distance[i]) },
    { text: format(product[i], 3), "data-dot": i, ...heat(product[i]) },
  ]);
  return table({
    caption: "Weights of the query, computed in two ways",
    corner: "key",
    columns: ["place", "value", "distance", "by distance", "by dot product"],
    rows,
    cells,
    attributes: { class: "attnx-table attnx-kerneltable", "data-table": "weights" },
  });
}

function result(name, key) {
  const value = make("span", { class: "attnx-strong", "data-meter": key });
  const element = make("p", {}, `${name} `, value);
  const update = (amount, text) => {
    write(value, text);
    set(value, { "data-value": amount });
  };
  return { element, update };
}

function numbers() {
  const parts = {
    temperature: result("Temperature, width²:", "temperature"),
    mix: result("Mix by distance:", "mix"),
    dot: result("Mix by dot product:", "dot"),
    gap: result("Largest difference:", "gap"),
  };
  const box = make("div", { class: "attnx-scroll" });
  const element = make(
    "div",
    { class: "attnx-kernelnumbers" },
    box,
    make(
      "div",
      {},
      Object.values(parts).map((part) => part.element),
    ),
  );
  const update = (state, distance, product) => {
    const mixes = [dot(distance, state.values), dot(product, state.values)],
      apart = gap(distance, product);
    box.replaceChildren(weightTable(state, distance, product));
    parts.temperature.update(state.width ** 2, formatSmall(state.width ** 2));
    parts.mix.update(mixes[0], format(mixes[0], 3));
    parts.dot.update(mixes[1], format(mixes[1], 3));
    parts.gap.update(apart, apart < 1e-9 ? "0.000" : formatSmall(apart));
  };
  return { element, update };
}

const GOALS = [
  ["look-up", "a width: one key has more than 99 % of the weight", (state, weights) => Math.max(...weights) > 0.99],
  ["mean", "a width: all keys weigh the same, to 1 %", (state, weights) => Math.max(...weights) - Math.min(...weights) < 0.01],
  ["one", "a place for the keys where both curves are one", (state, weights, product) => gap(weights, product) < 1e-9],
];

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Temperature and kernel width", KEYS, GOALS);
  const controls = [widthControl(model), spaceControl(model), queryControl(model)];
  const chart = picture(model),
    shown = numbers(),
    announce = announcer(status);
  const [width, space, query] = controls.map((control) => control.element);
  body.append(make("div", { class: "attnx-controls" }, width, space), make("div", {}, chart.svg, legend()));
  more.append(query, shown.element);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      distance = byDistance(state),
      product = byDot(state);
    controls.forEach((control) => control.update(state));
    chart.update(state, distance);
    shown.update(state, distance, product);
    ask(state, distance, product);
    announce(verdict(state));
  });
}

export default { render };
