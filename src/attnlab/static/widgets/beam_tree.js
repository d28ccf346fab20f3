// Explorable: a beam search as a tree; which beginnings are kept, which are dropped, which text wins.
import { announcer, change, format, frame, make, set, slider, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** ((5 + length) / 6)^alpha: what a log probability is divided by. */
export function penalty(length, alpha) {
  return ((5 + length) / 6) ** alpha;
}

/** Every continuation of the texts, the likeliest first: {ids, logp, parent}. */
export function grow(state, texts) {
  const grown = texts.flatMap(({ ids, logp }, parent) =>
    (ids.length ? state.next[ids.at(-1)] : state.first)
      .map((p, word) => ({ ids: [...ids, word], logp: logp + Math.log(p), parent }))
      .filter((one) => one.logp > -Infinity),
  );
  return grown.sort((a, b) => b.logp - a.logp);
}

/** The search step by step: of each step the candidates that are looked at, each with what becomes of it. */
export function levels(state) {
  const end = state.names.length - 1,
    found = [];
  let live = [{ ids: [], logp: 0 }];
  for (let written = 1; written <= state.longest && live.length; written++) {
    const best = grow(state, live).slice(0, 2 * state.width),
      goes = best.filter((one) => one.ids.at(-1) !== end).slice(0, state.width);
    const last = written === state.longest;
    const fate = (one, i) => {
      if (i < state.width && (one.ids.at(-1) === end || last)) return "finished";
      return goes.includes(one) && !last ? "kept" : "dropped";
    };
    found.push(best.map((one, i) => ({ ...one, fate: fate(one, i) })));
    live = goes;
  }
  return found;
}

/** The finished texts up to a step, the best score first: {ids, logp, score}. */
export function finished(state, steps = state.longest) {
  return levels(state)
    .slice(0, steps)
    .flat()
    .filter((one) => one.fate === "finished")
    .map(({ ids, logp }) => ({ ids, logp, score: logp / penalty(ids.length, state.alpha) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, state.width);
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["names", "first", "next", "longest", "width", "alpha", "steps"];
const WIDEST = 4;
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function says(state, ids) {
  return ids.map((word) => state.names[word]).join(" ");
}

/** A row of numbered radio buttons for one whole number. */
function numberChoice(model, key, legend, most) {
  const name = `attnx-beam-${++groups}`;
  const inputs = Array.from({ length: most }, (_, i) =>
    make("input", { type: "radio", name, value: i + 1, onchange: () => change(model, { [key]: i + 1 }) }),
  );
  const element = make(
    "fieldset",
    { class: "attnx-choice", "data-choice": key },
    make("legend", {}, legend),
    make("div", { class: "attnx-chips" }, inputs.map((input, i) => make("label", { class: "attnx-chip" }, input, make("span", {}, `${i + 1}`)))),
  );
  const update = (state) => inputs.forEach((input, i) => (input.checked = i + 1 === state[key]));
  return { element, update };
}

function alphaControl(model) {
  const part = slider({ label: "Length penalty α", min: 0, max: 2, step: 0.1, onchange: (alpha) => change(model, { alpha }) });
  part.box.value = "0"; // an empty box reads as 0, and would stay empty
  const element = make(
    "div",
    { class: "attnx-control" },
    make("span", { class: "attnx-label" }, "Length penalty α"),
    part.range,
    part.box,
    make("span", { class: "attnx-quiet" }, "0 compares probabilities"),
  );
  return { element, update: (state) => part.update(state.alpha) };
}

// ---- picture ----------------------------------------------------------------------------------

const WIDTH = 512,
  ROW = 34,
  LEFT = 34,
  ACROSS = 118;

function node(state, one, x, y, wins) {
  const css = `attnx-beamnode attnx-beam-${one.fate}${wins ? " attnx-beam-wins" : ""}`;
  const mark = one.fate === "finished" && one.ids.at(-1) !== state.names.length - 1 ? " …" : "";
  return make(
    "svg:g",
    { class: css },
    make("svg:rect", { x: x - 40, y: y - 13, width: 80, height: 26, rx: 7 }),
    make("svg:text", { x, y: y + 5, "text-anchor": "middle" }, `${state.names[one.ids.at(-1)]}${mark}`),
  );
}

function picture() {
  const svg = make("svg:svg", { class: "attnx-chart attnx-widechart attnx-beamtree", role: "img", "data-picture": "", "aria-label": "The search as a tree; the numbers are in the tables" });
  const update = (state, found, best) => {
    const shown = found.slice(0, state.steps),
      rows = Math.max(...shown.map((level) => level.length)),
      height = rows * ROW + 16;
    const place = (level, i) => [LEFT + ACROSS * (level + 0.62), 24 + (i + (rows - shown[level].length) / 2) * ROW];
    const prefix = (level, ids) => shown[level].findIndex((one) => one.ids.length === ids.length && one.ids.every((word, t) => word === ids[t]));
    const lines = [],
      nodes = [];
    shown.forEach((level, at) =>
      level.forEach((one, i) => {
        const [x, y] = place(at, i);
        const from = at ? place(at - 1, prefix(at - 1, one.ids.slice(0, -1))) : [0, 24 + ((rows - 1) / 2) * ROW];
        const onPath = best && one.ids.every((word, t) => word === best.ids[t]);
        lines.push(
          make("svg:path", {
            class: `attnx-beamline attnx-beam-${one.fate}${onPath ? " attnx-beam-wins" : ""}`,
            d: `M${at ? from[0] + 40 : 14} ${from[1]}L${x - 40} ${y}`,
          }),
        );
        nodes.push(node(state, one, x, y, onPath));
      }),
    );
    set(svg, { viewBox: `0 0 ${WIDTH} ${height}` });
    svg.replaceChildren(make("svg:circle", { class: "attnx-dialdot", cx: 9, cy: 24 + ((rows - 1) / 2) * ROW, r: 5 }), ...lines, ...nodes);
  };
  return { svg, update };
}

// ---- numbers ----------------------------------------------------------------------------------

function stepTable(state, found) {
  const level = found[Math.min(state.steps, found.length) - 1];
  return table({
    caption: `Step ${Math.min(state.steps, found.length)}: the ${level.length} likeliest continuations`,
    corner: "text so far",
    columns: ["probability", "fate"],
    rows: level.map((one) => ({ text: says(state, one.ids) })),
    cells: level.map((one) => [{ text: format(Math.exp(one.logp), 4) }, { text: one.fate, "data-fate": one.fate }]),
    attributes: { class: "attnx-table", "data-table": "step" },
  });
}

function resultTable(state) {
  const texts = finished(state, state.steps);
  if (!texts.length) return make("p", { class: "attnx-quiet", "data-table": "finished" }, "No text has ended yet.");
  return table({
    caption: "Finished texts, the best score first",
    corner: "text",
    columns: ["tokens", "probability", "log p", "score"],
    rows: texts.map((one, i) => ({ text: says(state, one.ids), row: { class: i ? null : "attnx-top1" } })),
    cells: texts.map((one) => [
      { text: String(one.ids.length) },
      { text: format(Math.exp(one.logp), 4) },
      { text: format(one.logp) },
      { text: format(one.score, 3), "data-score": one.score },
    ]),
    attributes: { class: "attnx-table", "data-table": "finished" },
  });
}

function quoted(state, ids) {
  const words = ids.filter((word) => word !== state.names.length - 1);
  return words.length ? `“${says(state, words)}”` : "the empty text";
}

/** Which text wins, and what greedy decoding writes. */
export function verdict(state) {
  const [best] = finished(state),
    [one] = finished({ ...state, width: 1 });
  const same = says(state, one.ids) === says(state, best.ids);
  const greedy = same ? "Greedy decoding writes the same." : `Greedy decoding writes ${quoted(state, one.ids)}, ${format(Math.exp(one.logp), 3)}.`;
  return `A beam of ${state.width} writes ${quoted(state, best.ids)}, probability ${format(Math.exp(best.logp), 3)}. ${greedy}`;
}

const wordless = (state, { ids }) => ids[0] === state.names.length - 1;
const GOALS = [
  ["empty", "a width: the beam finds nothing likelier than the empty text", (state, best) => wordless(state, best)],
  ["words", "a length penalty: a beam of 3 or more writes words all the same", (state, best) => state.width >= 3 && !wordless(state, best)],
];

function render({ model, el }) {
  const { root, body, status, sentence, more, ask } = frame(model, "A beam search as a tree", KEYS, GOALS);
  const [width, alpha, steps] = [
    numberChoice(model, "width", "Width of the beam", WIDEST),
    alphaControl(model),
    numberChoice(model, "steps", "Steps shown", model.get("longest")),
  ];
  const chart = picture(),
    tables = make("div", { class: "attnx-tables" }),
    legend = make("p", { class: "attnx-legend" }, "Framed: kept. Filled: finished. Dashed: dropped. Thick: the text that wins."),
    announce = announcer(status);
  sentence.dataset.verdict = "";
  body.append(make("div", { class: "attnx-controls" }, width.element, alpha.element), make("div", { class: "attnx-beamplace" }, chart.svg), legend);
  more.append(make("p", { class: "attnx-quiet" }, "∎ is the end mark, … the limit of the length."), steps.element, tables);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      found = levels(state),
      [best] = finished(state);
    [width, alpha, steps].forEach((control) => control.update(state));
    chart.update(state, found, best);
    tables.replaceChildren(stepTable(state, found), resultTable(state));
    ask(state, best);
    announce(verdict(state));
  });
}

export default { render };
