// Explorable: what a translator looks at for each word it writes, and what it sees without attention.
import { announcer, change, clamp, format, frame, heat, make, set, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** c = sum of α_i h_i: the states of the words, mixed by weight. */
export function context(weights, states) {
  return states[0].map((_, d) => weights.reduce((sum, weight, i) => sum + weight * states[i][d], 0));
}

/** What the decoder has at one step: the words it writes, which are right, its weights, its context. */
export function view({ phrases, phrase, step, look }) {
  const { source, right, target, weights, states, alone, one } = phrases[phrase];
  const attends = look === "attention";
  const written = attends ? target : alone;
  const at = clamp(step, 0, written.length - 1);
  return {
    source,
    states,
    attends,
    written,
    step: at,
    correct: written.map((word, t) => word === (right[t] ?? "<end>")),
    table: attends ? weights : null,
    weights: attends ? weights[at] : source.map(() => null),
    context: attends ? context(weights[at], states) : one,
  };
}

/** The words with the largest weights, largest first, those below 10 % left out: [[place, weight], ...]. */
export function favourites(weights, least = 0.1) {
  const ranked = weights.map((weight, i) => [i, weight]).sort((a, b) => b[1] - a[1]);
  return ranked.filter(([, weight], rank) => rank === 0 || weight >= least);
}

/** Pairs of steps whose words stand in the opposite order in the source. */
export function crossings(table) {
  const places = table.map((row) => row.indexOf(Math.max(...row)));
  return places.flatMap((place, t) => places.slice(t + 1).filter((later) => later < place)).length;
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["phrase", "step", "look"];
const LOOKS = [
  ["attention", "look back at the words"],
  ["one vector", "one vector for everything"],
];
let groups = 0;

function read(model) {
  return Object.fromEntries(["phrases", ...KEYS].map((key) => [key, model.get(key)]));
}

/** A row of radio buttons, [value, text] each; the arrow keys move along it. */
function choice(label, choices, onchange, mark = "") {
  const name = `attnx-align-${++groups}`;
  const inputs = choices.map(([value]) =>
    make("input", { type: "radio", name, value, onchange: () => onchange(value) }),
  );
  const chips = choices.map(([, text], i) =>
    make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)),
  );
  const element = make(
    "fieldset",
    { class: "attnx-choice", [`data-${mark}`]: true },
    make("legend", {}, label),
    make("div", { class: "attnx-chips" }, chips),
  );
  const update = (now) =>
    inputs.forEach((input, i) => {
      input.checked = choices[i][0] === now;
    });
  return { element, update };
}

/** The words being written, one step each; made anew when they change. */
function steps(model) {
  const element = make("div", {});
  let shown = "",
    group = null;
  const update = ({ written, correct, step }) => {
    const texts = written.map((word, t) => (correct[t] ? word : `${word} ✗`));
    if (shown !== texts.join(" ")) {
      shown = texts.join(" ");
      group = choice(
        "What the translator writes, word by word",
        texts.map((text, t) => [t, text]),
        (next) => change(model, { step: next }),
        "steps",
      );
      element.replaceChildren(group.element);
    }
    group.update(step);
  };
  return { element, update };
}

function walk(model, last) {
  const button = (text, move, mark) =>
    make(
      "button",
      {
        type: "button",
        class: `attnx-button${mark === "next" ? " attnx-main" : ""}`,
        [`data-${mark}`]: true,
        onclick: () => change(model, { step: clamp(model.get("step") + move, 0, last()) }),
      },
      text,
    );
  const back = button("← Previous", -1, "back"),
    next = button("Next →", 1, "next");
  const update = ({ step }) => {
    set(back, { "aria-disabled": String(step === 0) });
    set(next, { "aria-disabled": String(step === last()) });
  };
  return { element: make("div", { class: "attnx-walk", role: "group", "aria-label": "Walk" }, back, next), update };
}

// ---- tables -----------------------------------------------------------------------------------

/** Each word of the source with its weight as a bar, its state, and below them what comes out. */
function contextTable({ source, states, weights, context: mixed, attends }) {
  const share = (weight) =>
    make(
      "span",
      { class: "attnx-alignshare" },
      make(
        "span",
        { class: "attnx-bar", "aria-hidden": "true" },
        make("span", { class: "attnx-fill attnx-fill-weight", style: `inline-size:${100 * weight}%` }),
      ),
      make("span", { "data-weight": true, "data-value": weight }, format(weight)),
    );
  const numbers = (vector) => vector.map((x) => ({ text: format(x) }));
  const rows = source.map((_, i) =>
    attends
      ? [{ text: share(weights[i]) }, ...numbers(states[i])]
      : [{ text: "not seen", class: "attnx-masked" }, ...mixed.map(() => ({ text: "" }))],
  );
  return table({
    caption: attends
      ? "The context: the words' states, mixed by weight (4 of their 48 numbers)"
      : "The context: the one vector (4 of its 48 numbers)",
    columns: ["weight", ...mixed.map((_, d) => `h${"₁₂₃₄"[d]}`)],
    rows: [
      ...source.map((text) => ({ text })),
      { text: "context", row: { class: "attnx-sum", "data-context": true } },
    ],
    cells: [...rows, [{ text: attends ? "1.00" : "" }, ...numbers(mixed)]],
    attributes: { class: "attnx-table attnx-aligncontext", "data-table": "context" },
  });
}

/** All steps at once: rows are written, columns are read. */
function alignment({ source, written, table: rows, step }) {
  const crossed = crossings(rows.slice(0, -1)); // the end mark is no word
  const cell = (weight) => ({ text: weight < 0.05 ? "0" : format(weight, 1), ...heat(weight) });
  return table({
    caption: make("span", { class: "attnx-said" }, `Rows are written, columns are read. Crossings: ${crossed}`),
    columns: source.map((text) => ({ text })),
    rows: written.map((text, t) => ({ text, row: { class: t === step ? "attnx-chosen" : null } })),
    cells: rows.map((row) => row.map(cell)),
    attributes: { class: "attnx-table attnx-matrix attnx-aligngrid", "data-table": "alignment" },
  });
}

function nothingToShow({ written, correct }) {
  const wrong = correct.filter((right) => !right).length;
  const verdict = wrong
    ? `${wrong} of ${written.length} words ${wrong === 1 ? "is" : "are"} wrong, marked ✗.`
    : "All words are right: this much fits into one vector.";
  return make(
    "p",
    { class: "attnx-worked" },
    `Nothing to align: the decoder never sees the words. At every step it gets the same vector. ${verdict}`,
  );
}

function spoken({ source, written, step, weights, correct, attends, table: rows }) {
  const where = `Step ${step + 1} of ${written.length}, ${written[step]}${correct[step] ? "" : ", which is wrong"}`;
  if (!attends) return `${where}: it sees one vector, the same at every step.`;
  const best = favourites(weights).map(([i, weight]) => `${source[i]} ${format(weight)}`);
  return `${where}: it looks at ${best.join(", ")}. Crossings of this number: ${crossings(rows.slice(0, -1))}.`;
}

// ---- all together -----------------------------------------------------------------------------

const backwards = ({ weights, source, written, step, attends }) =>
  attends && step > 0 && written[step] !== "<end>" && weights.indexOf(Math.max(...weights)) < source.length - 1;
const GOALS = [
  ["back", "a step: the translator looks back at a word before the last one", backwards],
  ["four", "a number: its words cross four times", ({ table: rows }) => rows !== null && crossings(rows.slice(0, -1)) >= 4],
  ["lost", "a number: one vector gets a word of it wrong", ({ attends, correct }) => !attends && correct.includes(false)],
];

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "What the translator looks at", KEYS, GOALS);
  const phrases = model.get("phrases");
  const phrase = choice(
    "Number",
    phrases.map(({ number }, i) => [i, number.toLocaleString("en")]),
    (now) => change(model, { phrase: now, step: 0 }),
    "phrases",
  );
  const look = choice("The decoder may", LOOKS, (now) => change(model, { look: now }), "looks");
  const words = steps(model),
    buttons = walk(model, () => view(read(model)).written.length - 1);
  const asked = make("p", { class: "attnx-explain" }),
    left = make("div", {}),
    all = make("div", { class: "attnx-alignall", "data-picture": "" }),
    announce = announcer(status);
  body.append(asked, words.element, all);
  more.append(make("div", { class: "attnx-choices" }, phrase.element, look.element), buttons.element, left);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      seen = view(state);
    phrase.update(state.phrase);
    look.update(state.look);
    words.update(seen);
    buttons.update(seen);
    write(asked, `English: ${seen.source.join(" ")}`);
    left.replaceChildren(contextTable(seen));
    all.replaceChildren(seen.attends ? alignment(seen) : nothingToShow(seen));
    ask(seen);
    announce(spoken(seen));
  });
}

export default { render };
