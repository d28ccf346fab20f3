// Explorable: attention on a short sentence of 2-D vectors: where a word looks, and the six steps that lead there.
import {
  announcer,
  arcs,
  change,
  clamp,
  format,
  frame,
  heat,
  make,
  matmul,
  set,
  softmax,
  table,
  transpose,
  watch,
  write,
} from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const STEPS = ["project", "score", "scale", "mask", "normalise", "mix"];
export const MASKS = ["none", "causal", "padding"];

/** true where query i may look at key j; `length` counts the tokens that are not padding. */
export function allowed(mask, n, length) {
  const may = { none: () => true, causal: (i, j) => j <= i, padding: (i, j) => j < length }[mask];
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => may(i, j)));
}

/** All six steps at once: q, k, v, scores, scaled, masked, weights, output. */
export function attention({ vectors, w_q, w_k, w_v, mask, length }) {
  const q = matmul(vectors, w_q),
    k = matmul(vectors, w_k),
    v = matmul(vectors, w_v);
  const scores = matmul(q, transpose(k));
  const scaled = scores.map((row) => row.map((score) => score / Math.sqrt(k[0].length)));
  const may = allowed(mask, vectors.length, length);
  const masked = scaled.map((row, i) => row.map((score, j) => (may[i][j] ? score : -Infinity)));
  const weights = masked.map((row) => softmax(row));
  return { q, k, v, scores, scaled, masked, weights, output: matmul(weights, v) };
}

/** Where a token lies after an arrow key, kept inside the plane. */
export function nudge([x, y], key, size, limit) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
  return [x + dx * size, y + dy * size].map((value) => tidy(clamp(value, -limit, limit)));
}

/** The smallest comfortable half-width of a plane that shows all the points. */
export function extent(points) {
  const largest = Math.max(...points.flat().map(Math.abs));
  return [3, 4, 6, 8, 12, 16, 24, 32].find((size) => size >= 1.08 * largest) ?? Math.ceil(1.1 * largest);
}

function tidy(value) {
  return Number(value.toFixed(2)) + 0;
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["tokens", "vectors", "w_q", "w_k", "w_v", "query", "mask", "length", "step"];
const LIMIT = 3,
  LARGEST = 9;
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

/** A radio group: choices are [value, text]; looks like a row of buttons. */
function choice(label, choices, onchange) {
  const name = `attnx-${++groups}`;
  const inputs = choices.map(([value]) => make("input", { type: "radio", name, onchange: () => onchange(value) }));
  const chips = choices.map(([, text], i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)));
  const element = make("fieldset", { class: "attnx-choice" }, make("legend", {}, label), make("div", { class: "attnx-chips" }, chips));
  const update = (now) => inputs.forEach((input, i) => (input.checked = choices[i][0] === now));
  return { element, update };
}

/** What stands under each word: what the step makes of it as a key. In the beginning, and at the end, its weight. */
function underEach({ step, query }, { scores, scaled, masked, weights }) {
  const row = [weights, scores, scaled, masked, weights, weights][step][query];
  return row.map((value, j) => {
    if (step > 0) return format(value);
    return masked[query][j] === -Infinity ? "masked" : `${format(100 * value, 0)} %`;
  });
}

/** The sentence itself: press a word, and arcs show where it looks; below each word, the number of the step. */
function sentence(model) {
  const tokens = model.get("tokens"), n = tokens.length, name = `attnx-${++groups}`;
  const above = make("svg:svg", { viewBox: `0 0 ${n} 1`, preserveAspectRatio: "none", "aria-hidden": "true", "data-picture": "" });
  const inputs = tokens.map((_, i) => make("input", { type: "radio", name, class: "attnx-said", onchange: () => change(model, { query: i }) }));
  const numbers = tokens.map((_, i) => make("small", { "data-weight": i, "data-reading": "" }));
  const words = tokens.map((token, i) => make("label", { class: "attnx-word" }, inputs[i], make("span", {}, token), numbers[i]));
  const element = make(
    "fieldset",
    { class: "attnx-sentence" },
    make("legend", { class: "attnx-said" }, "The word that looks"),
    make("div", { class: "attnx-sentencearcs", style: `--words:${n}` }, above, words),
  );
  const update = (state, result) => {
    const row = result.weights[state.query], texts = underEach(state, result);
    above.replaceChildren(...arcs(row, state.query));
    row.forEach((weight, j) => {
      const hidden = result.masked[state.query][j] === -Infinity;
      inputs[j].checked = j === state.query;
      set(words[j], { "data-chosen": j === state.query, "data-hidden": hidden });
      write(numbers[j], texts[j]);
      numbers[j].dataset.value = weight;
    });
  };
  return { element, update };
}

function presetButtons(model) {
  const buttons = model
    .get("presets")
    .map(({ name, label, ...values }) =>
      make(
        "button",
        {
          type: "button",
          class: "attnx-button",
          "data-preset": name,
          onclick: () => change(model, structuredClone(values)),
        },
        label,
      ),
    );
  const element = make(
    "div",
    { class: "attnx-choice", role: "group", "aria-label": "Projections" },
    make("span", { class: "attnx-legendlike" }, "Projections: what a query looks for"),
    make("div", { class: "attnx-buttons" }, buttons),
  );
  const update = (state) =>
    model.get("presets").forEach(({ name, label, ...values }, i) => {
      const same = ["w_q", "w_k", "w_v"].every(
        (key) => JSON.stringify(values[key]) === JSON.stringify(state[key]),
      );
      set(buttons[i], { "aria-pressed": String(same) });
    });
  return { element, update };
}

function maskControl(model) {
  const group = choice("Mask: where a query may look", MASKS.map((mask) => [mask, mask]), (mask) => change(model, { mask }));
  const n = model.get("tokens").length;
  const box = make("input", { type: "number", min: 0, max: n, step: 1, inputmode: "numeric" });
  box.addEventListener("input", () => {
    if (box.value !== "" && box.checkValidity()) change(model, { length: Number(box.value) });
  });
  const field = make("label", { class: "attnx-check" }, make("span", {}, "real tokens"), box);
  group.element.firstChild.classList.add("attnx-said");
  group.element.lastChild.append(field);
  const update = (state) => {
    group.element.hidden = STEPS[state.step] !== "mask"; // each step brings what it needs
    group.update(state.mask);
    field.hidden = state.mask !== "padding";
    if (document.activeElement !== box) box.value = String(state.length);
  };
  return { element: group.element, update };
}

/** A grid of number boxes for a matrix in the model, with named rows and columns. */
function matrixEditor(model, key, { caption, rows, columns, limit, colour = "" }) {
  const boxes = model.get(key).map((row, i) =>
    row.map((_, j) => {
      const box = make("input", {
        type: "number",
        min: -limit,
        max: limit,
        step: 0.1,
        inputmode: "decimal",
        "aria-label": `${caption}, ${rows[i]}, ${columns[j]}`,
      });
      box.addEventListener("input", () => {
        if (box.value !== "" && Number.isFinite(box.valueAsNumber))
          write1(model, key, i, j, clamp(box.valueAsNumber, -limit, limit));
      });
      box.addEventListener("blur", () => {
        box.value = String(model.get(key)[i][j]);
      });
      return box;
    }),
  );
  const element = table({
    caption,
    columns,
    rows: rows.map((text) => ({ text })),
    cells: boxes.map((row) => row.map((box) => ({ text: box }))),
    attributes: { class: `attnx-table attnx-editor ${colour}`, "data-editor": key },
  });
  const update = (values) =>
    values.forEach((row, i) =>
      row.forEach((value, j) => {
        const box = boxes[i][j];
        if (document.activeElement !== box && Number(box.value) !== value) box.value = String(value);
        if (box.value === "" && document.activeElement !== box) box.value = String(value);
      }),
    );
  return { element, update };
}

function write1(model, key, row, column, value) {
  change(model, {
    [key]: model
      .get(key)
      .map((line, i) => (i === row ? line.map((old, j) => (j === column ? value : old)) : line)),
  });
}

// ---- the plane --------------------------------------------------------------------------------

const WIDE = 320, // the plane is wider than high: both axes have one scale, and `size` is half its height
  HIGH = 176,
  ASPECT = WIDE / HIGH,
  CENTRE = [WIDE / 2, HIGH / 2];

function at([x, y], size) {
  const unit = HIGH / 2 / size;
  return [CENTRE[0] + x * unit, CENTRE[1] - y * unit];
}

function place(group, point, size) {
  const [x, y] = at(point, size);
  set(group, { transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})` });
}

/** A token on the plane: moved by pointer, by touch and by the arrow keys. */
function handle(model, i, plane) {
  const token = model.get("tokens")[i];
  const label = make("svg:text", { class: "attnx-pointlabel", y: 4 }, token);
  const element = make(
    "svg:g",
    {
      class: "attnx-point",
      tabindex: 0,
      role: "slider",
      "data-point": i,
      "aria-label": `Vector of token ${i + 1}, ${token}: move it with the arrow keys`,
      "aria-valuemin": -LIMIT,
      "aria-valuemax": LIMIT,
    },
    make("svg:circle", { class: "attnx-touch", r: 18 }),
    make("svg:circle", { class: "attnx-ring", r: 15 }),
    make("svg:circle", { class: "attnx-dot", r: 5.5 }),
    label,
  );
  const move = (point) =>
    change(model, { vectors: model.get("vectors").map((old, j) => (i === j ? point : old)) });
  element.addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    move(nudge(model.get("vectors")[i], event.key, event.shiftKey ? 0.5 : 0.1, LIMIT));
  });
  drag(element, plane, move);
  const update = (point, { step, query }) => {
    place(element, point, plane.size);
    element.classList.toggle("attnx-isquery", i === query);
    element.classList.toggle("attnx-isquiet", step > 0);
    const outside = point[0] > plane.size * ASPECT * 0.75;
    set(label, { x: outside ? -11 : 11, "text-anchor": outside ? "end" : "start" });
    set(element, {
      "aria-valuenow": point[0],
      "aria-valuetext": `${format(point[0])} across, ${format(point[1])} up`,
    });
  };
  return { element, update };
}

function drag(element, plane, move) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    plane.held = true;
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    const box = plane.svg.getBoundingClientRect();
    const unit = (Math.min(box.width / WIDE, box.height / HIGH) * HIGH) / 2 / plane.size; // the drawing is as large as fits, in the middle
    const x = (event.clientX - box.left - box.width / 2) / unit,
      y = (box.top + box.height / 2 - event.clientY) / unit;
    move([x, y].map((value) => tidy(Math.round(clamp(value, -LIMIT, LIMIT) * 20) / 20)));
  });
  element.addEventListener("lostpointercapture", () => {
    plane.held = false;
    plane.redraw();
  });
}

const SHAPES = {
  // a second mark beside colour: square for keys, triangle for values, disc for the query
  q: () => make("svg:circle", { r: 7 }),
  k: () => make("svg:rect", { x: -6, y: -6, width: 12, height: 12 }),
  v: () => make("svg:path", { d: "M0 -8 L8 6 L-8 6 Z" }),
  o: () => make("svg:path", { d: "M0 -9 L9 0 L0 9 L-9 0 Z" }),
};

/** A shape at the end of a line, and the word that it belongs to. */
function marker(kind, word) {
  const line = make("svg:line", { class: `attnx-arrow attnx-${kind}` });
  const side = kind === "o" ? { x: 13, "text-anchor": "start" } : { x: -12, "text-anchor": "end" };
  const label = make("svg:text", { class: `attnx-pointlabel attnx-fill-${kind}`, y: 4, ...side }, word);
  const tip = make("svg:g", { class: `attnx-tip attnx-${kind}` }, SHAPES[kind](), label);
  return { line, tip, label, elements: [line, tip] };
}

/** Draws a marker at a point: faded by `strength`, with a line from `from` of that thickness. */
function show({ line, tip, label }, size, point, { visible = true, strength = 1, from = [0, 0], width = 1.5, named = false }) {
  label.style.display = named ? "" : "none";
  for (const element of [line, tip]) {
    element.style.display = visible ? "" : "none";
    element.style.opacity = strength;
  }
  place(tip, point, size);
  const [x1, y1] = at(from, size),
    [x2, y2] = at(point, size);
  set(line, { x1, y1, x2, y2, "stroke-width": width });
}

function grid() {
  const lines = [
    make("svg:line", { class: "attnx-axis", x1: 0, x2: WIDE, y1: CENTRE[1], y2: CENTRE[1] }),
    make("svg:line", { class: "attnx-axis", y1: 0, y2: HIGH, x1: CENTRE[0], x2: CENTRE[0] }),
  ];
  const top = make("svg:text", { class: "attnx-tick", x: CENTRE[0] + 5, y: 12 });
  return { elements: [...lines, top], update: (size) => write(top, String(size)) };
}

function makePlane(model) {
  const n = model.get("tokens").length,
    axes = grid(),
    plane = { size: LIMIT, held: false };
  const words = model.get("tokens");
  const query = marker("q", "q"),
    output = marker("o", "o");
  const keys = words.map((word) => marker("k", word)),
    values = words.map((word) => marker("v", word));
  plane.handles = Array.from({ length: n }, (_, i) => handle(model, i, plane));
  plane.svg = make(
    "svg:svg",
    {
      viewBox: `0 0 ${WIDE} ${HIGH}`,
      class: "attnx-plane",
      role: "group",
      "data-picture": "",
      "aria-label": "Plane of the tokens' vectors",
    },
    axes.elements,
    [...values, ...keys, query, output].flatMap((mark) => mark.elements),
    plane.handles.map((one) => one.element),
  );
  plane.redraw = () => plane.draw?.();
  const paint = (state, result) => {
    if (!plane.held) plane.size = extent(pointsOf(state, result).map(([x, y]) => [x / ASPECT, y]));
    axes.update(plane.size);
    paintMarks({ plane, query, output, keys, values }, state, result);
    plane.handles.forEach((one, i) => one.update(state.vectors[i], state));
  };
  plane.update = (state, result) => {
    plane.draw = () => paint(state, result);
    plane.draw();
  };
  return plane;
}

/** What the plane shows at a step, besides the tokens themselves. */
function pointsOf({ vectors, step, query }, { q, k, v, output }) {
  return step === 5 ? [...vectors, ...v, output[query]] : [...vectors, q[query], ...k];
}

const apart = ([x1, y1], [x2, y2], size) => Math.hypot(x1 - x2, y1 - y2) > size / 6;

/** Keys hang on their tokens at first, then carry their words; values take the place of both where they are mixed. */
function paintMarks({ plane, query, output, keys, values }, { step, query: i, vectors }, result) {
  const weights = result.weights[i],
    mixing = step === 5,
    size = plane.size;
  show(query, size, result.q[i], { visible: !mixing, width: 2.5, named: true });
  show(output, size, result.output[i], { visible: mixing, width: 2.5, named: true });
  keys.forEach((mark, j) => {
    const hidden = step >= 3 && result.masked[i][j] === -Infinity;
    show(mark, size, result.k[j], {
      visible: !mixing,
      strength: hidden ? 0.15 : step === 4 ? 0.35 + 0.65 * weights[j] : 1,
      from: step === 0 ? vectors[j] : [0, 0],
      width: step === 4 ? 0.5 + 5 * weights[j] : 1.2,
      named: step > 0 || apart(vectors[j], result.k[j], size),
    });
  });
  values.forEach((mark, j) =>
    show(mark, size, result.v[j], {
      visible: mixing,
      strength: 0.3 + 0.7 * weights[j],
      from: result.output[i],
      width: 0.5 + 5 * weights[j],
      named: true,
    }),
  );
}

function legend() {
  const entries = [
    ["x", "● token: drag it"],
    ["q", "○ query"],
    ["k", "□ keys"],
    ["v", "△ values"],
    ["o", "◇ output"],
  ];
  const items = entries.map(([kind, text]) => make("span", { class: `attnx-ink attnx-ink-${kind}` }, text));
  const update = (step) => {
    const shown = step === 5 ? "xvo" : "xqk";
    items.forEach((item, i) => {
      item.hidden = !shown.includes(entries[i][0]);
    });
  };
  return { element: make("p", { class: "attnx-legend" }, items), update };
}

// ---- the six steps ----------------------------------------------------------------------------

const of = (letter) => make("sub", {}, letter);

function pair(vector) {
  return `(${vector.map((x) => format(x)).join(", ")})`;
}

/** One sentence for a step, with the numbers of the chosen query and of the word it looks at most. */
function explained({ tokens, query: i, step, mask }, { q, k, scores, scaled, masked, weights, output }) {
  const best = weights[i].indexOf(Math.max(...weights[i])),
    [who, whom] = [`“${tokens[i]}”`, `“${tokens[best]}”`];
  const product = (a, b) => a.map((value, c) => `${format(value)} · ${format(b[c])}`).join(" + ");
  const hidden = masked[i].filter((score) => score === -Infinity).length,
    blind = hidden === tokens.length;
  return [
    ["Each x becomes a query x W", of("Q"), ", a key x W", of("K"), `, a value x W`, of("V"), `. ${who} asks with q = ${pair(q[i])}.`],
    [`A score is query · key. ${who} with ${whom}: ${product(q[i], k[best])} = ${format(scores[i][best])}.`],
    ["Scores are divided by √d", of("k"), ` = √2, or they would grow with the width: ${format(scores[i][best])} / 1.414 = ${format(scaled[i][best])}.`],
    [hidden ? `The ${mask} mask takes ${hidden} of ${tokens.length} keys from ${who}.` : `${who} may look at every key.`],
    [blind ? `${who} has no key left: by convention all its weights are 0.`
      : `Softmax: e to each score, divided by their sum. ${whom} gets ${format(weights[i][best])}, and all together 1.`],
    [blind ? `${who} has no weights to mix with: its output is 0.`
      : `The output of ${who} is the average of the values, by weight: o = ${pair(output[i])}.`],
  ][step];
}

/** Row heads: the tokens, the chosen query's row marked unless the rows are not queries. */
function tokenRows({ tokens, query }, areQueries = true) {
  return tokens.map((token, i) => ({
    text: token,
    row: { class: areQueries && i === query ? "attnx-chosen" : null },
  }));
}

/** Q, K or V; beside another table the tokens' names are only read aloud. */
function vectorTable(state, letter, values, { areQueries = false, beside = false } = {}) {
  const kind = letter.toLowerCase();
  return table({
    caption: letter,
    columns: ["1", "2"],
    rows: tokenRows(state, areQueries),
    cells: values.map((row) => row.map((value) => ({ text: format(value) }))),
    attributes: {
      class: `attnx-table attnx-of-${kind}${beside ? " attnx-beside" : ""}`,
      "data-table": letter,
    },
  });
}

function heatTable(state, result, caption, name, isWeight) {
  const matrix = result[name],
    most = Math.max(1e-9, ...matrix.flat().filter(Number.isFinite).map(Math.abs));
  const cell = (value, i, j) => {
    if (name !== "scores" && name !== "scaled" && result.masked[i][j] === -Infinity)
      return { text: isWeight ? "0" : "−∞", class: "attnx-masked" };
    return { text: format(value), ...heat(isWeight ? value : value / most, value < 0 ? "minus" : "plus") };
  };
  return table({
    caption,
    columns: state.tokens,
    rows: tokenRows(state),
    cells: matrix.map((row, i) => row.map((value, j) => cell(value, i, j))),
    corner: make("span", { class: "attnx-cornertext" }, "query ╲ key"),
    attributes: { class: "attnx-table attnx-matrix", "data-table": name },
  });
}

/** For the chosen query: each value, times its weight, and the sum, which is the output. */
function mixTable({ tokens, query }, { masked, weights, v, output }) {
  const row = weights[query],
    hidden = (j) => masked[query][j] === -Infinity;
  const share = (j) =>
    hidden(j) ? { text: "0", class: "attnx-masked" } : { text: format(row[j]), ...heat(row[j]) };
  const cells = tokens.map((_, j) => [
    share(j),
    ...v[j].map((x) => ({ text: format(x), class: "attnx-cell-v" })),
    ...v[j].map((x) => ({ text: format(row[j] * x) })),
  ]);
  const total = row.reduce((sum, weight) => sum + weight, 0);
  const sums = [
    { text: format(total) },
    { text: "" },
    { text: "" },
    ...output[query].map((x) => ({ text: format(x) })),
  ];
  return table({
    caption: `Output of “${tokens[query]}”: o = sum of a v`,
    columns: ["weight a", "v₁", "v₂", "a v₁", "a v₂"],
    rows: [...tokens.map((text) => ({ text })), { text: "sum", row: { class: "attnx-sum" } }],
    cells: [...cells, sums],
    attributes: { class: "attnx-table attnx-mix", "data-table": "mix" },
  });
}

function stepTables(state, result) {
  const { q, k, v } = result;
  const draw = [
    () => [
      vectorTable(state, "Q", q, { areQueries: true }),
      vectorTable(state, "K", k, { beside: true }),
      vectorTable(state, "V", v, { beside: true }),
    ],
    () => [heatTable(state, result, "Scores S = Q Kᵀ", "scores")],
    () => [heatTable(state, result, "Scaled scores S / √2", "scaled")],
    () => [heatTable(state, result, `Scaled scores, mask: ${state.mask}`, "masked")],
    () => [heatTable(state, result, "Weights A", "weights", true)],
    () => [mixTable(state, result)],
  ];
  return draw[state.step]();
}

/** A bar of six steps between two arrows; where there is little room only the present step is seen. */
function stepper(model) {
  const go = (step) => change(model, { step: clamp(step, 0, STEPS.length - 1) });
  const tabs = STEPS.map((name, i) =>
    make(
      "button",
      { type: "button", class: "attnx-step", "data-step": name, onclick: () => go(i) },
      make("span", { class: "attnx-stepnumber", "aria-hidden": "true" }, String(i + 1)),
      name,
    ),
  );
  const arrow = (label, text, by, extra) =>
    make("button", { type: "button", class: "attnx-button", "aria-label": label, onclick: () => go(model.get("step") + by), ...extra }, text);
  const back = arrow("Previous step", "←", -1, { "data-back": true }),
    next = arrow("Next step", "→", 1, { "data-next": true, class: "attnx-button attnx-main" });
  const items = tabs.map((tab) => make("li", {}, tab));
  const element = make("div", { class: "attnx-stepbar", role: "group", "aria-label": "Steps" }, back, make("ol", { class: "attnx-steps" }, items), next);
  const update = ({ step }) => {
    tabs.forEach((tab, i) => set(tab, { "aria-current": i === step ? "step" : null }));
    items.forEach((item, i) => set(item, { "data-now": i === step }));
    set(back, { "aria-disabled": String(step === 0) });
    set(next, { "aria-disabled": String(step === STEPS.length - 1) });
  };
  return { element, update };
}

/** What the step does, in a sentence that keeps its room. */
function explanation() {
  const element = make("p", { class: "attnx-explain" });
  return { element, update: (state, result) => element.replaceChildren(...explained(state, result)) };
}

/** All numbers of the step, for every query. */
function numbersOfStep() {
  const place = make("div", { class: "attnx-tables" });
  return { element: place, update: (state, result) => place.replaceChildren(...stepTables(state, result)) };
}

// ---- all together -----------------------------------------------------------------------------

function editors(model) {
  const tokens = model.get("tokens"),
    parts = ["1", "2"];
  const vectors = matrixEditor(model, "vectors", {
    caption: "Vectors X",
    rows: tokens.map((token, i) => `${token}`),
    columns: ["across", "up"],
    limit: LIMIT,
  });
  const matrices = ["q", "k", "v"].map((letter) =>
    matrixEditor(model, `w_${letter}`, {
      caption: `W_${letter.toUpperCase()}`,
      rows: ["across", "up"],
      columns: parts,
      limit: LARGEST,
      colour: `attnx-of-${letter}`,
    }),
  );
  const element = make("div", { class: "attnx-tables" }, [vectors, ...matrices].map((editor) => editor.element));
  const update = (state) => {
    vectors.update(state.vectors);
    ["w_q", "w_k", "w_v"].forEach((key, i) => matrices[i].update(state[key]));
  };
  return { element, update };
}

function summary({ tokens, query, step, mask }, { weights }) {
  const row = weights[query],
    best = row.indexOf(Math.max(...row));
  const whom = best === query ? "itself" : `“${tokens[best]}”`;
  const looks = row[best] === 0 ? "may look at nothing" : `looks most at ${whom}, ${format(100 * row[best], 0)}\u00a0%`;
  const under = mask === "none" ? "" : `, under the ${mask} mask`;
  return `Step ${step + 1} of ${STEPS.length}, ${STEPS[step]}. “${tokens[query]}” ${looks}${under}.`;
}

/** Goals about the word that is least looked at when the picture opens, and about a word that is left alone. */
function goalsFor(model) {
  const tokens = model.get("tokens"), asks = model.get("query");
  const row = attention(read(model)).weights[asks], least = row.indexOf(Math.min(...row));
  const most = (weights) => weights.indexOf(Math.max(...weights));
  const alone = ({ query }, { masked }) => masked[query].every((score, j) => (score !== -Infinity) === (j === query));
  return [
    ["place", `a place for “${tokens[least]}” where “${tokens[asks]}” looks at it most`, ({ query }, { weights }) => query === asks && most(weights[asks]) === least],
    ["alone", "a mask and a word that may look at itself alone", alone],
  ];
}

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Attention on a sentence", KEYS, goalsFor(model));
  const plane = makePlane(model), announce = announcer(status);
  const [words, steps, text, mask, key, presets, numbers, edited] = [
    sentence(model), stepper(model), explanation(), maskControl(model), legend(), presetButtons(model), numbersOfStep(), editors(model),
  ];
  body.classList.add("attnx-askbody");
  body.append(
    words.element,
    steps.element,
    make("div", { class: "attnx-stepper" }, make("div", { class: "attnx-steptext" }, text.element, mask.element), plane.svg, key.element),
  );
  more.append(presets.element, numbers.element, edited.element);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      result = attention(state);
    [words, steps, text, mask, plane, presets, numbers, edited].forEach((part) => part.update(state, result));
    key.update(state.step);
    ask(state, result);
    announce(summary(state, result));
  });
}

export default { render };
