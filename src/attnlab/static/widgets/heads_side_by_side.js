// Explorable: two attention heads of a trained model on the same sentence, as arcs on either side of its words.
import { announcer, arcs, change, clamp, format, frame, heat, make, otherArcs, set, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** Weights [layer][head][query][key] from text: one byte for 255 √a; every row is made to sum to 1. */
export function unpack(roots, layers, heads, n) {
  const bytes = atob(roots);
  const square = (place) => (bytes.charCodeAt(place) / 255) ** 2;
  const each = (count, make1) => Array.from({ length: count }, (_, i) => make1(i));
  const row = (start) => {
    const squares = each(n, (key) => square(start + key));
    const total = squares.reduce((sum, value) => sum + value, 0);
    return squares.map((value) => value / total);
  };
  return each(layers, (layer) =>
    each(heads, (head) => each(n, (query) => row(((layer * heads + head) * n + query) * n))),
  );
}

/** -Σ a log2 a: 0 bits for a certain row. */
export function entropy(row) {
  return row.reduce((sum, a) => sum - (a > 0 ? a * Math.log2(a) : 0), 0);
}

/** Mean weight on the key `offset` places on, over the queries that have one. */
export function offsetMass(weights, offset) {
  const found = weights.map((row, i) => row[i + offset]).filter((a) => a !== undefined);
  return mean(found);
}

/** What kind of head it is, in numbers. */
export function statistics(weights) {
  return {
    previous: offsetMass(weights, -1),
    itself: offsetMass(weights, 0),
    next: offsetMass(weights, 1),
    first: mean(weights.map((row) => row[0])),
    last: mean(weights.map((row) => row.at(-1))),
    entropy: mean(weights.map(entropy)),
  };
}

/** The share of weight that two rows place differently: half the sum of |a - b|. */
export function moved(a, b) {
  return a.reduce((sum, value, j) => sum + Math.abs(value - b[j]), 0) / 2;
}

/** The keys with the largest weights, largest first, those below 1 % left out: [[key, weight], ...]. */
export function favourites(row, count = 3) {
  const ranked = row.map((weight, key) => [key, weight]).sort((one, two) => two[1] - one[1]);
  return ranked.slice(0, count).filter(([, weight]) => weight >= 0.01);
}

/** Mean weight on the keys that are this token; 0 where none is. */
export function massOn(weights, tokens, token) {
  return mean(weights.map((row) => row.reduce((sum, a, j) => sum + (tokens[j] === token ? a : 0), 0)));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

// ---- state ------------------------------------------------------------------------------------

const KEYS = ["sentence", "query", "layer_a", "head_a", "layer_b", "head_b"];
const SIDES = ["a", "b"];
let groups = 0;

const either = (is) => ({ tables, tokens }) => SIDES.some((side) => is(tables[side], tokens));
const GOALS = [
  ["before", "the head that looks at the word before", either((weights) => offsetMass(weights, -1) > 0.5)],
  ["after", "the head that looks at the word after", either((weights) => offsetMass(weights, 1) > 0.5)],
  ["stop", "a head that rests on the full stop", either((weights, tokens) => massOn(weights, tokens, ".") > 0.3)],
];

/** The choices, and what follows from them. */
function look(model, unpacked) {
  const state = Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
  const { tokens } = model.get("sentences")[state.sentence],
    weights = unpacked[state.sentence];
  const query = clamp(state.query, 0, tokens.length - 1);
  const tables = Object.fromEntries(
    SIDES.map((side) => [side, weights[state[`layer_${side}`]][state[`head_${side}`]]]),
  );
  return { ...state, query, tokens, tables };
}

function percent(weight) {
  return `${format(100 * weight, 0)} %`;
}

/** The token with its place where the same word stands twice, and "itself" for the query. */
function called({ tokens, query }, key) {
  if (key === query) return "itself";
  const twice = tokens.filter((token) => token === tokens[key]).length > 1;
  return twice ? `“${tokens[key]}” (token ${key + 1})` : `“${tokens[key]}”`;
}

function looksAt(seen, side, count) {
  const best = favourites(seen.tables[side][seen.query], count);
  return best.map(([key, weight]) => `${called(seen, key)} ${percent(weight)}`).join(", ");
}

function named(seen, side) {
  return `layer ${seen[`layer_${side}`]}, head ${seen[`head_${side}`]}`;
}

function summary(seen) {
  const [a, b] = SIDES.map((side) => looksAt(seen, side, 2));
  return `“${seen.tokens[seen.query]}” looks, in A, at ${a}; in B, at ${b}.`;
}

// ---- the heads --------------------------------------------------------------------------------

/** A range for one of the two numbers that name a head. */
function range(model, side, part, count) {
  const key = `${part}_${side}`;
  const input = make("input", {
    type: "range",
    min: 0,
    max: count - 1,
    step: 1,
    "aria-label": `${side.toUpperCase()}: ${part}`,
    oninput: () => change(model, { [key]: Number(input.value) }),
  });
  const update = (seen) => {
    input.value = String(seen[key]);
    input.style.setProperty("--fill", `${(100 * seen[key]) / (count - 1)}%`);
    input.setAttribute("aria-valuetext", `${part} ${seen[key]}`);
  };
  return { element: make("label", { class: "attnx-headrange" }, make("span", {}, part), input), update };
}

function headChoice(model, side) {
  const parts = [range(model, side, "layer", model.get("layers")), range(model, side, "head", model.get("heads"))];
  const name = make("span", { class: "attnx-label", "data-named": side });
  const element = make(
    "div",
    { class: "attnx-headchoice", role: "group", "aria-label": `Head ${side.toUpperCase()}` },
    name,
    parts.map((one) => one.element),
  );
  const update = (seen) => {
    parts.forEach((one) => one.update(seen));
    write(name, `${side.toUpperCase()}: ${named(seen, side)}`);
  };
  return { element, update };
}

// ---- the words and their arcs -----------------------------------------------------------------

/** Everything a head does on the sentence, thin, and what the query does, thick. */
function sideOf(name) {
  const svg = make("svg:svg", { class: `attnx-headarcs attnx-headarcs-${name}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const update = ({ tables, query, tokens }) => {
    set(svg, { viewBox: `0 0 1 ${tokens.length}` });
    svg.replaceChildren(...otherArcs(tables[name], query, true), ...arcs(tables[name][query], query, true, 0.02));
  };
  return { element: svg, update };
}

const STEP = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, PageUp: -4, PageDown: 4, Home: -99, End: 99 };

/** The words of the sentence, one below the other: press one, or walk along them with the arrow keys. */
function wordColumn(model, look1) {
  const column = make("div", { class: "attnx-headwords" });
  const sides = SIDES.map(sideOf);
  const go = (query) => change(model, { query });
  const element = make(
    "div",
    {
      class: "attnx-headpicture",
      "data-picture": "",
      role: "slider",
      tabindex: 0,
      "aria-orientation": "vertical",
      "aria-label": "The word that looks",
      onkeydown: (event) => {
        if (!(event.key in STEP)) return;
        event.preventDefault();
        const { query, tokens } = look1();
        go(clamp(query + STEP[event.key], 0, tokens.length - 1));
      },
      onclick: (event) => {
        const box = element.getBoundingClientRect(), n = look1().tokens.length;
        go(clamp(Math.floor(((event.clientY - box.top) / box.height) * n), 0, n - 1));
      },
    },
    sides[0].element,
    column,
    sides[1].element,
  );
  let shown = null;
  const update = (seen) => {
    if (shown !== seen.sentence) column.replaceChildren(...seen.tokens.map((token) => make("span", { "data-token": "" }, token)));
    shown = seen.sentence;
    [...column.children].forEach((word, i) => set(word, { "data-chosen": i === seen.query }));
    set(element, {
      "aria-valuemin": 1,
      "aria-valuemax": seen.tokens.length,
      "aria-valuenow": seen.query + 1,
      "aria-valuetext": `${seen.tokens[seen.query]}, word ${seen.query + 1} of ${seen.tokens.length}`,
    });
    sides.forEach((side) => side.update(seen));
  };
  return { element, update };
}

// ---- more: sentences, pairs, all the numbers --------------------------------------------------

/** A row of radio buttons; the arrow keys move along it. */
function choice(label, texts, onchange) {
  const name = `attnx-heads-${++groups}`;
  const inputs = texts.map((_, i) =>
    make("input", { type: "radio", name, value: i, onchange: () => onchange(i) }),
  );
  const chips = make("div", { class: "attnx-chips" });
  const element = make("fieldset", { class: "attnx-choice" }, make("legend", {}, label), chips);
  texts.forEach((text, i) =>
    chips.append(make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text))),
  );
  const update = ({ sentence }) => inputs.forEach((input, i) => (input.checked = i === sentence));
  return { element, update };
}

function presetButtons(model) {
  const buttons = model.get("presets").map(({ label, ...values }) =>
    make("button", { type: "button", class: "attnx-button", onclick: () => change(model, values) }, label),
  );
  const element = make(
    "div",
    { class: "attnx-choice", role: "group", "aria-label": "Pairs of heads" },
    make("span", { class: "attnx-legendlike" }, "Pairs of heads: A, B"),
    make("div", { class: "attnx-buttons" }, buttons),
  );
  const update = (seen) =>
    model.get("presets").forEach(({ label, ...values }, i) => {
      const same = Object.entries(values).every(([key, value]) => seen[key] === value);
      set(buttons[i], { "aria-pressed": String(same) });
    });
  return { element, update };
}

const NAMES = { previous: "previous", itself: "itself", next: "next", first: "[CLS]", last: "[SEP]" };

function statisticsText(weights) {
  const found = statistics(weights);
  const shares = Object.entries(NAMES).map(([key, name]) => `${name} ${percent(found[key])}`);
  return `Mean weight: ${shares.join(", ")}. Mean entropy ${format(found.entropy)} bits.`;
}

function grid(seen, side) {
  const { tokens, query, tables } = seen;
  const number = (weight) => {
    const whole = Math.round(100 * weight);
    const { class: tint, style } = heat(weight);
    return { text: String(whole), class: whole ? tint : `${tint} attnx-none`, style };
  };
  return table({
    caption: [
      `Weights in %, ${named(seen, side)}`,
      make("span", { class: "attnx-captionnote" }, "queries down, keys across"),
    ],
    columns: tokens.map((text, j) => ({ text, class: j === query ? "attnx-here" : null })),
    rows: tokens.map((text, i) => ({ text, row: { class: i === query ? "attnx-chosen" : null } })),
    cells: tables[side].map((row) => row.map(number)),
    corner: make("span", { class: "attnx-said" }, "query, then keys"),
    attributes: { class: "attnx-table attnx-headgrid", "data-table": side },
  });
}

function panel(side) {
  const row = make("p", { class: "attnx-worked", "data-row": side }),
    kind = make("p", { class: "attnx-quiet", "data-kind": side }),
    place = make("div", {});
  const element = make("div", { class: "attnx-headpanel", role: "group", "aria-label": `Head ${side.toUpperCase()}, in numbers` }, row, place, kind);
  const update = (seen) => {
    write(row, `“${seen.tokens[seen.query]}” looks at ${looksAt(seen, side)}`);
    place.replaceChildren(grid(seen, side));
    write(kind, statisticsText(seen.tables[side]));
  };
  return { element, update };
}

function apart() {
  const element = make("p", { "data-difference": "" });
  const update = ({ tables: { a, b }, query }) => {
    const here = percent(moved(a[query], b[query])), all = percent(mean(a.map((row, i) => moved(row, b[i]))));
    write(element, `For this query the two heads place ${here} of the weight differently; on average over all queries ${all}.`);
  };
  return { element, update };
}

// ---- all together -----------------------------------------------------------------------------

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Heads side by side", KEYS, GOALS);
  const unpacked = model
    .get("sentences")
    .map(({ tokens, roots }) => unpack(roots, model.get("layers"), model.get("heads"), tokens.length));
  const texts = model.get("sentences").map(({ text }) => text);
  const heads = SIDES.map((side) => headChoice(model, side)),
    words = wordColumn(model, () => look(model, unpacked)),
    sentences = choice("Sentence", texts, (sentence) => change(model, { sentence, query: 1 })),
    presets = presetButtons(model),
    panels = SIDES.map((side) => panel(side)),
    difference = apart(),
    announce = announcer(status);
  body.append(make("div", { class: "attnx-headchoices" }, heads.map((one) => one.element)), words.element);
  more.append(
    sentences.element,
    presets.element,
    make("div", { class: "attnx-columns attnx-headpair" }, panels.map((one) => one.element)),
    difference.element,
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const seen = look(model, unpacked);
    [...heads, words, sentences, presets, ...panels, difference].forEach((part) => part.update(seen));
    ask(seen);
    announce(summary(seen));
  });
}

export default { render };
