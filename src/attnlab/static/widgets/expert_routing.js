// Explorable: six tokens and four experts: scores, choice, weights, bias, capacity, and the load that comes of it.
import { announcer, change, format, frame, make, slider, softmax, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const SCORES = ["softmax", "sigmoid"];
export const WEIGHTS = ["add up to 1", "as they are"];
export const RATE = 0.05;

export function sigmoid(x) {
  const small = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
}

/** Places of the k largest, the largest first; of equal ones the first. */
export function largest(x, k) {
  return x
    .map((_, i) => i)
    .sort((a, b) => x[b] - x[a] || a - b)
    .slice(0, k);
}

/** For each token the scores of all experts, the chosen ones and their weights. */
export function routing(state) {
  return state.logits.map((logits) => {
    const scores = state.score === "softmax" ? softmax(logits) : logits.map(sigmoid);
    const experts = largest(
      scores.map((s, e) => s + state.bias[e]),
      state.topk,
    );
    const chosen = experts.map((e) => scores[e]);
    const sum = chosen.reduce((total, s) => total + s, 0);
    return { scores, experts, weights: state.weigh === "add up to 1" ? chosen.map((s) => s / sum) : chosen };
  });
}

/** How many choices fell on each expert. */
export function loads(state) {
  const counts = state.bias.map(() => 0);
  routing(state).forEach((row) => row.experts.forEach((e) => (counts[e] += 1)));
  return counts;
}

/** E times the sum of share of the choices times mean share of the scores. */
export function balanceLoss(state) {
  const rows = routing(state),
    counts = loads(state),
    choices = rows.length * state.topk;
  return counts.reduce((sum, n, e) => {
    const mean = rows.reduce((total, { scores }) => total + scores[e] / scores.reduce((a, b) => a + b, 0), 0) / rows.length;
    return sum + counts.length * (n / choices) * mean;
  }, 0);
}

/** Places of an expert, or 0 for as many as come. */
export function places(state) {
  return state.factor === 0 ? 0 : Math.ceil(Number(((state.factor * state.logits.length * state.topk) / state.bias.length).toFixed(9)));
}

/** Whether each choice finds a place: first choices first, earlier tokens first. */
export function admitted(state) {
  const rows = routing(state),
    room = places(state),
    taken = state.bias.map(() => 0),
    kept = rows.map((row) => row.experts.map(() => true));
  for (let choice = 0; choice < state.topk; choice++)
    rows.forEach((row, t) => {
      taken[row.experts[choice]] += 1;
      kept[t][choice] = room === 0 || taken[row.experts[choice]] <= room;
    });
  return kept;
}

/** The biases after a step: down for the busy, up for the idle. */
export function nudged(state) {
  const counts = loads(state),
    mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return state.bias.map((b, e) => b + RATE * Math.sign(mean - counts[e]));
}

/** The state in a sentence. */
export function verdict(state) {
  const counts = loads(state),
    busy = counts.indexOf(Math.max(...counts)),
    lost = admitted(state).flat().filter((kept) => !kept).length;
  const used = counts.filter((n) => n > 0).length;
  const dropped = state.factor === 0 ? "" : ` Each has ${places(state)} ${places(state) === 1 ? "place" : "places"}; ${lost} ${lost === 1 ? "choice is" : "choices are"} dropped.`;
  return `${used} of ${counts.length} experts are used; expert ${busy + 1} gets ${counts[busy]} of ${state.logits.length * state.topk} choices. Balancing loss ${format(balanceLoss(state))}.${dropped}`;
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["tokens", "logits", "topk", "score", "weigh", "bias", "factor"];
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function choice(model, legend, key, values) {
  const name = `attnx-route-${++groups}`;
  const inputs = values.map((value) => make("input", { type: "radio", name, value: String(value), onchange: () => change(model, { [key]: value }) }));
  const element = make(
    "fieldset",
    { class: "attnx-choice", "data-choice": key },
    make("legend", {}, legend),
    make("div", { class: "attnx-chips" }, values.map((value, i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, String(value))))),
  );
  return { element, update: (state) => inputs.forEach((input, i) => (input.checked = values[i] === state[key])) };
}

function capacityControl(model) {
  const part = slider({ label: "Capacity factor, 0 for none", min: 0, max: 2, step: 0.25, onchange: (factor) => change(model, { factor }) });
  const element = make("div", { class: "attnx-control" }, make("span", { class: "attnx-label" }, "Capacity"), part.range, part.box, make("span", { class: "attnx-quiet" }, "factor; 0: none"));
  return { element, update: (state) => part.update(state.factor) };
}

function biasControl(model) {
  const step = make("button", { type: "button", class: "attnx-button", onclick: () => change(model, { bias: nudged(read(model)) }) }, "Nudge the biases");
  const none = make("button", { type: "button", class: "attnx-button", onclick: () => change(model, { bias: model.get("bias").map(() => 0) }) }, "No bias");
  return { element: make("div", { class: "attnx-chips", role: "group", "aria-label": "Bias of each expert" }, step, none), update: () => {} };
}

// ---- the table --------------------------------------------------------------------------------

function cell(row, kept, e) {
  const at = row.experts.indexOf(e);
  if (at < 0) return { text: format(row.scores[e]), class: "attnx-quiet", "data-fate": "idle" };
  if (!kept[at]) return { text: "dropped", class: "attnx-quiet", "data-fate": "dropped" };
  return { text: `× ${format(row.weights[at])}`, class: "attnx-strong", "data-fate": "chosen" };
}

function routingTable(state) {
  const rows = routing(state),
    kept = admitted(state),
    counts = loads(state);
  return table({
    caption: ["Score of each expert; for those that are chosen, × weight"],
    corner: "token",
    columns: state.bias.map((_, e) => ({ text: `expert ${e + 1}` })),
    rows: [...state.tokens.map((text) => ({ text })), { text: "choices" }, { text: "bias" }],
    cells: [
      ...rows.map((row, t) => state.bias.map((_, e) => cell(row, kept[t], e))),
      counts.map((n) => ({ text: String(n), class: "attnx-strong", "data-load": n })),
      state.bias.map((b) => ({ text: format(b), "data-bias": b })),
    ],
    attributes: { class: "attnx-table attnx-routes", "data-table": "routes" },
  });
}

/** Who goes where, as marks, and the load of each expert as a bar. */
function map(state) {
  const rows = routing(state),
    kept = admitted(state),
    counts = loads(state),
    most = Math.max(...counts);
  const mark = (row, t, e) => {
    const at = row.experts.indexOf(e);
    if (at < 0) return { text: make("span", { class: "attnx-quiet" }, "·") };
    return kept[t][at] ? { text: make("span", { class: "attnx-sent" }, make("span", { class: "attnx-said" }, "chosen")), class: "attnx-strong" } : { text: make("span", {}, "✗", make("span", { class: "attnx-said" }, "dropped")) };
  };
  const bar = (n) => make("span", { class: "attnx-loadbar" }, make("span", { class: "attnx-bar", "aria-hidden": "true" }, make("span", { class: "attnx-fill", style: `inline-size: ${(100 * n) / most}%` })), String(n));
  return table({
    caption: make("span", { class: "attnx-said" }, "Which expert each token goes to"),
    corner: make("span", { class: "attnx-said" }, "token"),
    columns: state.bias.map((_, e) => ({ text: `expert ${e + 1}` })),
    rows: [...state.tokens.map((text) => ({ text })), { text: "choices" }],
    cells: [...rows.map((row, t) => state.bias.map((_, e) => mark(row, t, e))), counts.map((n) => ({ text: bar(n) }))],
    attributes: { class: "attnx-table attnx-routes attnx-routemap", "data-table": "map", "data-picture": "" },
  });
}

const GOALS = [
  ["work", "biases: every expert gets work", (state) => loads(state).every((n) => n > 0)],
  ["kept", "a load so even that at capacity factor 1 no choice is dropped", (state) => state.factor === 1 && admitted(state).flat().every(Boolean)],
];

function render({ model, el }) {
  const { root, body, status, sentence, more, ask } = frame(model, "Which expert computes which token", KEYS, GOALS);
  const [bias, capacity, ...rest] = [
    biasControl(model),
    capacityControl(model),
    choice(model, "Experts a token", "topk", [1, 2, 3]),
    choice(model, "Score", "score", SCORES),
    choice(model, "Chosen scores", "weigh", WEIGHTS),
  ];
  const picture = make("div", {}),
    place = make("div", {}),
    announce = announcer(status);
  sentence.dataset.verdict = "";
  body.append(make("div", { class: "attnx-controls" }, bias.element, capacity.element), picture);
  more.append(make("div", { class: "attnx-controls" }, rest.map((one) => one.element)), place);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model);
    [bias, capacity, ...rest].forEach((one) => one.update(state));
    picture.replaceChildren(map(state));
    place.replaceChildren(routingTable(state));
    ask(state);
    announce(verdict(state));
  });
}

export default { render };
