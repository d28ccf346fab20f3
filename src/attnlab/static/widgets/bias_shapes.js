// Explorable: bend a bias until the head looks where it should; ALiBi's line, T5's steps, Shaw's free start.
import { announcer, change, format, frame, make, slider, softmax, table, watch, write } from "./common.js";

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

/** How much of the weight is where it should be, all other scores being equal: the sum of the smaller of the two. */
export function overlap(bias, wish) {
  const [own, wanted] = [softmax(bias), softmax(wish)];
  return own.reduce((sum, weight, r) => sum + Math.min(weight, wanted[r]), 0);
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

const KEYS = ["wish", "scheme", "heads", "head", "buckets", "most", "reach", "distance"];
const SCHEMES = [
  ["alibi", "ALiBi", "head"],
  ["t5", "T5", "buckets"],
  ["shaw", "Shaw", "reach"],
];
const POWERS = { to: Math.log2, from: (x) => 2 ** Math.round(x), step: 1 };
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function wishChoice(model) {
  const list = make("select", { onchange: () => change(model, { wish: list.value }) });
  list.append(...WISHES.map(([value, text]) => make("option", { value }, text)));
  const element = make("label", { class: "attnx-field attnx-pick attnx-beside" }, make("span", {}, "It should look at"), list);
  return { element, update: (state) => (list.value = state.wish) };
}

function schemeChoice(model) {
  const name = `attnx-scheme-${++groups}`;
  const inputs = SCHEMES.map(([value]) =>
    make("input", { type: "radio", name, value, onchange: () => change(model, { scheme: value }) }),
  );
  const chips = SCHEMES.map(([, text], i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)));
  const element = make("div", { class: "attnx-chips", role: "group", "aria-label": "The bias to bend" }, make("span", { class: "attnx-quiet" }, "Bend"), chips);
  return { element, update: (state) => inputs.forEach((input) => (input.checked = input.value === state.scheme)) };
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
    { class: `attnx-control attnx-costcontrol${SCHEMES.some((one) => one[2] === key) ? " attnx-bend" : ""}`, "data-control": key },
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

/** The wish, the scheme, and the one slider that bends its curve. */
function controls(model) {
  const wish = wishChoice(model),
    scheme = schemeChoice(model);
  const bends = {
    head: control(model, "head", {
      label: "ALiBi head",
      note: "1 is the steepest",
      min: 1,
      max: 16,
      fit: (value) => ({ head: Math.min(value, model.get("heads")) }),
    }),
    buckets: control(model, "buckets", {
      label: "T5 buckets",
      note: "a power of two",
      min: 4,
      max: 32,
      scale: POWERS,
      fit: (value) => ({ buckets: Math.max(4, power(value)) }),
    }),
    reach: control(model, "reach", { label: "Shaw reach", note: "then one vector", min: 1, max: FARTHEST }),
  };
  const parts = Object.values(bends);
  const element = make(
    "div",
    { class: "attnx-controls" },
    make("div", { class: "attnx-choices attnx-biaschoices" }, wish.element, scheme.element),
    parts.map((one) => one.element),
  );
  const update = (state) => {
    [wish, scheme, ...parts].forEach((one) => one.update(state));
    for (const [value, , key] of SCHEMES) bends[key].element.hidden = value !== state.scheme;
  };
  return { element, update };
}

function rest(model) {
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
    control(model, "most", { label: "T5 distance", note: "then one bucket", min: 20, max: 128 }),
  ];
  const element = make("div", { class: "attnx-controls" }, parts.map((one) => one.element));
  return { element, update: (state) => parts.forEach((one) => one.update(state)) };
}

// ---- chart ------------------------------------------------------------------------------------

const BOX = { left: 34, right: 472, top: 8, bottom: 118 };
const BARS = { top: 128, bottom: 186 };
const LOWEST = -7;
const KINDS = { wish: "attnx-biaswish", alibi: "attnx-cost-p", t5: "attnx-cost-s", shaw: "attnx-cost-f" };

function at(distance, bias) {
  const x = BOX.left + (distance / FARTHEST) * (BOX.right - BOX.left);
  const y = BOX.top + (Math.max(bias, LOWEST) / LOWEST) * (BOX.bottom - BOX.top);
  return [x, y];
}

function curve(name, bias) {
  const path = bias.map((b, r) => `${r ? "L" : "M"}${at(r, b).map((v) => v.toFixed(2)).join(" ")}`).join("");
  return make("svg:path", { class: `attnx-curve ${KINDS[name]}`, "data-curve": name, d: path });
}

/** Two rows of bars, one in the other: where the head looks, and the frame of where it should. */
function bars(bias, wish) {
  const [own, wanted] = [softmax(bias), softmax(wish)],
    most = Math.max(...own, ...wanted);
  const wide = (BOX.right - BOX.left) / (FARTHEST + 1);
  const bar = (css) => (weight, r) => {
    const height = (weight / most) * (BARS.bottom - BARS.top);
    return make("svg:rect", { class: css, x: at(r, 0)[0] - 0.42 * wide, y: BARS.bottom - height, width: 0.84 * wide, height });
  };
  return [...wanted.map(bar("attnx-biaswanted")), ...own.map(bar("attnx-biasown"))];
}

function scales(state) {
  const ticks = [0, 16, 32, 48, 64].map((r) =>
    make("svg:text", { x: at(r, 0)[0], y: BARS.bottom + 17, "text-anchor": r < 64 ? "middle" : "end" }, String(r)),
  );
  const grid = [0, -2, -4, -6].flatMap((b) => [
    make("svg:line", { class: "attnx-grid", x1: BOX.left, x2: BOX.right, y1: at(0, b)[1], y2: at(0, b)[1] }),
    make("svg:text", { x: BOX.left - 6, y: at(0, b)[1] + 5, "text-anchor": "end" }, format(b, 0)),
  ]);
  const here = at(state.distance, 0)[0];
  const cursor = make("svg:line", { class: "attnx-grid", x1: here, x2: here, y1: BOX.top, y2: BARS.bottom });
  const axis = make("svg:line", { class: "attnx-axis", x1: BOX.left, x2: BOX.right, y1: BARS.bottom, y2: BARS.bottom });
  return [...grid, ...ticks, cursor, axis];
}

function chart() {
  const dynamic = make("svg:g", {});
  const svg = make(
    "svg:svg",
    { viewBox: "0 0 480 206", class: "attnx-chart attnx-widechart", role: "img", "data-picture": "",
      "aria-label": "Above, the bias against the distance into the past and what it should be; below, the weight at each distance. The numbers are in the table" },
    dynamic,
  );
  const draw = (state, found) => {
    const own = found.biases[state.scheme];
    dynamic.replaceChildren(...scales(state), curve("wish", found.wish), curve(state.scheme, own), ...bars(own, found.wish));
  };
  const legend = make(
    "p",
    { class: "attnx-legend" },
    make("span", {}, "Above the bias, below the weights, by distance into the past; grey: as they should be"),
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

const share = (state, { biases, wish }) => overlap(biases[state.scheme], wish);
const serves = (wish, least) => (state, found) => state.wish === wish && share(state, found) >= least;
const GOALS = [
  ["steady", "a head of ALiBi: 90 % of its weight is where it should be", (state, found) => state.scheme === "alibi" && serves("steady", 0.9)(state, found)],
  ["previous", "a bias that looks at only the previous token: 95 % of its weight is there", serves("previous", 0.95)],
  ["seventh", "a bias that looks at every seventh token: 95 % of its weight is there", serves("seventh", 0.95)],
];

/** How well the bent curve serves, in words. */
export function sentenceOf(state, found) {
  const detail = {
    alibi: `ALiBi's head ${state.head} of ${state.heads}, a line of slope ${format(-slope(state.heads, state.head), 3)}`,
    t5: `T5 with ${state.buckets} buckets, a step for each`,
    shaw: `Shaw with reach ${state.reach}, free up to there and flat beyond`,
  }[state.scheme];
  return `${detail}: ${format(100 * share(state, found), 0)} % of the weight is where it should be.`;
}

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Bias shapes", KEYS, GOALS);
  const parts = [controls(model), chart(), rest(model)];
  const place = make("div", { class: "attnx-tables" }),
    worked = make("p", { class: "attnx-worked", "data-verdict": true }),
    announce = announcer(status);
  body.append(parts[0].element, parts[1].element);
  more.append(parts[2].element, place, worked);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      found = shapes(state);
    parts.forEach((one) => one.update(state, found));
    place.replaceChildren(numbers(state, found));
    write(worked, verdict(state, found));
    ask(state, found);
    announce(sentenceOf(state, found));
  });
}

export default { render };
