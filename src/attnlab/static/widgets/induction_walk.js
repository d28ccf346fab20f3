// Explorable: two heads that copy, token by token; the first of them can be silenced.
import { announcer, arcs, change, clamp, format, frame, make, otherArcs, set, table, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** What is shown: the weights of the chosen head, the guesses after the token, and the token that does come next, if any. */
export function view({ tokens, whole, silent, query, head, off }) {
  const now = off ? silent : whole;
  const row = now[head][query];
  const after = query + 1 < tokens.length ? tokens[query + 1] : null;
  const [guess, chance] = now.next[query][0];
  return { all: now[head], row, best: row.indexOf(Math.max(...row)), guesses: now.next[query], guess, chance, after, right: guess === after };
}

/** Whether the next token can be copied: its own first round has passed. */
export function canCopy(tokens, query) {
  return query + 1 < tokens.length && query >= tokens.length / 2;
}

// ---- words ------------------------------------------------------------------------------------

const KEYS = ["query", "head", "off"];
const HEADS = [["before", "layer 0"], ["induction", "layer 1"]];
const STEP = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -99, End: 99 };
const percent = (weight) => `${Math.round(100 * weight)} %`;
const ordinal = (tokens, i) => `${i < tokens.length / 2 ? "first" : "second"} ${tokens[i]}`;
let groups = 0;

/** The tokens with their arcs: press one, or walk along them with the arrow keys. */
function walk(model) {
  const tokens = model.get("tokens"), count = tokens.length;
  const go = (query) => change(model, { query: clamp(query, 0, count - 1) });
  const above = make("svg:svg", { class: "attnx-arcs-above", viewBox: `0 0 ${count} 1`, preserveAspectRatio: "none" });
  const beside = make("svg:svg", { class: "attnx-arcs-beside", viewBox: `0 0 1 ${count}`, preserveAspectRatio: "none" });
  const places = tokens.map((token, i) => make("span", { class: "attnx-word", "data-word": i, onclick: () => go(i) }, make("span", {}, token)));
  const element = make("div", {
    class: "attnx-arcs attnx-arcs-long", "data-picture": "", role: "slider", tabindex: 0, "aria-label": "The token that looks", "aria-valuemin": 1, "aria-valuemax": count,
    onkeydown: (event) => {
      if (!(event.key in STEP)) return;
      event.preventDefault();
      go(model.get("query") + STEP[event.key]);
    },
  }, above, make("div", { class: "attnx-arcs-row", style: `--words:${count}` }, places), beside);
  const update = (query, { all, row }) => {
    above.replaceChildren(...otherArcs(all, query), ...arcs(row, query));
    beside.replaceChildren(...otherArcs(all, query, true), ...arcs(row, query, true));
    set(element, { "aria-valuenow": query + 1, "aria-valuetext": `${tokens[query]}, token ${query + 1} of ${count}` });
    row.forEach((weight, i) => set(places[i], { "data-chosen": i === query, "data-hidden": i > query, "data-weight": weight }));
  };
  return { element, update };
}

function heads(model) {
  const name = `attnx-induction-${++groups}`;
  const inputs = HEADS.map(([value]) => make("input", { type: "radio", name, value, onchange: () => change(model, { head: value }) }));
  const chips = HEADS.map(([, text], i) => make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)));
  const element = make("fieldset", { class: "attnx-choice" }, make("legend", {}, "The head of"), make("div", { class: "attnx-chips" }, chips));
  return { element, update: (head) => inputs.forEach((input, i) => (input.checked = HEADS[i][0] === head)) };
}

function guessTable({ guesses }) {
  return table({
    caption: "The three likeliest next letters",
    columns: ["%"],
    rows: guesses.map(([letter]) => ({ text: letter })),
    cells: guesses.map(([, chance]) => [{ text: format(100 * chance, 1) }]),
    attributes: { class: "attnx-table", "data-table": "next" },
  });
}

function spoken(tokens, query, seen, off) {
  const target = seen.best === query ? "itself" : `the ${ordinal(tokens, seen.best)}`;
  const verdict = seen.after === null ? "" : seen.right ? " That is right." : ` It is ${seen.after}.`;
  return `${off ? "Layer 0 silenced. " : ""}The ${ordinal(tokens, query)} looks most at ${target}, with ${percent(seen.row[seen.best])}. Expected next: ${seen.guess}, with ${percent(seen.chance)}.${verdict}`;
}

// ---- all together -----------------------------------------------------------------------------

const GOALS = [
  ["copy", "a token of the second round whose next one is copied: more than 60 %", ({ tokens, query, off }, seen) => !off && canCopy(tokens, query) && seen.right && seen.chance > 0.6],
  ["behind", "an induction head at work: layer 1 looks at the token behind the first one", ({ tokens, query, head, off }, seen) =>
    !off && head === "induction" && query >= tokens.length / 2 && seen.best === query - tokens.length / 2 + 1],
  ["lost", "a copy that is lost without layer 0: the guess is wrong", (state, seen) =>
    state.off && canCopy(state.tokens, state.query) && !seen.right && view({ ...state, off: false }).right],
];

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Walk along a text that returns", KEYS, GOALS);
  const words = walk(model), choice = heads(model), tokens = model.get("tokens");
  const off = make("input", { type: "checkbox", role: "switch", onchange: () => change(model, { off: off.checked }) });
  const next = make("div", {}), announce = announcer(status);
  body.append(words.element, choice.element, make("label", { class: "attnx-check" }, off, "Silence the head of layer 0"));
  more.append(next);
  el.append(root);
  return watch(model, KEYS, () => {
    const state = Object.fromEntries(["tokens", "whole", "silent", ...KEYS].map((key) => [key, model.get(key)]));
    const seen = view(state);
    words.update(state.query, seen);
    choice.update(state.head);
    off.checked = state.off;
    next.replaceChildren(guessTable(seen));
    ask(state, seen);
    announce(spoken(tokens, state.query, seen, state.off));
  });
}

export default { render };
