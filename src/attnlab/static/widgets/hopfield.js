// Explorable: a drawing of 8 by 8 cells, and what a Hopfield network makes of it, classical or modern.
import { announcer, change, clamp, dot, format, frame, make, matmul, set, slider, softmax, table, transpose, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

const SIDE = 8,
  CELLS = SIDE * SIDE;
export const MEMORIES = ["modern", "classical"];

export const signs = (x) => x.map((value) => (value > 0 ? 1 : -1));

/** In how many cells two rows of signs agree. */
export const agreeing = (a, b) => a.filter((value, i) => value === b[i]).length;

/** X^T X / width without its diagonal. */
export function store(patterns) {
  const width = patterns[0].length;
  return matmul(transpose(patterns), patterns).map((row, i) => row.map((sum, j) => (i === j ? 0 : sum / width)));
}

/** Cell after cell takes the sign of what the others send it, at 0 it stays; until a sweep changes nothing. */
export function settle(weights, cue) {
  const x = [...cue];
  for (let changed = true; changed; ) {
    changed = false;
    weights.forEach((row, i) => {
      const field = dot(row, x),
        next = field === 0 ? x[i] : Math.sign(field);
      changed ||= next !== x[i];
      x[i] = next;
    });
  }
  return x;
}

/** softmax(sharpness xi X^T): the weight of each stored pattern. */
export const shares = (drawing, patterns, sharpness) => softmax(patterns.map((x) => sharpness * dot(x, drawing)));

/** What the memory makes of the drawing, and what the drawing has to do with each stored pattern. */
export function recall(state) {
  const patterns = state.patterns.slice(0, state.stored),
    drawn = signs(state.drawing);
  const weights = shares(state.drawing, patterns, state.sharpness);
  const answer = state.memory === "modern" ? matmul([weights], patterns)[0] : settle(store(patterns), drawn);
  const before = patterns.map((x) => agreeing(x, drawn)),
    after = patterns.map((x) => agreeing(x, signs(answer)));
  return { patterns, drawn, weights, answer, before, after };
}

const first = (numbers) => numbers.indexOf(Math.max(...numbers));
const cells = (n) => (n === 1 ? "1 cell" : `${n} cells`);
const percent = (share) => `${format(100 * share, 0)} %`;

/** What came out, in a sentence. */
export function verdict(state, seen = recall(state)) {
  const { before, after, weights } = seen,
    name = (i) => state.names[i];
  if (state.memory === "classical") {
    const best = first(after),
      turned = after.indexOf(0);
    if (after[best] === CELLS) return `It comes to rest at the ${name(best)}, from which the drawing differed in ${cells(CELLS - before[best])}.`;
    if (turned >= 0) return `It comes to rest at the ${name(turned)} with all signs turned, which was never stored.`;
    return `It comes to rest at a pattern that was never stored: nearest is the ${name(best)}, and ${cells(CELLS - after[best])} differ.`;
  }
  const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a]),
    [best, second] = order,
    wrong = CELLS - after[best];
  const missed = CELLS - before[best],
    signed = wrong ? `not all of its signs: ${wrong} differ` : `its signs; ${missed ? `the drawing had ${missed} wrong` : "so had the drawing"}`;
  if (weights[best] <= 0.5) return `A mixture: ${percent(weights[best])} ${name(best)}, ${percent(weights[second])} ${name(second)}. Its signs differ from those of the ${name(best)} in ${cells(wrong)}.`;
  return `The ${name(best)} gets ${percent(weights[best])} of the weight, and the answer has ${signed}.`;
}

/** Whether the drawing is half of the ink of a pattern or less, nothing else, and the answer is all of the pattern. */
export function completed({ patterns, drawn, after }) {
  const ink = (x) => x.filter((value) => value > 0).length,
    within = (x) => drawn.every((value, i) => value < 0 || x[i] > 0);
  return patterns.some((x, p) => after[p] === CELLS && within(x) && ink(drawn) > 0 && 2 * ink(drawn) <= ink(x));
}

const GOALS = [
  ["half", "a drawing of half a pattern or less: the answer is all of it", (_, seen) => completed(seen)],
  ["never", "a drawing: the classical network ends in a pattern never stored", ({ memory }, { after }) => memory === "classical" && !after.includes(CELLS)],
  ["mixture", "a sharpness: no pattern gets more than half of the weight", ({ memory }, { weights }) => memory === "modern" && Math.max(...weights) <= 0.5],
];

/** The cells that a stroke goes through, from one point to another, in units of cells. */
export function along([x0, y0], [x1, y1]) {
  const steps = Math.ceil(4 * Math.hypot(x1 - x0, y1 - y0)) || 1,
    place = (a, b, i) => clamp(Math.floor(a + ((b - a) * i) / steps), 0, SIDE - 1);
  return [...new Set(Array.from({ length: steps + 1 }, (_, i) => place(y0, y1, i) * SIDE + place(x0, x1, i)))];
}

// ---- the sheets -------------------------------------------------------------------------------

const KEYS = ["drawing", "memory", "sharpness", "stored"],
  CELL = 20;
let groups = 0;

const read = (model) => Object.fromEntries([...KEYS, "names", "patterns"].map((key) => [key, model.get(key)]));

function board(attributes, ...rest) {
  const all = Array.from({ length: CELLS }, (_, i) =>
    make("svg:rect", { class: "attnx-ink-cell", x: (i % SIDE) * CELL, y: Math.floor(i / SIDE) * CELL, width: CELL, height: CELL, stroke: "var(--x-line)", "stroke-width": 0.7 }),
  );
  const element = make("svg:svg", { viewBox: `0 0 ${SIDE * CELL} ${SIDE * CELL}`, ...attributes }, all, rest);
  const show = (x) => x.forEach((value, i) => set(all[i], { style: `--ink:${((value + 1) / 2).toFixed(4)}`, "data-cell": value }));
  return { element, show };
}

/** The drawing: by pointer and touch, or with the arrow keys and space. A stroke that begins on ink takes ink away. */
function sheet(model) {
  const cursor = make("svg:rect", { class: "attnx-pencursor", width: CELL - 2, height: CELL - 2 });
  const { element, show } = board({ class: "attnx-sheet", tabindex: 0, role: "application", "aria-roledescription": "sheet of 8 by 8 cells", "data-drawing": "" }, cursor);
  let at = [3, 3],
    last = null,
    pen = 1;
  const put = (places, value) => change(model, { drawing: model.get("drawing").map((old, i) => (places.includes(i) ? value : old)) });
  const inkAt = (place) => model.get("drawing")[place] > 0;
  const where = (event) => {
    const box = element.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  };
  const label = () => {
    set(cursor, { x: at[0] * CELL + 1, y: at[1] * CELL + 1 });
    set(element, { "aria-label": `Drawing. Row ${at[1] + 1}, column ${at[0] + 1}: ${inkAt(at[1] * SIDE + at[0]) ? "ink" : "empty"}. Arrow keys move, space puts ink or takes it away.` });
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    last = where(event);
    pen = inkAt(along(last, last)[0]) ? -1 : 1;
    put(along(last, last), pen);
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    const to = where(event);
    put(along(last, to), pen);
    last = to;
  });
  element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key],
      here = at[1] * SIDE + at[0];
    if (step) at = at.map((place, axis) => clamp(place + step[axis], 0, SIDE - 1));
    else if (event.key === " " || event.key === "Enter") put([here], inkAt(here) ? -1 : 1);
    else return;
    event.preventDefault();
    label();
  });
  return { element, update: ({ drawing }) => (show(drawing), label()) };
}

/** The stored patterns, small: a press draws one; below it its bar. */
function shelf(model) {
  const parts = model.get("names").map((name, i) => {
    const small = board({ "aria-hidden": "true" }),
      fill = make("span", { class: "attnx-fill" }),
      said = make("span", {});
    small.show(model.get("patterns")[i]);
    const draw = () => change(model, { drawing: [...model.get("patterns")[i]] });
    const button = make("button", { type: "button", class: "attnx-button attnx-hoppattern", "data-pattern": name, onclick: draw }, small.element, make("span", { class: "attnx-bar" }, fill), said);
    return { name, button, fill, said };
  });
  const update = ({ memory }, { weights, before }) =>
    parts.forEach(({ name, button, fill, said }, i) => {
      button.hidden = i >= before.length;
      if (button.hidden) return;
      const modern = memory === "modern",
        text = modern ? percent(weights[i]) : String(before[i]);
      set(fill, { style: `inline-size: ${(100 * (modern ? weights[i] : before[i] / CELLS)).toFixed(2)}%` });
      set(button, { "aria-label": `Draw ${name}; ${modern ? `its weight is ${text}` : `${cells(before[i])} of the drawing agree`}`, "data-value": modern ? weights[i] : before[i] });
      write(said, text);
    });
  return { buttons: parts.map(({ button }) => button), update };
}

// ---- controls ---------------------------------------------------------------------------------

function choice(model) {
  const name = `attnx-hopfield-${++groups}`;
  const inputs = MEMORIES.map((value) => make("input", { type: "radio", name, value, onchange: () => change(model, { memory: value }) }));
  const chips = MEMORIES.map((text, i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)));
  const element = make("div", { class: "attnx-chips", role: "group", "aria-label": "Network" }, chips);
  return { element, update: (state) => inputs.forEach((input, i) => (input.checked = MEMORIES[i] === state.memory)) };
}

/** The slider of one key, shown for one of the two memories. */
function control(model, key, label, memory, options) {
  const part = slider({ label, ...options, onchange: (value) => change(model, { [key]: value }) });
  const element = make("div", { class: "attnx-control attnx-tight attnx-hopslider", "data-control": key }, make("span", { class: "attnx-label" }, label), part.range, part.box);
  const update = (state) => {
    element.hidden = state.memory !== memory;
    part.update(state[key]);
  };
  return { element, update };
}

function actions(model, answer) {
  const halved = () => model.get("drawing").map((x, i) => (i % SIDE < SIDE / 2 ? x : -1));
  const does = [
    ["Take the answer", () => answer()],
    ["Hide half", halved],
    ["Clear", () => Array(CELLS).fill(-1)],
  ];
  return does.map(([text, made]) => make("button", { type: "button", class: "attnx-button", onclick: () => change(model, { drawing: made() }) }, text));
}

function numbers(state, { patterns, drawn, before, after, weights }) {
  return table({
    caption: "Every stored pattern",
    corner: "pattern",
    columns: ["agrees", "ξ · x", "weight", "answer agrees"],
    rows: patterns.map((_, i) => ({ text: state.names[i] })),
    cells: patterns.map((x, i) => [before[i], format(dot(x, state.drawing), 1), format(weights[i], 3), after[i]].map((text) => ({ text: String(text) }))),
    attributes: { class: "attnx-table attnx-hoptable", "data-table": "patterns" },
  });
}

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "A memory completes a drawing", KEYS, GOALS);
  let seen;
  const answer = board({ class: "attnx-hopanswer", role: "img", "data-answer": "" }),
    kept = shelf(model),
    says = make("span", { class: "attnx-legendlike" }),
    place = make("div", {});
  const parts = [
    choice(model),
    control(model, "sharpness", "Sharpness", "modern", { min: 0, max: 0.25, step: 0.005, digits: 3 }),
    control(model, "stored", "Stored", "classical", { min: 1, max: model.get("names").length, step: 1, digits: 0 }),
    sheet(model),
    kept,
  ];
  const titled = (title, { element }) => make("div", {}, make("span", { class: "attnx-legendlike" }, title), element);
  const picture = make(
    "div",
    { role: "group", "aria-label": "Drawing and answer", "data-picture": "" },
    make("div", { class: "attnx-hopsheets" }, titled("Draw here", parts[3]), titled("Answer", answer)),
    make("div", { class: "attnx-hoprow" }, actions(model, () => [...seen.answer])),
    make("div", { class: "attnx-hoprow" }, kept.buttons),
  );
  const announce = announcer(status);
  body.classList.add("attnx-hopbody");
  body.append(make("div", { class: "attnx-controls" }, parts.slice(0, 3).map(({ element }) => element)), picture);
  more.append(says, place);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model);
    seen = recall(state);
    parts.forEach((one) => one.update(state, seen));
    answer.show(seen.answer);
    set(answer.element, { "aria-label": `Answer. ${verdict(state, seen)}` });
    write(says, `Bars: ${state.memory === "modern" ? "the weight of each stored pattern, softmax(β ξ · x)" : "in how many cells of the drawing each stored pattern agrees"}. A press on a pattern draws it. In the table: cells in which the drawing agrees with each pattern, dot product, weight in the modern network, and cells in which the answer agrees.`);
    place.replaceChildren(numbers(state, seen));
    ask(state, seen);
    announce(verdict(state, seen));
  });
}

export default { render };
