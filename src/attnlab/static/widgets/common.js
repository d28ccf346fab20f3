// What every explorable shares: a little arithmetic, numbers as text, and building elements.
// An explorable imports from here with one `import { a, b } from "./common.js";` (no renaming):
// JupyterLab receives both files joined into one, see attnlab.explore.

// ---- arithmetic ---------------------------------------------------------------------------------

/** exp(x_i / T) / sum_j exp(x_j / T); -Infinity gets weight 0, a row of only -Infinity gives zeros. */
export function softmax(x, temperature = 1) {
  const top = Math.max(...x);
  if (top === -Infinity) return x.map(() => 0);
  const powers = x.map((value) => Math.exp((value - top) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

export function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

export function transpose(matrix) {
  return matrix[0].map((_, j) => matrix.map((row) => row[j]));
}

export function matmul(a, b) {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
}

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

// ---- numbers as text ----------------------------------------------------------------------------

/** A number with a real minus sign, never "-0.00"; infinities as a sign and ∞. */
export function format(value, digits = 2) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Like format, but a small positive number keeps its first two digits: 3.1e−7. */
export function formatSmall(value, digits = 3) {
  if (value === 0 || Math.abs(value) >= 10 ** -digits) return format(value, digits);
  if (Math.abs(value) < 1e-99) return "below 1e−99";
  return value.toExponential(1).replaceAll("-", "−");
}

// ---- arcs ---------------------------------------------------------------------------------------

/** An arc from one place to another in units of places, 1 high at most; to itself a small loop. */
export function arc(from, to, count) {
  const a = from + 0.5, b = to + 0.5;
  if (from === to) return [[a, 1], [a - 0.55, 0.55], [a + 0.55, 0.55], [a, 1]];
  const height = 1.3 * (0.25 + (0.75 * Math.abs(b - a)) / (count - 1));
  return [[a, 1], [a, 1 - height], [b, 1 - height], [b, 1]];
}

/** The width of the line for a weight, in pixels. */
export const thickness = (weight) => 1 + 15 * weight;

/** The arcs of a row of weights, the thickest last; above a row of places or, turned, beside a column. */
export function arcs(row, query, turned = false, faint = 0.005) {
  const order = row.map((weight, key) => [weight, key]).filter(([weight]) => weight >= faint).sort((a, b) => a[0] - b[0]);
  return order.map(([weight, key]) =>
    make("svg:path", {
      class: "attnx-arc",
      d: arcPath(arc(query, key, row.length), turned),
      "data-key": key,
      style: `stroke-width:${thickness(weight).toFixed(2)}px;opacity:${(0.3 + 0.7 * weight).toFixed(2)}`,
    }),
  );
}

/** Thin arcs for what the other queries do, from a weight of a tenth on. */
export function otherArcs(rows, query, turned = false) {
  const all = rows.flatMap((row, i) => row.map((weight, j) => [weight, i, j])).filter(([weight, i]) => i !== query && weight >= 0.1);
  return all.map(([weight, i, j]) =>
    make("svg:path", { class: "attnx-arc attnx-arc-other", d: arcPath(arc(i, j, rows.length), turned), style: `opacity:${(0.2 + 0.5 * weight).toFixed(2)}` }));
}

/** The points of an arc as a path; turned, its foot stands on the left edge. */
export function arcPath(points, turned) {
  const [start, ...rest] = points.map(([x, y]) => (turned ? `${1 - y} ${x}` : `${x} ${y}`));
  return `M${start}C${rest.join(" ")}`;
}

// ---- elements -----------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";

/** make("button", {class: "x", onclick: f}, "text", child); "svg:rect" makes an SVG element. */
export function make(tag, attributes = {}, ...children) {
  const isSvg = tag.startsWith("svg:");
  const element = isSvg ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  set(element, attributes);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets attributes; functions become event listeners, false and null remove the attribute. */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === false || value === null) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return element;
}

/** Writes text only where it changed, so that a selection or a screen reader is not disturbed. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The frame of an explorable: its title, its goals and a reset button; `body` for the main control and the picture, `sentence`,
 * which `status` speaks, and `more` for what is secondary, folded. A goal is [id, "a …: …", met]; call `ask(...now)` at every
 * draw: a goal of which met(...now) becomes true is reached for good.
 */
export function frame(model, title, keys, goals = []) {
  const start = Object.fromEntries(keys.map((key) => [key, structuredClone(model.get(key))]));
  const reset = make("button", { type: "button", class: "attnx-button", "data-reset": true }, "Reset");
  reset.addEventListener("click", () => change(model, structuredClone(start)));
  const sentence = make("p", { class: "attnx-status", "aria-hidden": "true" }),
    status = make("p", { class: "attnx-said", role: "status" });
  const body = make("div", { class: "attnx-body" }),
    more = make("div", { class: "attnx-body" });
  const { element, ask } = asking(model.goals ?? new Set(), goals);
  const root = make(
    "div",
    {
      class: "attnx",
      role: "group",
      "aria-label": `Explorable: ${title}`,
      // JupyterLab takes the arrow keys from whatever has the focus and does not say that it is left alone
      onfocusin: (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"),
    },
    make("div", { class: "attnx-head" }, make("span", { class: "attnx-title" }, title), reset),
    element,
    body,
    make("div", {}, sentence, status),
    make("details", { class: "attnx-more" }, make("summary", {}, "More"), more),
  );
  return { root, body, sentence, status, more, ask };
}

/** The line of goals: one that is met now, else the first that was never reached; `kept` has the ids of those that were. */
function asking(kept, goals) {
  const mark = make("span", { class: "attnx-mark", "aria-hidden": "true" }),
    text = make("span", {}),
    count = make("span", {}),
    tick = make("span", { class: "attnx-tick", "data-goals": "" }, count, make("span", { class: "attnx-said" }, " found")),
    said = make("span", { class: "attnx-said", "aria-live": "polite" });
  const find = make("span", {}, make("strong", {}, "Find "), text);
  const element = make("p", { class: "attnx-goal", hidden: goals.length === 0 }, mark, find, tick, said);
  const reached = () => goals.filter(([id]) => kept.has(id)).length;
  const show = (goal, met) => {
    write(mark, met ? "✓" : "○");
    write(text, `${goal[1]}${kept.has(goal[0]) && !met ? " (found before)" : ""}.`);
    write(count, `${reached()} of ${goals.length}`);
    set(element, { "data-goal": goal[0], "data-met": met });
  };
  let started = false; // what is true at the start is nobody's finding
  const ask = (...now) => {
    const met = goals.filter(([, , is]) => is(...now)),
      fresh = started ? met.filter(([id]) => !kept.has(id)) : [];
    for (const [id] of fresh) kept.add(id);
    if (fresh.length) write(said, `Found ${fresh.at(-1)[1]}. ${reached()} of ${goals.length} found.`);
    const here = met.filter(([id]) => kept.has(id)).at(-1);
    if (goals.length) show(here ?? goals.find(([id]) => !kept.has(id)) ?? goals[0], here !== undefined);
    started = true;
  };
  return { element, ask };
}

/** A range and a number box for one value, kept equal. `scale` maps value <-> slider position. */
export function slider({ label, min, max, step, scale, digits = 2, onchange }) {
  const { to = (x) => x, from = (x) => x, step: ticks = step } = scale ?? {};
  const range = make("input", {
    type: "range",
    min: to(min),
    max: to(max),
    step: ticks,
    "aria-label": label,
  });
  const box = make("input", {
    type: "number",
    min,
    max,
    step,
    inputmode: "decimal",
    "aria-label": `${label}, as a number`,
  });
  range.addEventListener("input", () => onchange(Number(from(Number(range.value)).toFixed(digits))));
  box.addEventListener("input", () => {
    if (box.value !== "" && box.checkValidity()) onchange(Number(box.value));
  });
  let current;
  const update = (value) => {
    current = value;
    range.value = to(value);
    range.style.setProperty("--fill", `${(100 * (to(value) - range.min)) / (range.max - range.min)}%`);
    range.setAttribute("aria-valuetext", format(value, digits));
    if (document.activeElement !== box && (box.value === "" || Number(box.value) !== value)) box.value = String(value);
  };
  box.addEventListener("blur", () => {
    box.value = String(current);
  });
  return { range, box, update };
}

/** A table of numbers. cells[i][j] is {text, ...attributes}; heads name the rows and columns. */
export function table({ caption, columns, rows, cells, corner = "", attributes = {} }) {
  const headRow = make(
    "tr",
    {},
    corner === null ? null : make("td", { class: "attnx-corner" }, corner),
    columns.map((column) => header(column, "col")),
  );
  const bodyRows = cells.map((line, i) =>
    make(
      "tr",
      rows[i]?.row ?? {},
      rows[i] === undefined ? null : header(rows[i], "row"),
      line.map(({ text, ...rest }) => make("td", rest, text)),
    ),
  );
  return make(
    "table",
    { class: "attnx-table", ...attributes },
    make("caption", {}, ...[caption].flat()),
    make("thead", {}, headRow),
    make("tbody", {}, bodyRows),
  );
}

function header(content, scope) {
  const { text, row, ...rest } = typeof content === "string" ? { text: content } : content;
  return make("th", { scope, ...rest }, make("span", {}, text));
}

/** The style of a heat-map cell: strength 0..1 becomes the depth of its colour. */
export function heat(strength, kind = "plus") {
  return { class: `attnx-heat attnx-${kind}`, style: `--heat:${clamp(Math.abs(strength), 0, 1).toFixed(4)}` };
}

// ---- state --------------------------------------------------------------------------------------

/** Sets several values of the model at once and tells the kernel, where there is one. */
export function change(model, values) {
  for (const [key, value] of Object.entries(values)) model.set(key, value);
  model.save_changes();
}

/** Calls draw now, and once after each burst of changes of the keys; returns what undoes it. */
export function watch(model, keys, draw) {
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      draw();
    });
  };
  for (const key of keys) model.on(`change:${key}`, later);
  draw();
  return () => {
    for (const key of keys) model.off(`change:${key}`, later);
  };
}

/** Shows a message at once, and speaks the last of a burst half a second after it; silent the first time. */
export function announcer(status, wait = 500) {
  const sentence = status.parentElement.querySelector(".attnx-status");
  let timer,
    first = true;
  return (message) => {
    write(sentence, message);
    if (first) {
      first = false;
      status.textContent = message;
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(() => write(status, message), wait);
  };
}
