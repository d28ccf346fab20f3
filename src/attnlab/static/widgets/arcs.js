// Explorable: press a word and see, as arcs of changing thickness, how much it looks at each of the others.
import { announcer, arcs, change, clamp, frame, make, otherArcs, set, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** The row of weights that is left when what comes later may not be looked at: the rest, shared out again. */
export function looks(weights, query, hidden) {
  const allowed = weights[query].map((weight, key) => (hidden && key > query ? 0 : weight));
  const total = allowed.reduce((sum, weight) => sum + weight, 0);
  return allowed.map((weight) => weight / total);
}

// ---- drawing ----------------------------------------------------------------------------------

const KEYS = ["query", "hidden"];
const percent = (weight) => `${Math.round(100 * weight)} %`;

function spoken(words, query, row, hidden) {
  const best = row.indexOf(Math.max(...row)), name = (i) => `“${words[i]}”${words.indexOf(words[i]) < i ? " (the later one)" : ""}`;
  const target = best === query ? "itself" : name(best);
  return `${name(query)} gives ${percent(row[best])} of its weight to ${target}${hidden ? ", and none to what comes after it" : ""}.`;
}

// ---- goals ------------------------------------------------------------------------------------

const best = (row) => row.indexOf(Math.max(...row));
const GOALS = [
  ["elsewhere", "a word that must look elsewhere without its future", ({ hidden, row, whole }) => hidden && best(row) !== best(whole)],
  ["alone", "a word that has nobody but itself to look at", ({ query, row }) => row[query] > 0.9999],
];

// ---- words ------------------------------------------------------------------------------------

const STEP = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -99, End: 99 };

/** The words with their arcs: press one, or walk along them with the arrow keys. */
function sentence(model) {
  const words = model.get("words"), count = words.length;
  const go = (query) => change(model, { query: clamp(query, 0, count - 1) });
  const above = make("svg:svg", { class: "attnx-arcs-above", viewBox: `0 0 ${count} 1`, preserveAspectRatio: "none" });
  const beside = make("svg:svg", { class: "attnx-arcs-beside", viewBox: `0 0 1 ${count}`, preserveAspectRatio: "none" });
  const shares = words.map(() => make("small", { "data-reading": "" }));
  const places = words.map((word, i) => make("span", { class: "attnx-word", "data-word": i, onclick: () => go(i) }, make("span", {}, word), shares[i]));
  const element = make("div", {
    class: "attnx-arcs", "data-picture": "", role: "slider", tabindex: 0, "aria-label": "The word that looks", "aria-valuemin": 1, "aria-valuemax": count,
    onkeydown: (event) => {
      if (!(event.key in STEP)) return;
      event.preventDefault();
      go(model.get("query") + STEP[event.key]);
    },
  }, above, make("div", { class: "attnx-arcs-row", style: `--words:${count}` }, places), beside);
  const update = ({ query, hidden, row, all }) => {
    above.replaceChildren(...otherArcs(all, query), ...arcs(row, query));
    beside.replaceChildren(...otherArcs(all, query, true), ...arcs(row, query, true));
    set(element, { "aria-valuenow": query + 1, "aria-valuetext": `${words[query]}, word ${query + 1} of ${count}` });
    row.forEach((weight, i) => {
      const forbidden = hidden && i > query;
      set(places[i], { "data-chosen": i === query, "data-hidden": forbidden, "data-weight": weight });
      write(shares[i], forbidden ? "hidden" : percent(weight));
    });
  };
  return { element, update };
}

// ---- all together -----------------------------------------------------------------------------

function render({ model, el }) {
  const { root, body, status, ask } = frame(model, "Press a word", KEYS, GOALS);
  const words = sentence(model), announce = announcer(status);
  const future = make("input", { type: "checkbox", role: "switch", onchange: () => change(model, { hidden: future.checked }) });
  body.append(words.element, make("label", { class: "attnx-check" }, future, "Hide the future: no word may look at those after it"));
  el.append(root);
  return watch(model, KEYS, () => {
    const query = model.get("query"), hidden = model.get("hidden"), weights = model.get("weights");
    const all = weights.map((_, i) => looks(weights, i, hidden));
    const seen = { query, hidden, all, row: all[query], whole: weights[query] };
    words.update(seen);
    future.checked = hidden;
    ask(seen);
    announce(spoken(model.get("words"), query, seen.row, hidden));
  });
}

export default { render };
