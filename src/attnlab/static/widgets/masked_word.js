// Explorable: a hidden word, guessed from both sides or from the left, and where MiniLM's [MASK] looks.
import { announcer, change, format, frame, make, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** What is shown: the words with one hidden, who sees what, the guesses, and the attention of one layer. */
export function view({ texts, text, place, side, layer }) {
  const { words, both, left, attention } = texts[text];
  const at = Math.min(place, words.length - 1);
  const layers = attention[at].length;
  return {
    words,
    place: at,
    word: words[at],
    shown: words.map((word, i) => (i === at ? "[MASK]" : word)),
    seen: words.map((_, i) => i !== at && (side === "both" || i < at)),
    guesses: (side === "both" ? both : left)[at],
    layers,
    columns: ["[CLS]", ...words.map((word, i) => (i === at ? "[MASK]" : word)), "[SEP]"],
    weights: attention[at][Math.min(layer, layers - 1)],
  };
}

/** The place of the hidden word among the guesses, from 0, or -1. */
export function rank(word, guesses) {
  return guesses.findIndex(([guess]) => guess === word);
}

/** The share of the weights that goes to words, not to the two marks nor to [MASK] itself. */
export function onWords(weights, place) {
  return weights.slice(1, -1).reduce((sum, weight, i) => sum + (i === place ? 0 : weight), 0);
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["text", "place", "side", "layer"];
const SIDES = [
  ["both", "both sides"],
  ["left", "the left side alone"],
];
let groups = 0;

function read(model) {
  return Object.fromEntries(["texts", ...KEYS].map((key) => [key, model.get(key)]));
}

/** A row of radio buttons, [value, text] each; the arrow keys move along it. Made anew when the texts change. */
function choice(label, mark, onchange) {
  const element = make("fieldset", { class: "attnx-choice", [`data-${mark}`]: true });
  const name = `attnx-masked-${++groups}`;
  let shown = "",
    inputs = [];
  const update = (choices, now) => {
    if (shown !== JSON.stringify(choices)) {
      shown = JSON.stringify(choices);
      inputs = choices.map(([value]) => make("input", { type: "radio", name, value, onchange: () => onchange(value) }));
      const chips = choices.map(([, text], i) =>
        make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)),
      );
      element.replaceChildren(make("legend", {}, label), make("div", { class: "attnx-chips" }, chips));
    }
    inputs.forEach((input, i) => {
      input.checked = choices[i][0] === now;
    });
  };
  return { element, update };
}

// ---- tables -----------------------------------------------------------------------------------

function bar(value, digits = 2) {
  return make(
    "span",
    { class: "attnx-alignshare" },
    make(
      "span",
      { class: "attnx-bar", "aria-hidden": "true" },
      make("span", { class: "attnx-fill attnx-fill-weight", style: `inline-size:${100 * value}%` }),
    ),
    make("span", { "data-value": value }, format(value, digits)),
  );
}

function guessTable({ guesses, word }) {
  return table({
    caption: make("span", { class: "attnx-said" }, `The four likeliest words at the place of “${word}”`),
    columns: [{ text: make("span", { class: "attnx-said" }, "probability") }],
    rows: guesses.map(([guess]) => ({ text: guess === word ? `${guess} ✓` : guess })),
    cells: guesses.map(([, p]) => [{ text: bar(p, 3) }]),
    attributes: { class: "attnx-table attnx-aligncontext attnx-maskedword attnx-bare", "data-table": "guesses", "data-picture": "" },
  });
}

function attentionTable({ columns, weights, place }) {
  return table({
    caption: `MiniLM: the weights of [MASK], the mean over 12 heads; ${format(onWords(weights, place), 2)} go to the words`,
    columns: ["weight"],
    rows: columns.map((text) => ({ text })),
    cells: weights.map((weight) => [{ text: bar(weight, 3) }]),
    attributes: { class: "attnx-table attnx-aligncontext attnx-maskedword", "data-table": "attention" },
  });
}

function spoken({ word, guesses }, side) {
  const found = rank(word, guesses),
    [best, p] = guesses[0];
  const hit = found === 0 ? "right" : found > 0 ? `wrong: ${word} is number ${found + 1}` : `wrong: ${word} is not among the four`;
  const who = side === "both" ? "From both sides" : "From the left alone";
  return `${who}: ${best} ${format(p, 2)}, ${hit}.`;
}

// ---- all together -----------------------------------------------------------------------------

/** Is the hidden word the first guess from this side? */
function given({ texts, text }, { place, word }, side) {
  return rank(word, texts[text][side][place]) === 0;
}

const GOALS = [
  ["hard", "a word for which even both sides are not enough", (state, seen) => state.side === "both" && !given(state, seen, "both")],
  ["both", "a word for which the left side alone is not enough", (state, seen) => state.side === "left" && given(state, seen, "both") && !given(state, seen, "left")],
];

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Guess the hidden word", KEYS, GOALS);
  const text = choice("Text", "texts", (now) => change(model, { text: now, place: 0 }));
  const place = choice("Hidden word", "places", (now) => change(model, { place: now }));
  const side = choice("The small model sees", "sides", (now) => change(model, { side: now }));
  const layer = choice("Layer of MiniLM", "layers", (now) => change(model, { layer: now }));
  const asked = make("p", { class: "attnx-worked", "data-asked": true }),
    guesses = make("div", {}),
    attention = make("div", {}),
    announce = announcer(status);
  body.append(place.element, side.element, asked, guesses);
  more.append(text.element, layer.element, attention);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      seen = view(state);
    text.update(
      state.texts.map(({ words }, i) => [i, words.join(" ")]),
      state.text,
    );
    place.update(
      seen.words.map((word, i) => [i, word]),
      seen.place,
    );
    side.update(SIDES, state.side);
    layer.update(
      Array.from({ length: seen.layers }, (_, i) => [i, String(i + 1)]),
      state.layer,
    );
    write(asked, seen.shown.map((word, i) => (i === seen.place || seen.seen[i] ? word : "…")).join(" "));
    guesses.replaceChildren(guessTable(seen));
    attention.replaceChildren(attentionTable(seen));
    ask(state, seen);
    announce(spoken(seen, state.side));
  });
}

export default { render };
