// Explorable: what temperature and the division by sqrt(d_k) do to softmax and to its gradient.
import {
  announcer,
  change,
  format,
  formatSmall,
  frame,
  heat,
  make,
  set,
  slider,
  softmax,
  table,
  watch,
  write,
} from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** q . k for entries of variance 1: a score of 1 standard deviation has the size sqrt(d_k). */
export function products({ scores, d_k }) {
  return scores.map((score) => score * Math.sqrt(d_k));
}

/** What softmax receives before the temperature: q . k, divided by sqrt(d_k) or left alone. */
export function logits({ scores, d_k, divide }) {
  return products({ scores, d_k }).map((product) => (divide ? product / Math.sqrt(d_k) : product));
}

export function weights(state) {
  return softmax(logits(state), state.temperature);
}

/** -sum p log2 p in bits, with 0 log 0 = 0. */
export function entropy(p) {
  return p.reduce((bits, value) => (value > 0 ? bits - value * Math.log2(value) : bits), 0);
}

/** diag(p) - p p^T: how weight i answers to number j that enters softmax. */
export function jacobian(p) {
  return p.map((a, i) => p.map((b, j) => (i === j ? a : 0) - a * b));
}

/** Root of the sum of squares; at most 1/2 for the Jacobian of a softmax. */
export function frobenius(matrix) {
  return Math.sqrt(matrix.flat().reduce((sum, value) => sum + value * value, 0));
}

/** Entropy (bits) and gradient norm at each temperature, everything else as in the state. */
export function sweep(state, temperatures) {
  return temperatures.map((temperature) => {
    const p = weights({ ...state, temperature });
    return { temperature, bits: entropy(p), norm: frobenius(jacobian(p)) };
  });
}

/** One sentence about the weights: saturated, nearly uniform or in between. */
export function verdict(p) {
  const top = Math.max(...p),
    uniform = 1 / p.length;
  const norm = frobenius(jacobian(p));
  const winners = p.filter((value) => value > top - 1e-9).length;
  if (norm < 0.01) return "Saturated: one key takes everything, and the gradient has all but vanished.";
  if (winners > 1 && winners * top > 0.99 && winners < p.length)
    return `Saturated: ${winners} equal scores share everything.`;
  if (top < 1.1 * uniform) return `Nearly uniform: every key gets about 1/${p.length}, whatever its score.`;
  if (top > 0.9) return "Close to saturation: the gradient is getting small.";
  return "In between: the weights follow the scores, and the gradient is alive.";
}

// ---- picture ----------------------------------------------------------------------------------

const KEYS = ["scores", "temperature", "d_k", "divide"];
const COLDEST = 0.01,
  HOTTEST = 100,
  LARGEST_NORM = 0.5;
const LOG = { to: Math.log10, from: (x) => 10 ** x, step: 0.01 };
const LOG2 = { to: Math.log2, from: (x) => 2 ** x, step: 1 };

function percent(p) {
  return `${format(100 * p, p > 0.9995 || p < 0.0005 ? 2 : 1)} %`;
}

function temperatureControl(model) {
  const control = slider({
    label: "Temperature",
    min: COLDEST,
    max: HOTTEST,
    step: "any",
    scale: LOG,
    onchange: (value) => change(model, { temperature: value }),
  });
  const stops = [
    [COLDEST, "→ 0"],
    [1, "1"],
    [HOTTEST, "→ ∞"],
  ].map(([value, text]) =>
    make(
      "button",
      {
        type: "button",
        class: "attnx-button",
        "data-temperature": value,
        "aria-label": `Temperature ${value}`,
        onclick: () => change(model, { temperature: value }),
      },
      text,
    ),
  );
  const element = make(
    "div",
    { class: "attnx-control" },
    make("span", { class: "attnx-label" }, "Temperature T"),
    control.range,
    control.box,
    make("span", { class: "attnx-buttons" }, stops),
  );
  return { element, update: control.update };
}

function widthControl(model) {
  const control = slider({
    label: "d_k, entries in a query and a key",
    min: 1,
    max: 1024,
    step: 1,
    digits: 0,
    scale: LOG2,
    onchange: (value) => change(model, { d_k: value }),
  });
  const check = make("input", { type: "checkbox", "data-divide": true });
  check.addEventListener("change", () => change(model, { divide: check.checked }));
  const element = make(
    "div",
    { class: "attnx-control" },
    make("span", { class: "attnx-label" }, "d", make("sub", {}, "k"), " entries"),
    control.range,
    control.box,
    make("label", { class: "attnx-check" }, check, make("span", {}, "divide by √d", make("sub", {}, "k"))),
  );
  return {
    element,
    update: () => {
      control.update(model.get("d_k"));
      check.checked = model.get("divide");
    },
  };
}

function keyBar(i) {
  const share = make("span", { class: "attnx-number attnx-strong", "data-weight": i });
  const bar = make("span", { class: "attnx-fill" });
  const element = make(
    "div",
    { class: "attnx-share" },
    make("span", { class: "attnx-keyname" }, `key ${i + 1}`),
    make("span", { class: "attnx-bar", "aria-hidden": "true" }, bar),
    share,
  );
  const update = (p) => {
    write(share, percent(p));
    bar.style.inlineSize = `${100 * p}%`;
    share.dataset.value = p;
  };
  return { element, update };
}

/** The weight of every key, as a bar and in percent. */
function keyBars(model) {
  const bars = model.get("scores").map((_, i) => keyBar(i));
  const element = make("div", { class: "attnx-shares", "data-picture": "" }, bars.map((one) => one.element));
  return { element, update: (p) => p.forEach((value, i) => bars[i].update(value)) };
}

function scoreRow(model, i) {
  const control = slider({
    label: `Score of key ${i + 1}, in standard deviations`,
    min: -4,
    max: 4,
    step: 0.1,
    digits: 1,
    onchange: (value) => {
      change(model, { scores: model.get("scores").map((old, j) => (i === j ? value : old)) });
    },
  });
  const size = make("span", { class: "attnx-quiet", "data-logit": i });
  const element = make(
    "div",
    { class: "attnx-control", role: "group", "aria-label": `Key ${i + 1}` },
    make("span", { class: "attnx-keyname" }, `key ${i + 1}`),
    control.range,
    control.box,
    size,
  );
  const update = (score, logit, name) => {
    control.update(score);
    write(size, `${name} = ${format(logit, Math.abs(logit) < 100 ? 2 : 0)}`);
  };
  return { element, update };
}

function scoreList(model) {
  const rows = model.get("scores").map((_, i) => scoreRow(model, i));
  const element = make(
    "div",
    { class: "attnx-controls" },
    make("p", { class: "attnx-label" }, "Scores, in standard deviations"),
    rows.map((row) => row.element),
  );
  const update = (state) => {
    const name = state.divide ? "q·k / √dₖ" : "q·k";
    logits(state).forEach((logit, i) => rows[i].update(state.scores[i], logit, name));
  };
  return { element, update };
}

function meter(name, key) {
  const value = make("span", { class: "attnx-strong", "data-meter": key });
  const limit = make("span", { class: "attnx-quiet" });
  const fill = make("span", { class: `attnx-fill attnx-fill-${key}` });
  const element = make(
    "div",
    { class: "attnx-meter" },
    make("span", {}, name, " ", value, " ", limit),
    make("span", { class: "attnx-bar", "aria-hidden": "true" }, fill),
  );
  const update = (amount, largest, text, limitText) => {
    write(value, text);
    write(limit, limitText);
    fill.style.inlineSize = `${(100 * amount) / largest}%`;
    value.dataset.value = amount;
  };
  return { element, update };
}

const CHART = { left: 8, right: 312, top: 14, bottom: 118 };

function chartX(temperature) {
  const share = (Math.log10(temperature) + 2) / 4;
  return CHART.left + share * (CHART.right - CHART.left);
}

function chartY(share) {
  return CHART.bottom - share * (CHART.bottom - CHART.top);
}

function curve(points, read) {
  return points
    .map(
      (point, i) =>
        `${i ? "L" : "M"}${chartX(point.temperature).toFixed(1)} ${chartY(read(point)).toFixed(1)}`,
    )
    .join("");
}

/** Entropy and gradient norm over all temperatures, with the present temperature marked. */
function chart(model) {
  const { left, right, top, bottom } = CHART;
  const bits = make("svg:path", { class: "attnx-curve attnx-curve-entropy" });
  const norm = make("svg:path", { class: "attnx-curve attnx-curve-gradient" });
  const line = make("svg:line", { class: "attnx-marker", y1: top, y2: bottom });
  const bitsDot = make("svg:circle", { class: "attnx-dot-entropy", r: 4.5 });
  const normDot = make("svg:rect", { class: "attnx-dot-gradient", width: 8, height: 8 });
  const ticks = [0.01, 0.1, 1, 10, 100].flatMap((t) => [
    make("svg:line", { class: "attnx-grid", x1: chartX(t), x2: chartX(t), y1: top, y2: bottom }),
    make(
      "svg:text",
      { x: chartX(t), y: bottom + 14, "text-anchor": t === 0.01 ? "start" : t === 100 ? "end" : "middle" },
      String(t),
    ),
  ]);
  const svg = make(
    "svg:svg",
    {
      viewBox: `0 0 320 150`,
      class: "attnx-chart",
      role: "img",
      "aria-label":
        "Entropy and gradient norm over temperature, from 0.01 to 100; the numbers are in the text beside",
    },
    ticks,
    make("svg:line", { class: "attnx-axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    line,
    bits,
    norm,
    bitsDot,
    normDot,
    make("svg:text", { x: (left + right) / 2, y: 147, "text-anchor": "middle" }, "temperature T"),
  );
  const temperatures = Array.from({ length: 121 }, (_, i) => 10 ** (-2 + i / 30));
  const update = (state) => {
    const most = Math.log2(state.scores.length),
      points = sweep(state, temperatures);
    const readBits = (point) => point.bits / most,
      readNorm = (point) => point.norm / LARGEST_NORM;
    bits.setAttribute("d", curve(points, readBits));
    norm.setAttribute("d", curve(points, readNorm));
    const [now] = sweep(state, [state.temperature]),
      x = chartX(state.temperature);
    set(line, { x1: x, x2: x });
    set(bitsDot, { cx: x, cy: chartY(readBits(now)) });
    set(normDot, { x: x - 4, y: chartY(readNorm(now)) - 4 });
  };
  return { svg, update };
}

function jacobianTable(matrix) {
  const names = matrix.map((_, i) => String(i + 1));
  return table({
    caption: [
      "Jacobian diag(p) − p pᵀ",
      make(
        "span",
        { class: "attnx-captionnote" },
        "row i, column j: how weight i answers to the number of key j",
      ),
    ],
    columns: names,
    rows: names,
    attributes: { class: "attnx-table attnx-jacobian", "data-jacobian": true },
    cells: matrix.map((row) =>
      row.map((value) => ({ text: format(value, 3), ...heat(value / 0.25, value < 0 ? "minus" : "plus") })),
    ),
  });
}

function panels(model) {
  const bits = meter("Entropy", "entropy"),
    norm = meter("Gradient norm", "gradient");
  const felt = make("p", { class: "attnx-quiet", "data-felt": true });
  const picture = chart(model),
    matrix = make("div", { class: "attnx-scroll" });
  const legend = make(
    "p",
    { class: "attnx-legend" },
    make("span", {}, make("span", { class: "attnx-mark-entropy" }, "●"), " entropy"),
    make("span", {}, make("span", { class: "attnx-mark-gradient" }, "■"), " gradient norm"),
    make("span", {}, "each as a share of its largest value"),
  );
  const element = make(
    "div",
    { class: "attnx-columns" },
    make("div", {}, bits.element, norm.element, picture.svg, legend),
    make("div", {}, matrix, felt),
  );
  const update = (state, p) => {
    const slopes = jacobian(p),
      most = Math.log2(p.length),
      size = frobenius(slopes),
      amount = entropy(p);
    bits.update(
      amount,
      most,
      `${format(amount, 3)} bits`,
      `of at most log₂ ${p.length} = ${format(most, 3)}`,
    );
    norm.update(size, LARGEST_NORM, formatSmall(size), "of at most 0.500");
    write(
      felt,
      `Before the division by T, the gradient is 1/T times that: norm ${formatSmall(size / state.temperature)}.`,
    );
    picture.update(state);
    matrix.replaceChildren(jacobianTable(slopes));
  };
  return { element, update };
}

const GOALS = [
  ["cold", "a temperature: key 1 takes more than 99 % of the weight", (state, p) => state.temperature < 1 && p[0] > 0.99],
  ["wide", "another way: at temperature 1 key 1 takes more than 99 %", (state, p) => state.temperature === 1 && p[0] > 0.99],
];

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Softmax and scale", KEYS, GOALS);
  const temperature = temperatureControl(model),
    width = widthControl(model);
  const bars = keyBars(model),
    scores = scoreList(model),
    results = panels(model),
    announce = announcer(status);
  body.append(make("div", { class: "attnx-controls" }, temperature.element, width.element), bars.element);
  more.append(results.element, scores.element);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = Object.fromEntries(KEYS.map((key) => [key, model.get(key)])),
      p = weights(state);
    temperature.update(state.temperature);
    width.update();
    bars.update(p);
    scores.update(state);
    results.update(state, p);
    ask(state, p);
    announce(`${verdict(p)} Largest weight ${percent(Math.max(...p))}.`);
  });
}

export default { render };
