// Explorable: what each bias can be, against the distance; ALiBi's line, T5's steps, Shaw's free start.
import { announcer, change, format, frame, make, slider, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const FARTHEST = 64;
export const WISHES = [
  ["steady", "the nearer the better"],
  ["previous", "only the previous token"],
  ["logarithm", "orders of magnitude"],
  ["seventh", "every seventh token"],
];

/** What a head would like to add to the score of a key so far back. */
export function wished(wish, distance) {
  if (wish === "steady") return -0.1 * distance;
  if (wish === "previous") return distance === 1 ? 0 : -4;
  if (wish === "logarithm") return -Math.log2(1 + distance);
  return distance % 7 === 0 ? 0 : -3;
}

/** 2^(-8 head / heads), heads a power of two, the first head being 1. */
export function slope(heads, head) {
  return 2 ** ((-8 * head) / heads);
}

/** T5's bucket of a distance into the past: half of them exact, half equal in the logarithm up to `most`. */
export function bucket(distance, buckets, most) {
  const exact = buckets / 2;
  if (distance < exact) return distance;
  let step = 0;
  while (step < exact - 1 && distance >= exact * (most / exact) ** ((step + 1) / exact) * (1 - 1e-9)) step++;
  return exact + step;
}

/** The best that one number for each row can do: the mean wish of the distances that share the row. */
export function fitted(rows, wishes) {
  const sums = new Map();
  rows.forEach((row, i) => {
    const [total, count] = sums.get(row) ?? [0, 0];
    sums.set(row, [total + wishes[i], count + 1]);
  });
  return rows.map((row) => sums.get(row)[0] / sums.get(row)[1]);
}

/** Wish and biases at the distances 0 ... 64, and the row that each distance uses. */
export function shapes(state) {
  const distances = Array.from({ length: FARTHEST + 1 }, (_, r) => r);
  const wish = distances.map((r) => wished(state.wish, r));
  const rows = {
    t5: distances.map((r) => bucket(r, state.buckets, state.most)),
    shaw: distances.map((r) => Math.min(r, state.reach)),
  };
  const biases = {
    alibi: distances.map((r) => -slope(state.heads, state.head) * r),
    t5: fitted(rows.t5, wish),
    shaw: fitted(rows.shaw, wish),
  };
  const gap = (bias) => Math.sqrt(bias.reduce((sum, b, i) => sum + (b - wish[i]) ** 2, 0) / bias.length);
  const gaps = Object.fromEntries(Object.entries(biases).map(([name, bias]) => [name, gap(bias)]));
  return { distances, wish, rows, biases, gaps };
}

/** Which scheme comes nearest to the wish, in words. */
export function verdict(state, { gaps }) {
  const names = { alibi: "ALiBi", t5: "T5", shaw: "Shaw" };
  const order = Object.keys(names).sort((a, b) => gaps[a] - gaps[b]);
  const [best, , worst] = order;
  return (
    `Nearest to the wish: ${names[best]}, off by ${format(gaps[best])} in the root mean square; ` +
    `furthest: ${names[worst]}, by ${format(gaps[worst])}. ` +
    `Learned numbers in use: ALiBi none, T5 ${state.buckets}, Shaw ${state.reach + 1} (vectors, in truth).`
  );
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["wish", "heads", "head", "buckets", "most", "reach", "distance"];
const POWERS = { to: Math.log2, from: (x) => 2 ** Math.round(x), step: 1 };
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function wishChoice(model) {
  const name = `attnx-wish-${++groups}`;
  const inputs = WISHES.map(([value]) =>
    make("input", { type: "radio", name, value, onchange: () => change(model, { wish: value }) }),
  );
  const chips = WISHES.map(([, text], i) =>
    make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)),
  );
  const element = make(
    "fieldset",
    { class: "attnx-choice" },
    make("legend", {}, "What the head would like"),
    make("div", { class: "attnx-chips" }, chips),
  );
  return { element, update: (state) => inputs.forEach((input) => (input.checked = input.value === state.wish)) };
}

function control(model, key, { label, note = "", min, max, scale, fit = (value) => ({ [key]: value }) }) {
  const part = slider({
    label,
    min,
    max,
    step: 1,
    digits: 0,
    scale,
    onchange: (value) => change(model, fit(value)),
  });
  const element = make(
    "div",
    { class: "attnx-control attnx-costcontrol", "data-control": key },
    make("span", { class: "attnx-label" }, label),
    part.range,
    part.box,
    make("span", { class: "attnx-quiet" }, note),
  );
  return { element, update: (state) => part.update(state[key]) };
}

/** A power of two near the wished number. */
function power(value) {
  return 2 ** Math.round(Math.log2(Math.max(1, value)));
}

function controls(model) {
  const parts = [
    control(model, "distance", { label: "Distance", note: "tokens back", min: 0, max: FARTHEST }),
    control(model, "heads", {
      label: "ALiBi heads",
      note: "a power of two",
      min: 1,
      max: 16,
      scale: POWERS,
      fit: (value) => ({ heads: power(value), head: Math.min(model.get("head"), power(value)) }),
    }),
    control(model, "head", {
      label: "ALiBi head",
      note: "1 is the steepest",
      min: 1,
      max: 16,
      fit: (value) => ({ head: Math.min(value, model.get("heads")) }),
    }),
    control(model, "buckets", {
      label: "T5 buckets",
      note: "a power of two",
      min: 4,
      max: 32,
      scale: POWERS,
      fit: (value) => ({ buckets: Math.max(4, power(value)) }),
    }),
    control(model, "most", { label: "T5 distance", note: "then one bucket", min: 20, max: 128 }),
    control(model, "reach", { label: "Shaw reach", note: "then one vector", min: 1, max: FARTHEST }),
  ];
  const choice = wishChoice(model);
  const element = make("div", { class: "attnx-controls" }, choice.element, parts.map((one) => one.element));
  return { element, update: (state) => [choice, ...parts].forEach((one) => one.update(state)) };
}

// ---- chart ------------------------------------------------------------------------------------

const BOX = { left: 34, right: 472, top: 10, bottom: 178 };
const LOWEST = -7;
const SERIES = [
  ["wish", "wish (thick)", "attnx-roof", "━"],
  ["alibi", "ALiBi (dotted)", "attnx-cost-p", "┅"],
  ["t5", "T5 (steps)", "attnx-cost-s", "━"],
  ["shaw", "Shaw (dashed)", "attnx-cost-f", "╍"],
];

function at(distance, bias) {
  const x = BOX.left + (distance / FARTHEST) * (BOX.right - BOX.left);
  const y = BOX.top + (Math.max(bias, LOWEST) / LOWEST) * (BOX.bottom - BOX.top);
  return [x, y];
}

function chart() {
  const dynamic = make("svg:g", {});
  const svg = make(
    "svg:svg",
    { viewBox: "0 0 480 222", class: "attnx-chart attnx-widechart", role: "img",
      "aria-label": "Bias of each scheme against the distance; the numbers are in the table" },
    dynamic,
  );
  const draw = (state, found) => {
    const lines = SERIES.map(([key, , kind]) => {
      const bias = key === "wish" ? found.wish : found.biases[key];
      const path = bias.map((b, r) => `${r ? "L" : "M"}${at(r, b).map((v) => v.toFixed(2)).join(" ")}`).join("");
      return make("svg:path", { class: `attnx-curve ${kind}`, "data-curve": key, d: path });
    });
    const ticks = [0, 16, 32, 48, 64].map((r) =>
      make("svg:text", { x: at(r, 0)[0], y: BOX.bottom + 18, "text-anchor": r < 64 ? "middle" : "end" }, String(r)),
    );
    const grid = [0, -2, -4, -6].flatMap((b) => [
      make("svg:line", { class: "attnx-grid", x1: BOX.left, x2: BOX.right, y1: at(0, b)[1], y2: at(0, b)[1] }),
      make("svg:text", { x: BOX.left - 6, y: at(0, b)[1] + 4, "text-anchor": "end" }, format(b, 0)),
    ]);
    const here = at(state.distance, 0)[0];
    const cursor = make("svg:line", { class: "attnx-marker", x1: here, x2: here, y1: BOX.top, y2: BOX.bottom });
    const title = make("svg:text", { x: 252, y: 217, "text-anchor": "middle" }, "distance into the past");
    dynamic.replaceChildren(...grid, ...ticks, title, cursor, ...lines);
  };
  const legend = make(
    "p",
    { class: "attnx-legend" },
    SERIES.map(([, name, kind, sign]) =>
      make("span", {}, make("span", { class: kind.replace("attnx-cost-", "attnx-costink-") }, sign), ` ${name}`),
    ),
    make("span", {}, "below −7 the curves are cut off"),
  );
  return { element: make("div", {}, svg, legend), update: draw };
}

// ---- numbers ----------------------------------------------------------------------------------

function numbers(state, found) {
  const r = state.distance;
  const rows = [
    ["wish", "", found.wish[r]],
    ["ALiBi", `m = ${format(slope(state.heads, state.head), 3)}`, found.biases.alibi[r], found.gaps.alibi],
    ["T5", `bucket ${found.rows.t5[r]}`, found.biases.t5[r], found.gaps.t5],
    ["Shaw", `row ${found.rows.shaw[r]}`, found.biases.shaw[r], found.gaps.shaw],
  ];
  return table({
    caption: [
      `At distance ${r}`,
      make("span", { class: "attnx-captionnote" }, "miss: root mean square over 0 to 64"),
    ],
    columns: ["uses", "bias", "e^bias", "miss"],
    rows: rows.map(([text]) => ({ text })),
    cells: rows.map(([name, uses, bias, gap]) => [
      { text: uses },
      { text: format(bias), "data-bias": name },
      { text: format(Math.exp(bias), 3) },
      { text: gap === undefined ? "" : format(gap), "data-gap": name },
    ]),
    attributes: { class: "attnx-table attnx-costtable", "data-table": "biases" },
  });
}

function render({ model, el }) {
  const { root, body, status } = frame(model, "Bias shapes", KEYS);
  const parts = [controls(model), chart()];
  const place = make("div", { class: "attnx-tables" }),
    sentence = make("p", { class: "attnx-worked", "data-verdict": true }),
    announce = announcer(status);
  body.append(parts[0].element, parts[1].element, place, sentence);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      found = shapes(state);
    parts.forEach((one) => one.update(state, found));
    place.replaceChildren(numbers(state, found));
    write(sentence, verdict(state, found));
    announce(
      `Distance ${state.distance}: ALiBi ${format(found.biases.alibi[state.distance])}, ` +
        `T5 ${format(found.biases.t5[state.distance])}, Shaw ${format(found.biases.shaw[state.distance])}.`,
    );
  });
}

export default { render };
