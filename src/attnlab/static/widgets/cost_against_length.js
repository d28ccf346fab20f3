// Explorable: what attention costs as the text grows; shares of the operations, and behind them bytes, traffic and the roof.
import { announcer, change, format, frame, make, set, slider, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const PARTS = ["projections", "scores and mix", "feed-forward"];
const SHORTEST = 64,
  LONGEST = 2 ** 20;

/** Operations of one layer on n tokens of width d, by part; a multiplication with its addition is two. */
export function layerFlops(n, d) {
  return { projections: 8 * n * d * d, "scores and mix": 4 * n * n * d, "feed-forward": 16 * n * d * d };
}

/** Shares of the operations of one layer, by part; with the width they depend on length / width alone. */
export function layerShares(n, d) {
  const flops = layerFlops(n, d), total = PARTS.reduce((sum, part) => sum + flops[part], 0);
  return Object.fromEntries(PARTS.map((part) => [part, flops[part] / total]));
}

/** Bytes of the table of scores of one layer. */
export function scoreBytes({ length, heads, bytes_each }) {
  return heads * length * length * bytes_each;
}

/** Bytes of the keys and values of all layers, every head with its own. */
export function cacheBytes({ length, width, layers, bytes_each }) {
  return 2 * layers * width * bytes_each * length;
}

/** (queries, keys) of a Flash-2 block in M elements, null where not one of each fits. */
export function flash2Blocks(n, d, M, mostKeys = 16) {
  const keys = Math.max(1, Math.min(n, mostKeys, Math.floor(M / (8 * d))));
  const queries = Math.min(n, Math.floor((M - keys * d) / (2 * d + keys + 4)));
  return queries < 1 ? null : [queries, keys];
}

/** Elements that Flash-2 moves for one head: 2nd + n + 2nd ceil(n / block), or null. */
export function flash2Traffic(n, d, M) {
  const blocks = flash2Blocks(n, d, M);
  return blocks && 2 * n * d + n + 2 * n * d * Math.ceil(n / blocks[0]);
}

/** The least that standard attention moves for one head: scores and weights out and in, q k v in, o out. */
export function standardTraffic(n, d) {
  return 4 * n * n + 4 * n * d;
}

/** min(peak, intensity · bandwidth): operations a second at best. */
export function attainable(operationsPerByte, peak, bandwidth) {
  return Math.min(peak, operationsPerByte * bandwidth);
}

/** Everything that is shown, for one state. Bytes and operations of one layer, the cache of all layers. */
export function costs(state) {
  const { length, width, heads, memory, bytes_each } = state,
    d = width / heads;
  const peak = state.peak * 1e12,
    bandwidth = state.bandwidth * 1e12;
  const flops = layerFlops(length, width),
    mix = flops["scores and mix"];
  const total = PARTS.reduce((sum, part) => sum + flops[part], 0);
  const way = (operations, elements) => {
    if (elements === null) return null;
    const bytes = elements * bytes_each,
      intensity = operations / bytes,
      speed = attainable(intensity, peak, bandwidth);
    return {
      bytes,
      intensity,
      speed,
      seconds: operations / speed,
      limit: speed < peak ? "memory" : "arithmetic",
    };
  };
  const blocked = flash2Traffic(length, d, Math.floor((memory * 1024) / bytes_each));
  return {
    d_head: d,
    flops,
    total,
    share: layerShares(length, width),
    table: scoreBytes(state),
    cache: cacheBytes(state),
    standard: way(mix, heads * standardTraffic(length, d)),
    blocked: way(mix, blocked === null ? null : heads * blocked),
    token: way(4 * length * width, 2 * length * width),
    rest: (total - mix) / peak,
    ridge: peak / bandwidth,
  };
}

/** The divisor of the width nearest to the wished number of heads, on the scale of ratios. */
export function fittingHeads(width, wished) {
  let best = 1;
  for (let heads = 1; heads <= Math.min(128, width); heads++)
    if (width % heads === 0 && Math.abs(Math.log(heads / wished)) < Math.abs(Math.log(best / wished)))
      best = heads;
  return best;
}

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const DECIMAL = ["", "thousand", "million", "billion", "trillion", "quadrillion"];

function scaled(value, base, names) {
  let step = 0;
  while (step < names.length - 1 && value >= base) [value, step] = [value / base, step + 1];
  const whole = value >= 100 || (step === 0 && Number.isInteger(value));
  return `${format(value, whole ? 0 : value >= 10 ? 1 : 2)} ${names[step]}`;
}

/** 1536 is "1.50 KiB". */
export function bytesText(bytes) {
  return scaled(bytes, 1024, BINARY);
}

/** 2.4e9 is "2.40 billion". */
export function countText(count) {
  return scaled(count, 1000, DECIMAL).trim();
}

/** Seconds as s, ms or µs. */
export function secondsText(seconds) {
  const [unit, size] = seconds >= 1 ? ["s", 1] : seconds >= 1e-3 ? ["ms", 1e-3] : ["µs", 1e-6];
  const value = seconds / size;
  return `${format(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}

/** What decides at this length, in plain words. */
export function verdict(state, c) {
  const share = Math.round(100 * c.share["scores and mix"]);
  const overtakes = `${(6 * state.width).toLocaleString("en")} tokens`;
  const first =
    state.length < 6 * state.width
      ? "Projections and feed-forward decide the operations: " +
        `score and mix take ${share} %, and half only from ${overtakes} on.`
      : `Score and mix decide the operations: ${share} % of them, more than all the rest since ${overtakes}.`;
  return `${first} ${timeVerdict(c)}`;
}

/** Which of the two costs more, and how many times as much. */
export function comparison({ length, width }) {
  const { projections, "scores and mix": scores } = layerFlops(length, width);
  const [more, less, ratio] = scores > projections
    ? ["score and mix cost", "the projections", scores / projections]
    : ["the projections cost", "score and mix", projections / scores];
  const at = `At ${length.toLocaleString("en")} tokens of width ${width.toLocaleString("en")}`;
  if (scores === projections) return `${at} score and mix cost exactly as much as the projections.`;
  return `${at} ${more} ${ratio >= 10 ? format(ratio, 0) : format(ratio, 2)} times as much as ${less}.`;
}

function timeVerdict({ standard, blocked, rest }) {
  if (blocked === null)
    return "Not one query and one key fit into the fast memory, so no block can be formed.";
  const gain = standard.seconds / blocked.seconds;
  if (standard.limit === "arithmetic")
    return "Even standard attention is limited by arithmetic here: its traffic can hide.";
  if (gain < 0.95)
    return "Blocks this small move more than standard attention does: more fast memory is needed.";
  if (gain < 1.05)
    return "Memory limits both ways of computing attention, equally: these blocks are too small to help.";
  const times = format(gain, 1);
  const slower =
    `Under the roof, standard attention waits for memory and takes ${times} times as long as Flash-2`;
  if (blocked.limit === "memory") return `${slower}, which waits for memory too.`;
  return standard.seconds > rest
    ? `${slower}, longer than the whole rest of the layer.`
    : `${slower}, but the rest of the layer takes longer still.`;
}

// ---- goals ------------------------------------------------------------------------------------

const GPT3 = 12288;
const overtakes = ({ flops }) => flops["scores and mix"] / flops.projections >= 1 && flops["scores and mix"] / flops.projections < 1.1;
const GOALS = [
  ["overtake", "the length at which score and mix overtake the projections", (state, c) => overtakes(c) && state.width < GPT3],
  ["wide", "the same length for GPT-3, which is sixteen times as wide", (state, c) => overtakes(c) && state.width === GPT3],
  ["half", "the length at which score and mix take half of all operations", (state, { share }) => share["scores and mix"] >= 0.5 && share["scores and mix"] < 0.53],
];

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["length", "width", "heads", "layers", "memory", "bytes_each", "peak", "bandwidth"];
const MODELS = [
  // width, heads, layers: MiniLM-L6 as in `weights`, GPT-2 small, GPT-3 of 175 billion [brown2020, table 2.1]
  ["MiniLM", { width: 384, heads: 12, layers: 6 }],
  ["GPT-2", { width: 768, heads: 12, layers: 12 }],
  ["GPT-3", { width: GPT3, heads: 96, layers: 96 }],
];
const LOG2 = (step) => ({ to: Math.log2, from: (x) => 2 ** x, step });
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

/** A radio group that looks like a row of buttons; choices are [value, text], `now` picks the value from the state. */
function choice(label, choices, now, onchange, hidden = false) {
  const name = `attnx-cost-${++groups}`;
  const inputs = choices.map(([value]) => make("input", { type: "radio", name, onchange: () => onchange(value) }));
  const chips = choices.map(([, text], i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)));
  const element = make("fieldset", { class: "attnx-choice" }, make("legend", { class: hidden ? "attnx-said" : null }, label), make("div", { class: "attnx-chips" }, chips));
  const update = (state) => inputs.forEach((input, i) => (input.checked = now(state, choices[i][0])));
  return { element, update };
}

function modelChoice(model) {
  const same = (state, sizes) => Object.entries(sizes).every(([key, value]) => state[key] === value);
  return choice("Model", MODELS.map(([name, sizes]) => [sizes, name]), same, (sizes) => change(model, sizes), true);
}

/** The length: its range lies under the picture, whose axis it is. */
function lengthControl(model) {
  const part = slider({ label: "Length, tokens", min: SHORTEST, max: LONGEST, step: 1, digits: 0, scale: LOG2(0.125), onchange: (length) => change(model, { length }) });
  const field = make("label", { class: "attnx-check" }, make("span", { class: "attnx-label" }, "Length, tokens"), part.box);
  const update = (state) => {
    part.update(state.length);
    fillTo(part.range);
  };
  return { range: part.range, field, update };
}

/** Where the thumb of a range stands: at the stop nearest to the value. */
function fillTo(range) {
  range.style.setProperty("--fill", `${(100 * (range.value - range.min)) / (range.max - range.min)}%`);
}

/** One slider with its number box; `fit` mends the wished number before it becomes the state. */
function control(
  model,
  key,
  { label, unit, min, max, step = 1, scale, fit = (value) => ({ [key]: value }) },
) {
  const part = slider({
    label: unit ? `${label}, ${unit}` : label,
    min,
    max,
    step,
    digits: 0,
    scale,
    onchange: (value) => change(model, fit(value)),
  });
  const note = make("span", { class: "attnx-quiet" }, unit ?? "");
  const element = make(
    "div",
    { class: "attnx-control attnx-costcontrol", "data-control": key },
    make("span", { class: "attnx-label" }, label),
    part.range,
    part.box,
    note,
  );
  const update = (state) => {
    part.update(state[key]);
    fillTo(part.range);
  };
  return { element, note, update };
}

function byteChoice(model) {
  const sizes = [[4, "4 (float32)"], [2, "2 (16 bits)"], [1, "1 (8 bits)"]];
  return choice("Bytes a number", sizes, (state, size) => state.bytes_each === size, (bytes_each) => change(model, { bytes_each }));
}

function speed(model, key, label) {
  const box = make("input", { type: "number", min: 0.001, max: 100000, step: "any", inputmode: "decimal" });
  box.addEventListener("input", () => {
    if (box.value !== "" && box.checkValidity()) change(model, { [key]: Number(box.value) });
  });
  box.addEventListener("blur", () => {
    box.value = String(model.get(key));
  });
  const update = (state) => {
    if (document.activeElement !== box) box.value = String(state[key]);
  };
  return { element: make("label", { class: "attnx-field" }, make("span", {}, label), box), update };
}

function settings(model) {
  const heads = (width, wished) => ({ width, heads: fittingHeads(width, wished) });
  const sliders = [
    control(model, "width", {
      label: "Width d",
      unit: "per token",
      min: 64,
      max: 2 ** 14,
      step: 64,
      scale: LOG2(1),
      fit: (value) => heads(value, model.get("heads")),
    }),
    control(model, "heads", {
      label: "Heads",
      min: 1,
      max: 128,
      scale: LOG2(1),
      fit: (value) => heads(model.get("width"), value),
    }),
    control(model, "layers", { label: "Layers", min: 1, max: 128, scale: LOG2(0.5) }),
    control(model, "memory", { label: "Fast memory", unit: "KiB", min: 8, max: 2 ** 16, scale: LOG2(0.5) }),
  ];
  const bytes = byteChoice(model),
    peak = speed(model, "peak", "Peak, TFLOP/s"),
    bandwidth = speed(model, "bandwidth", "Bandwidth, TB/s");
  const element = make(
    "div",
    { class: "attnx-controls" },
    sliders.map((one) => one.element),
    make(
      "div",
      { class: "attnx-choices" },
      bytes.element,
      make("div", { class: "attnx-fields" }, peak.element, bandwidth.element),
    ),
  );
  const update = (state, c) => {
    [...sliders, bytes, peak, bandwidth].forEach((one) => one.update(state));
    write(sliders[1].note, `of width ${c.d_head}`);
  };
  return { element, update };
}

// ---- the picture ------------------------------------------------------------------------------

const ORDER = ["feed-forward", "projections", "scores and mix"]; // from the ground up
const LINE = { projections: "p", "scores and mix": "s", "feed-forward": "f" };
const NAMED = { "scores and mix": "score and mix" };
const STOPS = 80;
const placeOf = (length) => (100 * Math.log2(length / SHORTEST)) / Math.log2(LONGEST / SHORTEST);

/** The band of each part over all lengths, as polygons in percent: [[x, y], ...], y from the top. */
export function bands(width) {
  const lengths = Array.from({ length: STOPS + 1 }, (_, i) => SHORTEST * (LONGEST / SHORTEST) ** (i / STOPS));
  const floors = lengths.map(() => 0);
  return Object.fromEntries(ORDER.map((part) => {
    const below = lengths.map((n, i) => [placeOf(n), 100 - 100 * floors[i]]);
    lengths.forEach((n, i) => (floors[i] += layerShares(n, width)[part]));
    return [part, [...below, ...lengths.map((n, i) => [placeOf(n), 100 - 100 * floors[i]]).reverse()]];
  }));
}

/** Shares of the operations over all lengths, stacked; the marker stands at the present one. */
function sharesPicture(range) {
  const areas = Object.fromEntries(ORDER.map((part) => [part, make("svg:path", { class: `attnx-band attnx-band-${LINE[part]}` })]));
  const svg = make("svg:svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": "Shares of the operations of one layer over its length" }, Object.values(areas));
  const marker = make("span", { class: "attnx-costmarker" });
  const labels = Object.fromEntries(ORDER.map((part) => [part, make("span", { class: `attnx-bandlabel attnx-bandlabel-${LINE[part]}` },
    make("span", { class: "attnx-label" }, NAMED[part] ?? part), make("span", { "data-reading": part }))]));
  const ticks = [64, 1024, 16384, 262144].map((n) => make("span", { style: `inset-inline-start:${placeOf(n)}%`, class: "attnx-label" }, n < 1024 ? String(n) : `${n / 1024}k`));
  const element = make("div", { class: "attnx-costpicture", "data-picture": "" },
    make("div", { class: "attnx-costplot" }, svg, marker, Object.values(labels)), range, make("div", { class: "attnx-costticks", "aria-hidden": "true" }, ticks));
  let drawn = null;
  const update = (state, c) => {
    if (drawn !== state.width)
      for (const [part, points] of Object.entries(bands(state.width))) areas[part].setAttribute("d", `M${points.map((point) => point.map((x) => x.toFixed(2)).join(" ")).join("L")}Z`);
    drawn = state.width;
    marker.style.insetInlineStart = `${placeOf(state.length)}%`;
    for (const part of ORDER) write(labels[part].lastChild, `${format(100 * c.share[part], 0)} %`);
  };
  return { element, update };
}

// ---- the roof ------------------------------------------------------------------------------------

const BOX = { left: 40, right: 312, top: 12, bottom: 150 };

/** Log-log axes: maps a pair of numbers to the picture. */
function axes([x0, x1], [y0, y1]) {
  const share = (value, low, high) =>
    (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low));
  return {
    x: (value) => BOX.left + share(value, x0, x1) * (BOX.right - BOX.left),
    y: (value) => BOX.bottom - share(value, y0, y1) * (BOX.bottom - BOX.top),
  };
}

function picture(label) {
  const dynamic = make("svg:g", {});
  const svg = make(
    "svg:svg",
    { viewBox: "0 0 320 186", class: "attnx-chart", role: "img", "aria-label": label },
    dynamic,
  );
  return { svg, dynamic };
}

function decades(low, high, every = 1) {
  const first = Math.ceil(Math.log10(low) - 1e-9),
    last = Math.floor(Math.log10(high) + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i).filter(
    (e) => e % every === 0,
  );
}

function power(exponent) {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const raised = [...String(Math.abs(exponent))].map((digit) => digits[digit]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${raised}`;
}

/** Grid lines and numbers of both axes. */
function scaffold(at, xs, ys, title) {
  const { left, right, top, bottom } = BOX;
  return [
    ...xs.flatMap(([value, text]) => [
      make("svg:line", { class: "attnx-grid", x1: at.x(value), x2: at.x(value), y1: top, y2: bottom }),
      make("svg:text", { x: at.x(value), y: bottom + 14, "text-anchor": "middle" }, text),
    ]),
    ...ys.flatMap(([value, text]) => [
      make("svg:line", { class: "attnx-grid", x1: left, x2: right, y1: at.y(value), y2: at.y(value) }),
      make("svg:text", { x: left - 5, y: at.y(value) + 4, "text-anchor": "end" }, text),
    ]),
    make("svg:line", { class: "attnx-axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    make("svg:text", { x: (left + right) / 2, y: 182, "text-anchor": "middle" }, title),
  ];
}

const SHAPE = {
  p: (x, y) => make("svg:circle", { cx: x, cy: y, r: 4.5 }),
  s: (x, y) => make("svg:rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9 }),
  f: (x, y) => make("svg:path", { d: `M${x} ${y - 6} L${x + 6} ${y + 4.5} L${x - 6} ${y + 4.5} Z` }),
};
const MARK = { p: "●", s: "■", f: "▲" };

function mark(kind, x, y) {
  return make("svg:g", { class: `attnx-cost-${kind} attnx-costdot` }, SHAPE[kind](x, y));
}

function legend(entries) {
  return make(
    "p",
    { class: "attnx-legend" },
    entries.map(([kind, text]) =>
      make("span", {}, make("span", { class: `attnx-costink-${kind}` }, MARK[kind]), ` ${text}`),
    ),
  );
}

const WAYS = [
  ["token", "p", "one new token"],
  ["standard", "s", "standard"],
  ["blocked", "f", "Flash-2"],
];

/** The roof: attainable speed over operations a byte, and where each way of computing stands under it. */
function roofChart() {
  const { svg, dynamic } = picture(
    "The roof over attention: speed at best over operations a byte; the numbers are in the table",
  );
  const draw = (state, c) => {
    const ways = WAYS.filter(([key]) => c[key]),
      all = [...ways.map(([key]) => c[key].intensity), c.ridge];
    const xs = [Math.min(0.5, ...all) / 2, Math.max(2000, ...all) * 2];
    const best = (i) => attainable(i, state.peak, state.bandwidth);
    const at = axes(xs, [best(xs[0]) / 1.5, state.peak * 2]);
    const corner = Math.min(c.ridge, xs[1]);
    const roof = make("svg:path", {
      class: "attnx-curve attnx-roof",
      d: [xs[0], corner, xs[1]].map((i, k) => `${k ? "L" : "M"}${at.x(i)} ${at.y(best(i))}`).join(""),
    });
    const xticks = decades(...xs).map((e) => [10 ** e, e < 0 ? String(10 ** e) : power(e)]);
    const yticks = decades(best(xs[0]) / 1.5, state.peak * 2).map((e) => [
      10 ** e,
      String(Number((10 ** e).toPrecision(1))),
    ]);
    const dots = ways.map(([key, kind]) => mark(kind, at.x(c[key].intensity), at.y(best(c[key].intensity))));
    const ridge = make("svg:line", {
      class: "attnx-ridge",
      x1: at.x(corner),
      x2: at.x(corner),
      y1: at.y(best(corner)),
      y2: BOX.bottom,
    });
    const word = (text, side, anchor) =>
      make("svg:text", { x: at.x(corner) + side, y: BOX.bottom - 7, "text-anchor": anchor }, text);
    const words = [
      at.x(corner) - BOX.left > 50 ? word("memory", -6, "end") : null,
      BOX.right - at.x(corner) > 60 ? word("arithmetic", 6, "start") : null,
    ];
    const marks = [ridge, roof, ...words.filter(Boolean), ...dots];
    dynamic.replaceChildren(...scaffold(at, xticks, yticks, "operations a byte"), ...marks);
  };
  const element = make(
    "div",
    {},
    make("p", { class: "attnx-label" }, "The roof: TFLOP/s at best, and what limits"),
    svg,
    legend(WAYS.map(([, kind, text]) => [kind, text])),
  );
  return { element, update: draw };
}

// ---- numbers ----------------------------------------------------------------------------------

function partsTable(c) {
  const largest = PARTS.reduce((a, b) => (c.flops[a] >= c.flops[b] ? a : b));
  const rows = PARTS.map((part) => ({ text: part, row: { class: part === largest ? "attnx-top1" : null } }));
  return table({
    caption: "Operations of one layer",
    columns: ["operations", "share"],
    rows,
    cells: PARTS.map((part) => [
      { text: countText(c.flops[part]), "data-flops": part },
      { text: `${format(100 * c.share[part], 1)} %`, "data-share": part },
    ]),
    attributes: { class: "attnx-table attnx-costtable", "data-table": "operations" },
  });
}

function bytesTable(c) {
  return table({
    caption: "Memory for one text",
    columns: ["bytes"],
    rows: ["table of scores, one layer", "cache, all layers"].map((text) => ({ text })),
    cells: [
      [{ text: bytesText(c.table), "data-bytes": "table" }],
      [{ text: bytesText(c.cache), "data-bytes": "cache" }],
    ],
    attributes: { class: "attnx-table attnx-costtable", "data-table": "bytes" },
  });
}

function waysTable(c) {
  const shown = [
    ["moved", (way) => bytesText(way.bytes)],
    ["ops a byte", (way) => format(way.intensity, way.intensity < 10 ? 2 : way.intensity < 100 ? 1 : 0)],
    ["TFLOP/s", (way) => format(way.speed / 1e12, way.speed < 1e14 ? 1 : 0)],
    ["time", (way) => secondsText(way.seconds)],
    ["limit", (way) => way.limit],
  ];
  return table({
    caption: [
      "Attention of one layer under the roof",
      make(
        "span",
        { class: "attnx-captionnote" },
        `ridge at ${format(c.ridge, 0)} operations a byte; times at best`,
      ),
    ],
    columns: ["standard", "Flash-2", "one token"],
    rows: shown.map(([text]) => ({ text })),
    cells: shown.map(([, text]) =>
      ["standard", "blocked", "token"].map((key) => ({
        text: c[key] ? text(c[key]) : "no room",
        "data-way": key,
      })),
    ),
    attributes: { class: "attnx-table attnx-costtable", "data-table": "ways" },
  });
}

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Cost against length", KEYS, GOALS);
  const length = lengthControl(model);
  const parts = [length, modelChoice(model), sharesPicture(length.range), settings(model), roofChart()];
  const [, models, shares, numbersOf, roof] = parts;
  const numbers = make("div", { class: "attnx-tables attnx-costtables" }),
    rest = make("p", { class: "attnx-quiet" }),
    sentence = make("p", { class: "attnx-worked", "data-verdict": true }),
    announce = announcer(status);
  body.append(make("div", { class: "attnx-costchoices" }, models.element, length.field), shares.element);
  more.append(sentence, numbersOf.element, make("div", { class: "attnx-columns" }, roof.element, numbers), rest);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      c = costs(state);
    parts.forEach((part) => part.update(state, c));
    numbers.replaceChildren(waysTable(c), partsTable(c), bytesTable(c));
    write(sentence, verdict(state, c));
    write(
      rest,
      `For comparison, projections and feed-forward at the peak: ${secondsText(c.rest)} a layer. ` +
        "Standard attention is charged the least it can move, 4n² + 4nd numbers a head.",
    );
    ask(state, c);
    announce(comparison(state));
  });
}

export default { render };
