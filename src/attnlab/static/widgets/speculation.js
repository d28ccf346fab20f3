// Explorable: a round of speculative decoding; which words of a draft stand, and what is drawn after them.
import { announcer, change, format, frame, make, set, slider, table, watch } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** Numbers in (0, 1) by s <- 16807 s mod (2^31 - 1); the first three are dropped. */
export function uniforms(seed, n) {
  let s = seed;
  const drawn = Array.from({ length: n + 3 }, () => (s = (16807 * s) % 2147483647) / 2147483647);
  return drawn.slice(3);
}

/** The first word at which the summed chances pass u. */
export function draw(row, u) {
  let sum = 0;
  const total = row.reduce((a, b) => a + b, 0);
  for (let i = 0; i < row.length; i++) {
    sum += row[i];
    if (sum > u * total) return i;
  }
  return row.length - 1;
}

/** The rows of the draft: (1 - distance) of the target's and distance of the other row. */
export function draftOf({ next, other, distance }) {
  return next.map((row) => row.map((p, i) => (1 - distance) * p + distance * other[i]));
}

/** max(0, p - q) over its sum; p where nothing is missing. */
export function missing(p, q) {
  const rest = p.map((x, i) => Math.max(0, x - q[i])),
    sum = rest.reduce((a, b) => a + b, 0);
  return sum > 0 ? rest.map((x) => x / sum) : p;
}

/** A round behind the first word: {drafted: [{before, word, p, q, u, stands}], stood, last, from}. */
export function round(state) {
  const q = draftOf(state),
    u = uniforms(state.round, 2 * state.n_drafted + 1),
    drafted = [];
  let before = 0;
  for (let i = 0; i < state.n_drafted; i++) {
    const word = draw(q[before], u[2 * i]),
      chances = { p: state.next[before][word], q: q[before][word] };
    drafted.push({ before, word, ...chances, u: u[2 * i + 1], stands: u[2 * i + 1] * chances.q < chances.p });
    before = word;
  }
  const refused = drafted.findIndex((one) => !one.stands),
    stood = refused < 0 ? state.n_drafted : refused,
    at = refused < 0 ? before : drafted[refused].before,
    from = refused < 0 ? state.next[at] : missing(state.next[at], q[at]);
  return { drafted, stood, at, from, last: draw(from, u.at(-1)) };
}

/** Words a round writes on average: 1 and, for each place, the chance that all words up to it stand. */
export function expected(state) {
  const q = draftOf(state);
  let chances = state.next.map((_, i) => (i === 0 ? 1 : 0)),
    total = 1;
  for (let i = 0; i < state.n_drafted; i++) {
    chances = chances.map((_, word) => chances.reduce((sum, c, b) => sum + c * Math.min(state.next[b][word], q[b][word]), 0));
    total += chances.reduce((a, b) => a + b, 0);
  }
  return total;
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["names", "next", "other", "distance", "n_drafted", "round"];
const MOST = 5;
let groups = 0;

function countChoice(model) {
  const name = `attnx-speculation-${++groups}`;
  const inputs = Array.from({ length: MOST }, (_, i) =>
    make("input", { type: "radio", name, value: i + 1, onchange: () => change(model, { n_drafted: i + 1 }) }),
  );
  const chips = inputs.map((input, i) => make("label", { class: "attnx-chip" }, input, make("span", {}, `${i + 1}`)));
  const element = make("fieldset", { class: "attnx-choice" }, make("legend", {}, "Words in the draft"), make("div", { class: "attnx-chips" }, chips));
  return { element, update: (state) => inputs.forEach((input, i) => (input.checked = i + 1 === state.n_drafted)) };
}

function distanceControl(model) {
  const part = slider({ label: "Distance of the draft", min: 0, max: 1, step: 0.05, onchange: (distance) => change(model, { distance }) });
  const label = make("span", { class: "attnx-label" }, "Distance of the draft");
  return { element: make("div", { class: "attnx-control" }, label, part.range, part.box), update: (state) => part.update(state.distance) };
}

// ---- picture ----------------------------------------------------------------------------------

const WIDTH = 512,
  HEIGHT = 160,
  STEP = 84;

function words(state, found) {
  const shown = found.drafted.map((one, i) => ({ word: one.word, kind: i < found.stood ? "stands" : i === found.stood ? "refused" : "thrown" }));
  shown.push({ word: found.last, kind: "new" });
  return shown.flatMap(({ word, kind }, i) => {
    const x = 4 + i * STEP,
      y = kind === "new" ? 46 : 8;
    const at = kind === "new" ? 4 + found.stood * STEP : x;
    const parts = [
      make("svg:rect", { class: `attnx-word-${kind}`, x: at, y, width: 78, height: 28, rx: 7 }),
      make("svg:text", { x: at + 39, y: y + 20, "text-anchor": "middle" }, state.names[word]),
    ];
    if (kind === "refused" || kind === "thrown") parts.push(make("svg:line", { class: "attnx-strike", x1: at + 6, x2: at + 72, y1: y + 14, y2: y + 14 }));
    return parts;
  });
}

/** For each word the target's chance and the draft's, side by side, at the place that decided. */
function bars(state, found) {
  const p = state.next[found.at],
    q = draftOf(state)[found.at],
    bottom = HEIGHT - 24;
  return state.names.flatMap((name, i) => {
    const x = 30 + i * 96,
      bar = (value, kind, left) => make("svg:rect", { class: `attnx-chance-${kind}`, x: x + left, y: bottom - 70 * value, width: 26, height: Math.max(70 * value, 1) });
    return [bar(p[i], "p", 6), bar(q[i], "q", 36), make("svg:text", { x: x + 34, y: HEIGHT - 6, "text-anchor": "middle" }, name)];
  });
}

function picture() {
  const svg = make("svg:svg", { class: "attnx-chart attnx-widechart attnx-speculation", role: "img", "data-picture": "", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-label": "The draft and what became of it, and the chances of each word at the place that decided; the numbers are in the table" });
  return { svg, update: (state, found) => svg.replaceChildren(...words(state, found), ...bars(state, found)) };
}

// ---- numbers ----------------------------------------------------------------------------------

function draftTable(state, found) {
  return table({
    caption: "The draft, word by word: a word stands while u · q < p",
    corner: "word",
    columns: ["target p", "draft q", "u", "fate"],
    rows: found.drafted.map((one) => ({ text: state.names[one.word] })),
    cells: found.drafted.map((one, i) => [
      { text: format(one.p, 3) },
      { text: format(one.q, 3) },
      { text: format(one.u, 3) },
      { text: i < found.stood ? "stands" : i === found.stood ? "refused" : "thrown away" },
    ]),
    attributes: { class: "attnx-table", "data-table": "draft" },
  });
}

/** What the round wrote, and what a round writes on average. */
export function verdict(state, found) {
  const all = found.stood === state.n_drafted,
    last = `“${state.names[found.last]}”`;
  const refused = all ? "" : `“${state.names[found.drafted[found.stood].word]}” is refused, and ${last} drawn from what was missing. `;
  const bonus = all ? `The target adds ${last}. ` : "";
  return `${found.stood} of ${state.n_drafted} stand. ${refused}${bonus}A pass writes ${format(expected(state), 2)} words on average.`;
}

const GOALS = [
  ["whole", "a round: a whole draft of four or more stands", (state, found) => state.n_drafted >= 4 && found.stood === state.n_drafted],
  ["first", "a round: the very first word is refused", (state, found) => found.stood === 0],
  ["waste", "a draft of five: a pass writes fewer than 2.2 words on average", (state) => state.n_drafted === 5 && expected(state) < 2.2],
];

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "A round of speculation", KEYS, GOALS);
  const distance = distanceControl(model),
    drafted = countChoice(model),
    next = make("button", { type: "button", class: "attnx-button", onclick: () => change(model, { round: (model.get("round") % 999) + 1 }) }, "Next round");
  const chart = picture(),
    tables = make("div", { class: "attnx-tables" }),
    legend = make("p", { class: "attnx-legend" }, "Bars, where it was decided: dark the target, light the draft."),
    announce = announcer(status);
  body.append(make("div", { class: "attnx-controls attnx-side" }, distance.element, drafted.element, next), chart.svg, legend);
  more.append(tables);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = Object.fromEntries(KEYS.map((key) => [key, model.get(key)])),
      found = round(state);
    distance.update(state);
    drafted.update(state);
    chart.update(state, found);
    tables.replaceChildren(draftTable(state, found));
    ask(state, found);
    announce(verdict(state, found));
  });
}

export default { render };
