// Explorable: a digit that the reader draws, its patches as tokens, what each token attends to, and the model's guess.
import { announcer, change, clamp, format, frame, heat, make, matmul, set, softmax, table, transpose, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

const SIDE = 8,
  FULL = 16,
  EPSILON = 1e-6;

/** Squares of size · size numbers out of a square image given row after row; each becomes a row. */
export function patches(image, size) {
  const side = Math.sqrt(image.length),
    across = side / size;
  return Array.from({ length: across * across }, (_, p) => {
    const top = Math.floor(p / across) * size,
      left = (p % across) * size;
    return Array.from({ length: size * size }, (_, i) => image[(top + Math.floor(i / size)) * side + left + (i % size)]);
  });
}

/** Each row: minus its mean, over the root of its variance, times the gain, plus the bias. */
export function layerNorm(x, { gain, bias }) {
  return x.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, c) => ((value - mean) / Math.sqrt(variance + EPSILON)) * gain[c] + bias[c]);
  });
}

/** x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2. */
export function gelu(x) {
  return (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;
}

function plus(rows, bias) {
  return rows.map((row) => row.map((value, c) => value + bias[c]));
}

function add(a, b) {
  return a.map((row, t) => row.map((value, c) => value + b[t][c]));
}

/** What enters the first block: the class token, then the patches in reading order, each with its place. */
export function embed(model, image) {
  const scaled = image.map((ink) => ink / FULL);
  const rows = plus(matmul(patches(scaled, model.size), model.project), model.project_bias);
  return add([model.class_token, ...rows], model.places);
}

/** The weights of every head, and what the layer adds. */
export function attend(x, parts, heads) {
  const wide = x[0].length / heads;
  const split = (rows) => Array.from({ length: heads }, (_, h) => rows.map((row) => row.slice(h * wide, (h + 1) * wide)));
  const [q, k, v] = ["query", "key", "value"].map((name) => split(matmul(x, parts[name])));
  const weights = q.map((rows, h) => matmul(rows, transpose(k[h])).map((row) => softmax(row.map((score) => score / Math.sqrt(wide)))));
  const mixed = weights.map((rows, h) => matmul(rows, v[h]));
  return { weights, out: matmul(x.map((_, t) => mixed.flatMap((rows) => rows[t])), parts.output) };
}

/** The weights of every block and head, the logits of the classes, and their probabilities. */
export function look(model, image) {
  let x = embed(model, image);
  const weights = model.blocks.map((block) => {
    const layer = attend(layerNorm(x, block.attention_norm), block.attention, model.n_heads);
    x = add(x, layer.out);
    const hidden = plus(matmul(layerNorm(x, block.feed_norm), block.feed.expand), block.feed.expand_bias);
    x = add(x, plus(matmul(hidden.map((row) => row.map(gelu)), block.feed.contract), block.feed.contract_bias));
    return layer.weights;
  });
  const [logits] = plus(matmul(layerNorm([x[0]], model.norm), model.head), model.head_bias);
  return { weights, logits, chances: softmax(logits) };
}

/** How much one token attends to each, in one block: in one head, or the mean over all of them (head -1). */
export function shares(weights, block, head, token) {
  const rows = weights[block].map((one) => one[token]);
  return head < 0 ? rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length) : rows[head];
}

/** The image after a stroke of the pen from one point to another: ink by how near a pixel's centre is. */
export function inked(image, from, to) {
  return image.map((ink, i) => {
    const at = [(i % SIDE) + 0.5, Math.floor(i / SIDE) + 0.5];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const along = dx || dy ? clamp(((at[0] - from[0]) * dx + (at[1] - from[1]) * dy) / (dx * dx + dy * dy), 0, 1) : 0;
    const far = Math.hypot(at[0] - from[0] - along * dx, at[1] - from[1] - along * dy);
    return Math.max(ink, Math.round(FULL * clamp(1.25 - far, 0, 1)));
  });
}

/** The digits in which samples are kept, as numbers from 0 to 16. */
export function unpacked(text) {
  return [...text].map((digit) => "0123456789ABCDEFG".indexOf(digit));
}

// ---- state ------------------------------------------------------------------------------------

const KEYS = ["image", "block", "head", "token"];
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function name(token) {
  if (token === 0) return "the class token";
  return `patch ${token} (row ${Math.floor((token - 1) / 4) + 1}, column ${((token - 1) % 4) + 1})`;
}

function best(chances) {
  return chances.map((p, digit) => [p, digit]).sort((a, b) => b[0] - a[0]);
}

/** The guess in a sentence. */
export function verdict({ chances }) {
  const [[p, digit], [q, other]] = best(chances);
  return `The model reads a ${digit} (${format(100 * p, 1)} %), then a ${other} (${format(100 * q, 1)} %).`;
}

// ---- controls ---------------------------------------------------------------------------------

function choice(label, key, choices, model) {
  const group = `attnx-patches-${++groups}`;
  const inputs = choices.map(([value]) => make("input", { type: "radio", name: group, value, onchange: () => change(model, { [key]: value }) }));
  const element = make(
    "fieldset",
    { class: "attnx-choice", "data-choice": key },
    make("legend", {}, label),
    make("div", { class: "attnx-chips" }, choices.map(([, text], i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)))),
  );
  return { element, update: (state) => inputs.forEach((input, i) => (input.checked = choices[i][0] === state[key])) };
}

function sampleButtons(model) {
  const labels = model.get("labels"),
    texts = model.get("samples");
  const turn = Array(10).fill(0);
  const show = (digit) => {
    const own = labels.flatMap((label, i) => (label === digit ? [i] : []));
    change(model, { image: unpacked(texts[own[turn[digit]++ % own.length]]) });
  };
  const buttons = turn.map((_, digit) => make("button", { type: "button", class: "attnx-button", "data-sample": digit, onclick: () => show(digit) }, String(digit)));
  const clear = make("button", { type: "button", class: "attnx-button", "data-clear": "", onclick: () => change(model, { image: Array(SIDE * SIDE).fill(0) }) }, "Clear");
  return make(
    "div",
    { role: "group", "aria-label": "A digit that somebody wrote" },
    make("span", { class: "attnx-legendlike" }, "Draw, or take a digit that somebody wrote"),
    make("div", { class: "attnx-buttons" }, buttons, clear),
  );
}

// ---- the sheet --------------------------------------------------------------------------------

const CELL = 40;

/** The image as a sheet to draw on: by pointer and touch, or with the arrow keys and space. */
function sheet(model) {
  const cells = Array.from({ length: SIDE * SIDE }, (_, i) =>
    make("svg:rect", { class: "attnx-ink-cell", x: (i % SIDE) * CELL, y: Math.floor(i / SIDE) * CELL, width: CELL, height: CELL }),
  );
  const lines = [1, 2, 3].flatMap((n) => [
    make("svg:line", { class: "attnx-cut", x1: 2 * n * CELL, x2: 2 * n * CELL, y1: 0, y2: SIDE * CELL }),
    make("svg:line", { class: "attnx-cut", y1: 2 * n * CELL, y2: 2 * n * CELL, x1: 0, x2: SIDE * CELL }),
  ]);
  const cursor = make("svg:rect", { class: "attnx-pencursor", width: CELL - 4, height: CELL - 4 });
  const svg = make("svg:svg", {
    viewBox: `0 0 ${SIDE * CELL} ${SIDE * CELL}`,
    class: "attnx-sheet",
    tabindex: 0,
    role: "application",
    "aria-roledescription": "sheet of 8 by 8 pixels",
    "data-sheet": "",
    "data-picture": "",
  }, cells, lines, cursor);
  let at = [3, 3],
    last = null;
  const where = (event) => {
    const box = svg.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  };
  const stroke = (to) => {
    change(model, { image: inked(model.get("image"), last ?? to, to) });
    last = to;
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    svg.focus({ preventScroll: true });
    svg.setPointerCapture(event.pointerId);
    last = null;
    stroke(where(event));
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) stroke(where(event));
  });
  const label = () => {
    const ink = model.get("image")[at[1] * SIDE + at[0]];
    set(cursor, { x: at[0] * CELL + 2, y: at[1] * CELL + 2 });
    set(svg, { "aria-label": `Sheet. Row ${at[1] + 1}, column ${at[0] + 1}: ink ${ink} of ${FULL}. Arrow keys move, space puts ink or takes it away.` });
  };
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) at = at.map((place, axis) => clamp(place + step[axis], 0, SIDE - 1));
    else if (event.key === " " || event.key === "Enter") {
      const here = at[1] * SIDE + at[0];
      change(model, { image: model.get("image").map((ink, i) => (i === here ? (ink > 0 ? 0 : FULL) : ink)) });
    } else return;
    event.preventDefault();
    label();
  });
  const update = ({ image }) => {
    image.forEach((ink, i) => set(cells[i], { style: `--ink:${(ink / FULL).toFixed(4)}`, "data-ink": ink }));
    label();
  };
  return { element: svg, update };
}

// ---- what is seen -----------------------------------------------------------------------------

/** The 4 by 4 patches with the share that each gets; a press makes it the one that asks. */
function grid(model) {
  const buttons = Array.from({ length: 16 }, (_, p) => make("button", { type: "button", class: "attnx-edge", "data-token": p + 1, onclick: () => change(model, { token: p + 1 }) }));
  const element = table({
    caption: ["Weight of each patch, %", make("span", { class: "attnx-captionnote" }, "press one: it becomes the token that asks")],
    columns: ["1", "2", "3", "4"],
    rows: ["1", "2", "3", "4"].map((text) => ({ text })),
    cells: [0, 1, 2, 3].map((row) => buttons.slice(4 * row, 4 * row + 4).map((button) => ({ text: button }))),
    attributes: { class: "attnx-table attnx-edges attnx-patchgrid", "data-table": "weights" },
  });
  const update = (state, row) =>
    buttons.forEach((button, p) => {
      const share = row[p + 1];
      set(button, {
        ...heat(share * 4),
        class: "attnx-edge attnx-heat attnx-plus",
        "data-value": share,
        "aria-pressed": String(state.token === p + 1),
        "aria-label": `${name(p + 1)}: ${format(100 * share, 1)} %`,
      });
      write(button, format(100 * share, 1));
    });
  return { element, update };
}

function guesses(chances) {
  return table({
    caption: ["Guess"],
    columns: ["%", { text: make("span", { class: "attnx-said" }, "as a bar") }],
    rows: chances.map((_, digit) => ({ text: String(digit) })),
    cells: chances.map((p) => [
      { text: format(100 * p, 1), "data-value": p },
      { text: make("span", { class: "attnx-bar" }, make("span", { class: "attnx-fill", style: `inline-size: ${(100 * p).toFixed(2)}%` })), class: "attnx-filterbar" },
    ]),
    attributes: { class: "attnx-table attnx-filtertable attnx-guesses", "data-table": "guess" },
  });
}

const surest = ({ chances }) => best(chances)[0];
const GOALS = [
  ["seven", "a drawing: the model reads a 7", (seen) => surest(seen)[1] === 7],
  ["doubt", "a drawing: the model is less than 90 % sure", (seen) => surest(seen)[0] < 0.9],
];

function render({ model, el }) {
  const { root, body, status, sentence, more, ask } = frame(model, "Patches of what you draw", KEYS, GOALS);
  const small = model.get("model");
  const paper = sheet(model),
    map = grid(model),
    block = choice("Block", "block", small.blocks.map((_, i) => [i, String(i + 1)]), model),
    head = choice("Head", "head", [...Array.from({ length: small.n_heads }, (_, h) => [h, String(h + 1)]), [-1, "mean"]], model);
  const first = make("button", { type: "button", class: "attnx-button", "data-token": 0, onclick: () => change(model, { token: 0 }) }, "Let the class token ask");
  const own = make("p", { "data-own": "" }),
    place = make("div", {}),
    announce = announcer(status);
  sentence.dataset.verdict = "";
  body.append(sampleButtons(model), paper.element);
  more.append(
    make(
      "div",
      { class: "attnx-columns" },
      make("div", { class: "attnx-filterpanel" }, make("div", { class: "attnx-choices" }, block.element, head.element), map.element, own, make("div", { class: "attnx-buttons" }, first)),
      place,
    ),
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      seen = look(small, state.image),
      row = shares(seen.weights, state.block, state.head, state.token);
    [paper, block, head].forEach((part) => part.update(state));
    map.update(state, row);
    set(first, { "aria-pressed": String(state.token === 0) });
    write(own, `Asking: ${name(state.token)}. The class token itself gets ${format(100 * row[0], 1)} %, the patches ${format(100 * (1 - row[0]), 1)} %.`);
    place.replaceChildren(guesses(seen.chances));
    ask(seen);
    announce(verdict(seen));
  });
}

export default { render };
