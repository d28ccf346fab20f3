// Explorable: the hands of two positions, as sinusoids and as rotations; their product knows the offset alone.
import { announcer, change, format, frame, make, slider, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const FURTHEST = 50;
/** By how much the key of pair i is turned before any position enters; only for rotary. */
export const CONTENTS = [0.9, -0.6, 1.3, -1.1, 0.4, -0.2, 0.7, -1.5];

/** base^(-2i / width): radians per position. */
export function speeds(width, base) {
  return Array.from({ length: width / 2 }, (_, i) => base ** ((-2 * i) / width));
}

/** The hands of query and key, in radians: [at p, at p + s] for each pair. */
export function hands({ kind, width, base, position, offset }) {
  return speeds(width, base).map((speed, i) => [
    position * speed,
    (position + offset) * speed + (kind === "rotary" ? CONTENTS[i] : 0),
  ]);
}

/** Sum of the cosines between the two hands of each pair. */
export function product(state) {
  return hands(state).reduce((sum, [a, b]) => sum + Math.cos(a - b), 0);
}

/** The product at every offset from -50 to 50. */
export function curve(state) {
  return Array.from({ length: 2 * FURTHEST + 1 }, (_, i) => product({ ...state, offset: i - FURTHEST }));
}

/** Degrees from 0 up to, not including, 360. */
export function degrees(radians) {
  const turn = (radians * 180) / Math.PI;
  return turn - 360 * Math.floor(turn / 360);
}

/** What stays and what moves, in words. */
export function verdict(state) {
  const { kind, position, offset } = state;
  const what = kind === "rotary" ? "Query and key are turned" : "Two signals";
  const where = `${what} at ${position} and ${position + offset}`;
  const rest = kind === "rotary" ? "their contents and the offset" : "the offset";
  return `${where}: the product is ${format(product(state), 3)}. Move the position, and all hands move; the product knows only ${rest}.`;
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["kind", "width", "base", "position", "offset"];
const KINDS = [
  ["sinusoid", "sinusoids, added to tokens"],
  ["rotary", "rotary, turning query and key"],
];
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function kindChoice(model) {
  const name = `attnx-phases-${++groups}`;
  const inputs = KINDS.map(([value]) =>
    make("input", { type: "radio", name, value, onchange: () => change(model, { kind: value }) }),
  );
  const chips = KINDS.map(([, text], i) =>
    make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)),
  );
  const element = make(
    "fieldset",
    { class: "attnx-choice" },
    make("legend", {}, "Scheme"),
    make("div", { class: "attnx-chips" }, chips),
  );
  return { element, update: (state) => inputs.forEach((input) => (input.checked = input.value === state.kind)) };
}

function control(model, key, { label, note, min, max, step = 1, scale, fit = (value) => value }) {
  const part = slider({
    label,
    min,
    max,
    step,
    digits: 0,
    scale,
    onchange: (value) => change(model, { [key]: fit(value) }),
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

/** Position and offset, and under "More" the scheme, the width and the base. */
function controls(model) {
  const even = (value) => 2 * Math.round(value / 2);
  const first = [
    control(model, "position", { label: "Position p", note: "of the query", min: 0, max: 500 }),
    control(model, "offset", { label: "Offset s", note: "key at p + s", min: -FURTHEST, max: FURTHEST }),
  ];
  const rest = [
    kindChoice(model),
    control(model, "width", { label: "Width", note: "two features a hand", min: 2, max: 16, step: 2, fit: even }),
    control(model, "base", {
      label: "Base",
      note: "10,000 in the papers",
      min: 2,
      max: 1000000,
      scale: { to: Math.log10, from: (x) => Math.round(10 ** x), step: 0.1 },
    }),
  ];
  const group = (parts) => make("div", { class: "attnx-controls" }, parts.map((one) => one.element));
  return { first: group(first), rest: group(rest), update: (state) => [...first, ...rest].forEach((one) => one.update(state)) };
}

// ---- clocks -----------------------------------------------------------------------------------

/** The end of a hand of length r, clockwise from twelve. */
function end(angle, r) {
  return [50 + r * Math.sin(angle), 50 - r * Math.cos(angle)];
}

function clock(i, [a, b], speed) {
  const hand = (angle, kind, r) => {
    const [x2, y2] = end(angle, r);
    return make("svg:line", { class: `attnx-hand attnx-hand-${kind}`, x1: 50, y1: 50, x2: x2.toFixed(2), y2: y2.toFixed(2) });
  };
  const svg = make(
    "svg:svg",
    { viewBox: "0 0 100 100", role: "img", "aria-label": `Hands of pair ${i}: ${format(degrees(a), 0)} and ${format(degrees(b), 0)} degrees` },
    make("svg:circle", { class: "attnx-dial", cx: 50, cy: 50, r: 44 }),
    make("svg:circle", { class: "attnx-dialdot", cx: 50, cy: 9, r: 2 }),
    hand(a, "q", 40),
    hand(b, "k", 32),
  );
  const turn = speed >= 0.01 ? format((2 * Math.PI) / speed, 0) : ((2 * Math.PI) / speed).toPrecision(3);
  return make(
    "div",
    { class: "attnx-clock", "data-pair": i },
    svg,
    make("p", { class: "attnx-clocktext" }, `pair ${i}: a turn in ${Number(turn).toLocaleString("en")}`),
  );
}

function clocks() {
  const element = make("div", { class: "attnx-clocks", "data-picture": "" });
  const update = (state) => {
    const own = speeds(state.width, state.base);
    element.replaceChildren(...hands(state).map((pair, i) => clock(i, pair, own[i])));
    element.style.setProperty("--pairs", own.length);
    element.classList.toggle("attnx-many", own.length > 4);
  };
  const legend = make(
    "p",
    { class: "attnx-legend" },
    make("span", {}, make("span", { class: "attnx-ink-q" }, "━"), " long hand: position p, the query"),
    make("span", {}, make("span", { class: "attnx-ink-k" }, "╌"), " short, dashed: p + s, the key"),
  );
  return { element: make("div", {}, element, legend), update };
}

// ---- chart and numbers ------------------------------------------------------------------------

const BOX = { left: 34, right: 472, top: 10, bottom: 128 };

function chart() {
  const dynamic = make("svg:g", {});
  const svg = make(
    "svg:svg",
    { viewBox: "0 0 480 172", class: "attnx-chart attnx-widechart", role: "img",
      "aria-label": "Product of the two against the offset; the number is in the sentence below" },
    dynamic,
  );
  const update = (state) => {
    const most = state.width / 2;
    const x = (s) => BOX.left + ((s + FURTHEST) / (2 * FURTHEST)) * (BOX.right - BOX.left);
    const y = (v) => BOX.bottom - ((v + most) / (2 * most)) * (BOX.bottom - BOX.top);
    const d = curve(state).map((v, i) => `${i ? "L" : "M"}${x(i - FURTHEST).toFixed(2)} ${y(v).toFixed(2)}`);
    const grid = [-most, 0, most].flatMap((v) => [
      make("svg:line", { class: "attnx-grid", x1: BOX.left, x2: BOX.right, y1: y(v), y2: y(v) }),
      make("svg:text", { x: BOX.left - 6, y: y(v) + 4, "text-anchor": "end" }, format(v, 0)),
    ]);
    const anchor = { "-50": "start", 50: "end" };
    const ticks = [-50, -25, 0, 25, 50].map((s) =>
      make("svg:text", { x: x(s), y: BOX.bottom + 18, "text-anchor": anchor[s] ?? "middle" }, format(s, 0)),
    );
    dynamic.replaceChildren(
      ...grid,
      ...ticks,
      make("svg:text", { x: 252, y: 167, "text-anchor": "middle" }, "offset"),
      make("svg:path", { class: "attnx-curve attnx-curve-entropy", d: d.join("") }),
      make("svg:circle", { class: "attnx-dot-entropy", cx: x(state.offset), cy: y(product(state)), r: 5 }),
    );
  };
  return {
    element: make("div", {}, make("p", { class: "attnx-label" }, "Product of the two, at every offset"), svg),
    update,
  };
}

function numbers(state) {
  const own = speeds(state.width, state.base);
  return table({
    caption: "Hands, in degrees",
    columns: ["radians a step", "at p", "at p + s", "apart"],
    rows: own.map((_, i) => ({ text: `pair ${i}` })),
    cells: hands(state).map(([a, b], i) => [
      { text: format(own[i], own[i] < 0.1 ? 5 : 3) },
      { text: format(degrees(a), 1) },
      { text: format(degrees(b), 1) },
      { text: format(degrees(b - a), 1), "data-apart": i },
    ]),
    attributes: { class: "attnx-table attnx-costtable", "data-table": "hands" },
  });
}

function render({ model, el }) {
  const start = read(model),
    stays = ({ position, ...rest }) => JSON.stringify(rest);
  const goals = [
    ["low", "an offset: the product of the two is below 0.5", (state) => product(state) < 0.5],
    ["same", "another position: the hands turn, and the product stays", (state) => state.position !== start.position && stays(state) === stays(start)],
  ];
  const { root, body, status, sentence, more, ask } = frame(model, "Hands of two positions", KEYS, goals);
  const top = controls(model),
    parts = [top, clocks(), chart()];
  const place = make("div", { class: "attnx-tables attnx-handsplace" }),
    announce = announcer(status);
  sentence.dataset.verdict = "";
  body.append(top.first, parts[1].element);
  more.append(top.rest, parts[2].element, place);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model);
    parts.forEach((one) => one.update(state));
    place.replaceChildren(numbers(state));
    ask(state);
    announce(verdict(state));
  });
}

export default { render };
