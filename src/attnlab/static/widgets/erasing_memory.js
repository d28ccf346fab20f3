// Explorable: pairs are written into a memory of two numbers, by adding or by the delta rule, and every key is read.
import { announcer, change, dot, format, frame, make, slider, table, watch } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const RULES = ["sum", "delta rule"];

/** The memory after all writes, each [key, value]: it fades, then the rule writes. Values are numbers, so it is a vector. */
export function memory(state) {
  return state.writes.reduce(
    (old, [key, value]) => {
      const k = state.vectors[key],
        faded = old.map((x) => state.decay * x);
      const add = state.rule === "sum" ? value : value - dot(k, faded);
      return faded.map((x, c) => x + add * k[c]);
    },
    state.vectors[0].map(() => 0),
  );
}

/** What each key reads. */
export function reads(state) {
  const now = memory(state);
  return state.vectors.map((k) => dot(k, now));
}

/** The value written to each key last, or null. */
export function last(state) {
  return state.vectors.map((_, key) => state.writes.filter(([at]) => at === key).at(-1)?.[1] ?? null);
}

/** The next value to be written: 10, 20, 30, … */
export const next = (state) => 10 * (state.writes.length + 1);

/** The state in a sentence. */
export function verdict(state) {
  if (state.writes.length === 0) return "The memory is empty; every key reads 0.";
  const [key, value] = state.writes.at(-1),
    now = memory(state).map((x) => format(x, 1)).join(", ");
  return `Key ${key + 1} was written last, with ${value}, and reads ${format(reads(state)[key], 1)}. The memory is (${now}).`;
}

const times = (state, key) => state.writes.filter(([at]) => at === key).length;
const exact = (state) => last(state).some((value, key) => times(state, key) > 1 && Math.abs(reads(state)[key] - value) < 1e-9);
const stray = (state) => reads(state).some((read, key) => times(state, key) === 0 && read > 20);
const GOALS = [
  ["exact", "a rule: a key that was written twice reads its last value exactly", exact],
  ["stray", "a key: it was never written and reads more than 20", stray],
];

// ---- the page ---------------------------------------------------------------------------------

const KEYS = ["vectors", "writes", "rule", "decay"],
  MOST = 20;
let groups = 0;

const read = (model) => Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));

function writing(model) {
  const put = (key) => {
    const state = read(model);
    if (state.writes.length < MOST) change(model, { writes: [...state.writes, [key, next(state)]] });
  };
  const buttons = model.get("vectors").map((_, key) => make("button", { type: "button", class: "attnx-button", onclick: () => put(key) }, `Write key ${key + 1}`));
  return make("div", { class: "attnx-chips", role: "group", "aria-label": "Write the next value" }, buttons);
}

function ruleControl(model) {
  const name = `attnx-erasing-${++groups}`;
  const inputs = RULES.map((value) => make("input", { type: "radio", name, value, onchange: () => change(model, { rule: value }) }));
  const chips = RULES.map((value, i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, value)));
  const element = make("fieldset", { class: "attnx-choice" }, make("legend", {}, "Rule"), make("div", { class: "attnx-chips" }, chips));
  return { element, update: (state) => inputs.forEach((input, i) => (input.checked = RULES[i] === state.rule)) };
}

function decayControl(model) {
  const part = slider({ label: "Decay", min: 0, max: 1, step: 0.05, onchange: (decay) => change(model, { decay }) });
  const element = make("div", { class: "attnx-control" }, make("span", { class: "attnx-label" }, "Decay before each write"), part.range, part.box);
  return { element, update: (state) => part.update(state.decay) };
}

function readings(state) {
  const now = reads(state),
    written = last(state);
  return table({
    caption: make("span", { class: "attnx-said" }, "What each key reads, beside what was written to it last"),
    corner: "key",
    columns: ["written last", "reads"],
    rows: state.vectors.map((_, i) => ({ text: `key ${i + 1}` })),
    cells: now.map((x, i) => [{ text: written[i] === null ? "nothing" : String(written[i]) }, { text: format(x, 1), class: "attnx-strong", "data-reads": i }]),
    attributes: { class: "attnx-table", "data-table": "reads", "data-picture": "" },
  });
}

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "A memory of two numbers", KEYS, GOALS);
  const rule = ruleControl(model),
    decay = decayControl(model),
    picture = make("div", {}),
    list = make("p", { class: "attnx-quiet" }),
    announce = announcer(status);
  body.append(make("div", { class: "attnx-controls" }, writing(model), rule.element), picture);
  more.append(make("div", { class: "attnx-controls" }, decay.element), list);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model);
    rule.update(state);
    decay.update(state);
    picture.replaceChildren(readings(state));
    list.textContent = `Keys: ${state.vectors.map((k, i) => `${i + 1} = (${k.map((x) => format(x, 1)).join(", ")})`).join("; ")}. Writes: ${state.writes.map(([key, value]) => `${value} to key ${key + 1}`).join(", ")}.`;
    ask(state);
    announce(verdict(state));
  });
}

export default { render };
