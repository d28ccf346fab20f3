// Explorable: attention on a short sentence of 2-D vectors, one step at a time, every number shown.
import {
  announcer,
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
function choice(label, choices, onchange, extra = () => null) {
  const name = `attnx-${++groups}`;
  const inputs = choices.map(([value]) =>
    make("input", { type: "radio", name, value, onchange: () => onchange(value) }),
  );
  const chips = choices.map(([value, text], i) =>
    make(
      "label",
      { class: "attnx-chip" },
      inputs[i],
      make("span", { class: "attnx-chiptext" }, text),
      extra(value, i),
    ),
  );
  const element = make(
    "fieldset",
    { class: "attnx-choice" },
    make("legend", {}, label),
    make("div", { class: "attnx-chips" }, chips),
  );
  const update = (now) =>
    inputs.forEach((input, i) => {
      input.checked = choices[i][0] === now;
    });
  return { element, update };
}

/** The sentence itself: choose the query; below each token the weight it gets. */
function sentence(model) {
  const bars = [],
    numbers = [];
  const extra = (_, i) => {
    bars[i] = make("span", { class: "attnx-fill attnx-fill-weight" });
    numbers[i] = make("span", { class: "attnx-chipnumber", "data-weight": i });
    return make(
      "span",
      { class: "attnx-chipweight" },
      make("span", { class: "attnx-bar", "aria-hidden": "true" }, bars[i]),
      numbers[i],
    );
  };
  const tokens = model.get("tokens");
  const group = choice(
    "Query: the token that looks. Below each token, the weight it receives.",
    tokens.map((token, i) => [i, token]),
    (query) => change(model, { query }),
    extra,
  );
  group.element.classList.add("attnx-sentence");
  const update = (state, result) => {
    group.update(state.query);
    result.weights[state.query].forEach((weight, j) => {
      const hidden = result.masked[state.query][j] === -Infinity;
      bars[j].style.inlineSize = `${100 * weight}%`;
      write(numbers[j], hidden ? "masked" : format(weight, 2));
      numbers[j].dataset.value = weight;
      numbers[j].parentElement.classList.toggle("attnx-hidden", hidden);
    });
  };
  return { element: group.element, update };
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
  const group = choice(
    "Mask: where it may look",
    MASKS.map((mask) => [mask, mask]),
    (mask) => change(model, { mask }),
  );
  const n = model.get("tokens").length;
  const box = make("input", { type: "number", min: 0, max: n, step: 1, inputmode: "numeric" });
  box.addEventListener("input", () => {
    if (box.value !== "" && box.checkValidity()) change(model, { length: Number(box.value) });
  });
  const field = make("label", { class: "attnx-check" }, make("span", {}, "real tokens"), box);
  group.element.lastChild.append(field);
  const update = (state) => {
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

const SIDE = 320,
  MIDDLE = SIDE / 2;

function at([x, y], size) {
  return [MIDDLE + (x / size) * MIDDLE, MIDDLE - (y / size) * MIDDLE];
}

function place(group, point, size) {
  const [x, y] = at(point, size);
  set(group, { transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})` });
}

/** A token on the plane: moved by pointer, by touch and by the arrow keys. */
function handle(model, i, plane) {
  const token = model.get("tokens")[i];
  const label = make("svg:text", { class: "attnx-pointlabel", x: 0, y: -16, "text-anchor": "middle" }, token);
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
  const update = (point, isQuery) => {
    place(element, point, plane.size);
    element.classList.toggle("attnx-isquery", isQuery);
    label.setAttribute("y", point[1] > plane.size * 0.85 ? 27 : -16);
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
    const x = ((event.clientX - box.left) / box.width) * 2 - 1,
      y = 1 - ((event.clientY - box.top) / box.height) * 2;
    move([x, y].map((share) => tidy(Math.round(clamp(share * plane.size, -LIMIT, LIMIT) * 20) / 20)));
  });
  element.addEventListener("lostpointercapture", () => {
    plane.held = false;
    plane.redraw();
  });
}

const SHAPES = {
  // a second mark beside colour: square for keys, triangle for values, disc for the query
  q: () => make("svg:circle", { r: 9 }),
  k: () => make("svg:rect", { x: -8, y: -8, width: 16, height: 16 }),
  v: () => make("svg:path", { d: "M0 -12 L12 8 L-12 8 Z" }),
  o: () => make("svg:path", { d: "M0 -11 L11 0 L0 11 L-11 0 Z" }),
};

function marker(kind) {
  const line = make("svg:line", { class: `attnx-arrow attnx-${kind}` });
  const tip = make("svg:g", { class: `attnx-tip attnx-${kind}` }, SHAPES[kind]());
  return { line, tip, elements: [line, tip] };
}

/** Draws a marker at a point: faded by `strength`, with a line from `from` of that thickness. */
function show({ line, tip }, size, point, { visible = true, strength = 1, from = [0, 0], width = 1.5 }) {
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
    make("svg:line", { class: "attnx-axis", x1: 0, x2: SIDE, y1: MIDDLE, y2: MIDDLE }),
    make("svg:line", { class: "attnx-axis", y1: 0, y2: SIDE, x1: MIDDLE, x2: MIDDLE }),
  ];
  const right = make("svg:text", { class: "attnx-tick", x: SIDE - 4, y: MIDDLE + 13, "text-anchor": "end" });
  const top = make("svg:text", { class: "attnx-tick", x: MIDDLE + 5, y: 13 });
  const update = (size) => {
    write(right, String(size));
    write(top, String(size));
  };
  return { elements: [...lines, right, top], update };
}

function makePlane(model) {
  const n = model.get("tokens").length,
    axes = grid(),
    plane = { size: LIMIT, held: false };
  const query = marker("q"),
    output = marker("o");
  const keys = Array.from({ length: n }, () => marker("k")),
    values = Array.from({ length: n }, () => marker("v"));
  plane.handles = Array.from({ length: n }, (_, i) => handle(model, i, plane));
  plane.svg = make(
    "svg:svg",
    {
      viewBox: `0 0 ${SIDE} ${SIDE}`,
      class: "attnx-plane",
      role: "group",
      "aria-label": "Plane of the tokens' vectors",
    },
    axes.elements,
    [...values, ...keys, query, output].flatMap((mark) => mark.elements),
    plane.handles.map((one) => one.element),
  );
  plane.redraw = () => plane.draw?.();
  const paint = (state, result) => {
    if (!plane.held) plane.size = extent(pointsOf(state, result));
    axes.update(plane.size);
    paintMarks({ plane, query, output, keys, values }, state, result);
    plane.handles.forEach((one, i) => one.update(state.vectors[i], i === state.query));
  };
  plane.update = (state, result) => {
    plane.draw = () => paint(state, result);
    plane.draw();
  };
  return plane;
}

/** What the plane shows at a step, besides the tokens themselves. */
function pointsOf({ vectors, step, query }, { q, k, v, output }) {
  if (step === 5) return [...vectors, ...v, output[query]];
  return step === 0 ? [...vectors, q[query], ...k, ...v] : [...vectors, q[query], ...k];
}

function paintMarks({ plane, query, output, keys, values }, { step, query: i }, result) {
  const weights = result.weights[i],
    mixing = step === 5,
    size = plane.size;
  show(query, size, result.q[i], { visible: !mixing, width: 2.5 });
  show(output, size, result.output[i], { visible: mixing, width: 2.5 });
  keys.forEach((mark, j) => {
    const hidden = step >= 3 && result.masked[i][j] === -Infinity;
    const strength = hidden ? 0.15 : step === 4 ? 0.25 + 0.75 * weights[j] : 1;
    show(mark, size, result.k[j], {
      visible: !mixing,
      strength,
      width: step === 4 ? 0.5 + 5 * weights[j] : 1.5,
    });
  });
  values.forEach((mark, j) =>
    show(mark, size, result.v[j], {
      visible: mixing || step === 0,
      strength: mixing ? 0.2 + 0.8 * weights[j] : 1,
      from: mixing ? result.output[i] : [0, 0],
      width: mixing ? 0.5 + 5 * weights[j] : 1.5,
    }),
  );
}

function legend() {
  const entries = [
    ["x", "● token x"],
    ["q", "○ its query"],
    ["k", "□ keys"],
    ["v", "△ values"],
    ["o", "◇ output"],
  ];
  const items = entries.map(([kind, text]) => make("span", { class: `attnx-ink attnx-ink-${kind}` }, text));
  const update = (step) => {
    const shown = step === 5 ? "xvo" : step === 0 ? "xqkv" : "xqk";
    items.forEach((item, i) => {
      item.hidden = !shown.includes(entries[i][0]);
    });
  };
  return { element: make("p", { class: "attnx-legend" }, items), update };
}

// ---- the six steps ----------------------------------------------------------------------------

const EXPLAIN = [
  () => [
    "Each token's vector x becomes a query, a key and a value: q = x W",
    make("sub", {}, "Q"),
    ", k = x W",
    make("sub", {}, "K"),
    ", v = x W",
    make("sub", {}, "V"),
    ".",
  ],
  () => ["The score of a query and a key is their dot product: S = Q Kᵀ."],
  () => [
    "Scores grow with the square root of d",
    make("sub", {}, "k"),
    ", so they are divided by it: here √2 ≈ 1.414.",
  ],
  () => ["A score that must not count becomes −∞."],
  () => ["Softmax turns each row into weights that sum to 1; e to the −∞ is 0."],
  () => ["The output is the average of the values, by weight: O = A V."],
];

function pair(vector) {
  return `(${vector.map((x) => format(x)).join(", ")})`;
}

/** The worked line for the chosen query at each step. */
function worked({ tokens, query: i, step, mask }, { q, k, v, scores, scaled, masked, weights, output }) {
  const best = weights[i].indexOf(Math.max(...weights[i])),
    [who, whom] = [tokens[i], tokens[best]];
  const product = (a, b) => a.map((value, c) => `${format(value)} · ${format(b[c])}`).join(" + ");
  const hidden = masked[i].filter((score) => score === -Infinity).length;
  return [
    `“${who}”: q = ${pair(q[i])}, k = ${pair(k[i])}, v = ${pair(v[i])}`,
    `“${who}” with “${whom}”: ${product(q[i], k[best])} = ${format(scores[i][best])}`,
    `“${who}” with “${whom}”: ${format(scores[i][best])} / 1.414 = ${format(scaled[i][best])}`,
    hidden
      ? `“${who}” loses ${hidden} of ${tokens.length} keys to the ${mask} mask.`
      : `“${who}” may look at every key.`,
    hidden === tokens.length
      ? `“${who}” has no key left: by convention all its weights are 0.`
      : `“${who}” looks most at “${whom}”: ${format(100 * weights[i][best], 1)} %. Its row sums to 1.`,
    hidden === tokens.length
      ? `“${who}” has no weights to mix with: its output is 0.`
      : `“${who}” leaves with o = ${pair(output[i])}, the value of “${whom}” in it for ${format(100 * weights[i][best], 1)} %.`,
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
  const back = make(
    "button",
    { type: "button", class: "attnx-button", "data-back": true, onclick: () => go(model.get("step") - 1) },
    "← Previous",
  );
  const next = make(
    "button",
    {
      type: "button",
      class: "attnx-button attnx-main",
      "data-next": true,
      onclick: () => go(model.get("step") + 1),
    },
    "Next →",
  );
  const text = make("p", { class: "attnx-explain" }),
    line = make("p", { class: "attnx-worked" }),
    tables = make("div", { class: "attnx-tables" });
  const bar = make(
    "ol",
    { class: "attnx-steps", "aria-label": "Steps" },
    tabs.map((tab) => make("li", {}, tab)),
  );
  const element = make(
    "div",
    { class: "attnx-stepper" },
    make("div", { class: "attnx-walk" }, back, next),
    text,
    tables,
    line,
  );
  const update = (state, result) => {
    tabs.forEach((tab, i) => set(tab, { "aria-current": i === state.step ? "step" : null }));
    set(back, { "aria-disabled": String(state.step === 0) });
    set(next, { "aria-disabled": String(state.step === STEPS.length - 1) });
    text.replaceChildren(...EXPLAIN[state.step]().flat());
    write(line, worked(state, result));
    tables.replaceChildren(...stepTables(state, result));
  };
  return { bar, element, update };
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
  const element = make(
    "details",
    { class: "attnx-details" },
    make("summary", {}, "Edit vectors and matrices as numbers"),
    make(
      "div",
      { class: "attnx-tables" },
      [vectors, ...matrices].map((editor) => editor.element),
    ),
  );
  const update = (state) => {
    vectors.update(state.vectors);
    ["w_q", "w_k", "w_v"].forEach((key, i) => matrices[i].update(state[key]));
  };
  return { element, update };
}

function summary({ tokens, query, step, mask }, { weights }) {
  const row = weights[query],
    best = row.indexOf(Math.max(...row));
  const looks =
    Math.max(...row) === 0
      ? "may look at nothing"
      : `looks most at ${tokens[best]}, weight ${format(row[best])}`;
  const under = mask === "none" ? "With no mask" : `With the ${mask} mask`;
  return `Step ${step + 1} of ${STEPS.length}, ${STEPS[step]}. ${under} ${tokens[query]} ${looks}.`;
}

function render({ model, el }) {
  const { root, body, status } = frame(model, "Attention on a sentence", KEYS);
  const parts = {
    words: sentence(model),
    presets: presetButtons(model),
    mask: maskControl(model),
    steps: stepper(model),
    numbers: editors(model),
    key: legend(),
  };
  const plane = makePlane(model),
    announce = announcer(status);
  const hint = make(
    "p",
    { class: "attnx-quiet" },
    "Drag a token, or focus it and use the arrow keys (with Shift: bigger steps).",
  );
  body.append(
    parts.words.element,
    make("div", { class: "attnx-choices" }, parts.presets.element, parts.mask.element),
    parts.steps.bar,
    make(
      "div",
      { class: "attnx-columns" },
      make("div", { class: "attnx-planebox" }, plane.svg, parts.key.element, hint),
      parts.steps.element,
    ),
    parts.numbers.element,
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      result = attention(state);
    parts.words.update(state, result);
    parts.presets.update(state);
    parts.mask.update(state);
    plane.update(state, result);
    parts.key.update(state.step);
    parts.steps.update(state, result);
    parts.numbers.update(state);
    announce(summary(state, result));
  });
}

export default { render };
