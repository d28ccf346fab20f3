// Explorable: two attention heads of a trained model beside each other, on the same sentence.
import { announcer, change, clamp, format, frame, heat, make, set, table, watch, write } from "./common.js";

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

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

// ---- state ------------------------------------------------------------------------------------

const KEYS = ["sentence", "query", "layer_a", "head_a", "layer_b", "head_b"];
const SIDES = ["a", "b"];
let groups = 0;

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

function looksAt(seen, side) {
  const best = favourites(seen.tables[side][seen.query]);
  return best.map(([key, weight]) => `${called(seen, key)} ${percent(weight)}`).join(", ");
}

function named(seen, side) {
  return `layer ${seen[`layer_${side}`]}, head ${seen[`head_${side}`]}`;
}

// ---- controls ---------------------------------------------------------------------------------

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
  const update = (now) => inputs.forEach((input, i) => (input.checked = i === now));
  return { element, update };
}

/** The tokens of the sentence that is shown; made anew when the sentence changes. */
function tokenChoice(model) {
  const element = make("div", {});
  let shown = null,
    group = null;
  const update = (seen) => {
    if (shown !== seen.sentence) {
      group = choice("Query: the token that looks (arrow keys walk along)", seen.tokens, (query) =>
        change(model, { query }),
      );
      group.element.dataset.tokens = "";
      element.replaceChildren(group.element);
      shown = seen.sentence;
    }
    group.update(seen.query);
  };
  return { element, update };
}

function presetButtons(model) {
  const buttons = model.get("presets").map(({ label, ...values }) =>
    make("button", { type: "button", class: "attnx-button", onclick: () => change(model, values) }, label),
  );
  const element = make(
    "div",
    { class: "attnx-choice", role: "group", "aria-label": "Pairs of heads" },
    make("span", { class: "attnx-legendlike" }, "Pairs to begin with"),
    make("div", { class: "attnx-buttons" }, buttons),
  );
  const update = (seen) =>
    model.get("presets").forEach(({ label, ...values }, i) => {
      const same = Object.entries(values).every(([key, value]) => seen[key] === value);
      set(buttons[i], { "aria-pressed": String(same) });
    });
  return { element, update };
}

/** A list of numbers to choose from, with a name that says whose it is. */
function pick(model, key, label, count) {
  const options = Array.from({ length: count }, (_, i) => make("option", { value: i }, String(i)));
  const onchange = () => change(model, { [key]: Number(list.value) });
  const list = make("select", { "data-pick": key, onchange });
  list.append(...options);
  const element = make("label", { class: "attnx-field attnx-pick" }, make("span", {}, label), list);
  const update = (seen) => {
    list.value = String(seen[key]);
  };
  return { element, update };
}

// ---- one head ---------------------------------------------------------------------------------

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

function panel(model, side) {
  const letter = side.toUpperCase();
  const layer = pick(model, `layer_${side}`, `${letter}: layer`, model.get("layers")),
    head = pick(model, `head_${side}`, `${letter}: head`, model.get("heads"));
  const row = make("p", { class: "attnx-worked", "data-row": side }),
    kind = make("p", { class: "attnx-quiet", "data-kind": side }),
    place = make("div", {});
  const element = make(
    "div",
    { class: "attnx-headpanel", role: "group", "aria-label": `Head ${letter}` },
    make("div", { class: "attnx-fields" }, layer.element, head.element),
    row,
    place,
    kind,
  );
  const update = (seen) => {
    layer.update(seen);
    head.update(seen);
    write(row, `“${seen.tokens[seen.query]}” looks at ${looksAt(seen, side)}`);
    place.replaceChildren(grid(seen, side));
    write(kind, statisticsText(seen.tables[side]));
  };
  return { element, update };
}

// ---- all together -----------------------------------------------------------------------------

function difference(seen) {
  const { a, b } = seen.tables,
    here = moved(a[seen.query], b[seen.query]),
    all = mean(a.map((row, i) => moved(row, b[i])));
  const first = `For this query the two heads place ${percent(here)} of the weight differently`;
  return `${first}; on average over all queries ${percent(all)}.`;
}

function summary(seen) {
  const best = SIDES.map((side) => `${named(seen, side)}: ${looksAt(seen, side)}`);
  return `Query ${seen.query + 1} of ${seen.tokens.length}, ${seen.tokens[seen.query]}. ${best.join("; ")}.`;
}

function render({ model, el }) {
  const { root, body, status } = frame(model, "Heads side by side", KEYS);
  const unpacked = model
    .get("sentences")
    .map(({ tokens, roots }) => unpack(roots, model.get("layers"), model.get("heads"), tokens.length));
  const texts = model.get("sentences").map(({ text }) => text);
  const sentences = choice("Sentence", texts, (sentence) => change(model, { sentence, query: 1 }));
  const presets = presetButtons(model),
    tokens = tokenChoice(model),
    panels = SIDES.map((side) => panel(model, side)),
    apart = make("p", { "data-difference": "" }),
    announce = announcer(status);
  body.append(
    sentences.element,
    presets.element,
    tokens.element,
    make("div", { class: "attnx-columns attnx-headpair" }, panels.map((one) => one.element)),
    apart,
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const seen = look(model, unpacked);
    sentences.update(seen.sentence);
    [presets, tokens, ...panels].forEach((part) => part.update(seen));
    write(apart, difference(seen));
    announce(summary(seen));
  });
}

export default { render };
