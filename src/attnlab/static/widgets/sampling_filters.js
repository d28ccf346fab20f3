// Explorable: temperature, top-k, top-p and min-p at a step where the model is sure and at one where it is not.
import { announcer, change, format, frame, make, slider, softmax, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const FILTERS = ["none", "top-k", "top-p", "min-p"];

/** The k largest; what equals the k-th is kept too. */
export function topK(logits, k) {
  const smallest = [...logits].sort((a, b) => b - a)[Math.min(k, logits.length) - 1];
  return logits.map((z) => (z < smallest ? -Infinity : z));
}

/** The smallest set of the likeliest whose probabilities reach p; of equal ones the first. */
export function topP(logits, p) {
  const probabilities = softmax(logits);
  const order = logits.map((_, i) => i).sort((a, b) => logits[b] - logits[a] || a - b);
  const kept = new Set([order[0]]);
  let rest = 0;
  for (const i of order.slice(1).reverse()) {
    rest += probabilities[i];
    if (rest > 1 - p) kept.add(i);
  }
  return logits.map((z, i) => (kept.has(i) ? z : -Infinity));
}

/** Those with at least the share p of the largest probability. */
export function minP(logits, p) {
  const border = Math.max(...logits) + Math.log(p);
  return logits.map((z) => (z < border ? -Infinity : z));
}

/** What is left to draw from at one step. */
export function left(state, logits) {
  const z = logits.map((value) => value / state.temperature);
  const filters = { none: () => z, "top-k": () => topK(z, state.k), "top-p": () => topP(z, state.p), "min-p": () => minP(z, state.share) };
  return softmax(filters[state.keep]());
}

/** -Σ p log2 p. */
export function entropy(p) {
  return p.reduce((sum, x) => sum - (x > 0 ? x * Math.log2(x) : 0), 0);
}

/** How many tokens are left, how much of the model's own mass they had, and the bits that are left. */
export function summary(state, logits) {
  const before = softmax(logits),
    after = left(state, logits);
  const mass = before.reduce((sum, x, i) => sum + (after[i] > 0 ? x : 0), 0);
  return { kept: after.filter((x) => x > 0).length, mass, bits: entropy(after) };
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["contexts", "keep", "k", "p", "share", "temperature"];
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

function filterChoice(model) {
  const name = `attnx-filter-${++groups}`;
  const inputs = FILTERS.map((keep) => make("input", { type: "radio", name, value: keep, onchange: () => change(model, { keep }) }));
  const element = make(
    "fieldset",
    { class: "attnx-choice attnx-filterchoice" },
    make("legend", {}, "Filter"),
    make("div", { class: "attnx-chips" }, FILTERS.map((text, i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)))),
  );
  const update = (state) => inputs.forEach((input, i) => (input.checked = FILTERS[i] === state.keep));
  return { element, update };
}

function control(part, text, note) {
  return make("div", { class: "attnx-control" }, make("span", { class: "attnx-label" }, text), part.range, part.box, make("span", { class: "attnx-quiet" }, note));
}

/** The setting of the chosen filter: one slider for each, the others hidden. */
function settingControl(model) {
  const kinds = {
    "top-k": ["k", { label: "k, how many", min: 1, max: 8, step: 1, digits: 0 }, "how many are kept"],
    "top-p": ["p", { label: "p, the mass", min: 0.01, max: 1, step: 0.01 }, "the mass that is reached"],
    "min-p": ["share", { label: "min-p, the share", min: 0, max: 1, step: 0.01 }, "of the largest probability"],
  };
  const parts = Object.entries(kinds).map(([keep, [key, options, note]]) => {
    const part = slider({ ...options, onchange: (value) => change(model, { [key]: value }) });
    return { keep, key, part, element: control(part, key === "share" ? "min-p" : key, note) };
  });
  const element = make("div", { class: "attnx-filterroom" }, parts.map((one) => one.element));
  const update = (state) =>
    parts.forEach((one) => {
      one.element.hidden = one.keep !== state.keep;
      one.part.update(state[one.key]);
    });
  return { element, update };
}

function temperatureControl(model) {
  const part = slider({ label: "Temperature", min: 0.1, max: 3, step: 0.1, onchange: (temperature) => change(model, { temperature }) });
  return { element: control(part, "Temperature", "before the filter"), update: (state) => part.update(state.temperature) };
}

// ---- numbers and bars -------------------------------------------------------------------------

function bar(share) {
  return make("span", { class: "attnx-bar" }, share > 0 ? make("span", { class: "attnx-fill", style: `inline-size: ${(100 * share).toFixed(2)}%` }) : null);
}

function contextTable(state, context, at) {
  const before = softmax(context.logits),
    after = left(state, context.logits);
  return table({
    caption: [`“${context.text} …”`],
    corner: "next token",
    columns: ["model", "left", { text: make("span", { class: "attnx-said" }, "left, as a bar") }],
    rows: context.tokens.map((text) => ({ text })),
    cells: context.tokens.map((_, i) => [
      { text: `${format(100 * before[i], 1)} %` },
      { text: after[i] > 0 ? `${format(100 * after[i], 1)} %` : "removed", "data-left": after[i], class: after[i] > 0 ? "attnx-strong" : "attnx-quiet" },
      { text: bar(after[i]), class: "attnx-filterbar" },
    ]),
    attributes: { class: "attnx-table attnx-filtertable", "data-table": `context-${at}` },
  });
}

function told(state, context, at) {
  const { kept, mass, bits } = summary(state, context.logits);
  return make(
    "p",
    { "data-summary": at },
    `${kept} of ${context.tokens.length} left; they had ${format(100 * mass, 1)} % of the model's mass. Entropy of the draw: ${format(bits)} bits.`,
  );
}

/** The state in a sentence. */
export function verdict(state) {
  const [sure, unsure] = state.contexts.map((context) => summary(state, context.logits));
  return `Where the model is sure ${sure.kept} of 8 tokens are left (${format(sure.bits)} bits), where it is not ${unsure.kept} (${format(unsure.bits)} bits).`;
}

/** One step as bars: what is left to draw from, and what was removed. */
function bars(state, context) {
  const after = left(state, context.logits);
  return make(
    "div",
    { class: "attnx-filterbars" },
    make("p", { class: "attnx-label" }, `“${context.text} …”`),
    context.tokens.map((token, i) =>
      make(
        "div",
        { class: `attnx-share${after[i] > 0 ? "" : " attnx-removed"}` },
        make("span", {}, token),
        make("span", { class: "attnx-bar", "aria-hidden": "true" }, make("span", { class: "attnx-fill", style: `inline-size: ${(100 * after[i]).toFixed(2)}%` })),
      ),
    ),
  );
}

const kept = (state) => state.contexts.map((context) => summary(state, context.logits).kept);
const apart = (keep) => (state) => state.keep === keep && kept(state)[0] === 1 && kept(state)[1] === 6;
const GOALS = [
  ["top-p", "a filter by mass: it leaves 1 token where the model is sure and 6 where it is not", apart("top-p")],
  ["min-p", "a share for min-p that leaves 1 and 6 as well", apart("min-p")],
];

function render({ model, el }) {
  const { root, body, status, sentence, more, ask } = frame(model, "Filters at a sure and at an unsure step", KEYS, GOALS);
  const [filter, setting, temperature] = [filterChoice(model), settingControl(model), temperatureControl(model)];
  const picture = make("div", { class: "attnx-columns attnx-filterpair", "data-picture": "" }),
    places = model.get("contexts").map(() => make("div", { class: "attnx-filterpanel" })),
    announce = announcer(status);
  sentence.dataset.verdict = "";
  body.append(make("div", { class: "attnx-controls" }, filter.element, setting.element), picture);
  more.append(temperature.element, make("div", { class: "attnx-columns" }, places));
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model);
    [filter, setting, temperature].forEach((one) => one.update(state));
    picture.replaceChildren(...state.contexts.map((context) => bars(state, context)));
    state.contexts.forEach((context, i) => places[i].replaceChildren(contextTable(state, context, i), told(state, context, i)));
    ask(state);
    announce(verdict(state));
  });
}

export default { render };
