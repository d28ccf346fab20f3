// Explorable: press a word and see, as arcs of changing thickness, how much it looks at each of the others.
import { announcer, arcs, change, frame, make, set, watch, write } from "./common.js";

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

// ---- all together -----------------------------------------------------------------------------

function render({ model, el }) {
  const words = model.get("words"), count = words.length;
  const { root, body, status } = frame(model, "Press a word", KEYS);
  const above = make("svg:svg", { class: "attnx-arcs-above", viewBox: `0 0 ${count} 1`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const beside = make("svg:svg", { class: "attnx-arcs-beside", viewBox: `0 0 1 ${count}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const shares = words.map(() => make("small", {}));
  const buttons = words.map((word, i) =>
    make("button", { type: "button", class: "attnx-word", onclick: () => change(model, { query: i }) }, make("span", {}, word), shares[i]),
  );
  const row = make("div", { class: "attnx-arcs-row", style: `--words:${count}`, role: "group", "aria-label": "The word that looks" }, buttons);
  const future = make("input", { type: "checkbox", role: "switch", onchange: () => change(model, { hidden: future.checked }) });
  const announce = announcer(status);
  body.append(make("div", { class: "attnx-arcs" }, above, row, beside), make("label", { class: "attnx-check" }, future, "Hide the future: no word may look at those after it"));
  el.append(root);
  return watch(model, KEYS, () => {
    const query = model.get("query"), hidden = model.get("hidden"), now = looks(model.get("weights"), query, hidden);
    above.replaceChildren(...arcs(now, query));
    beside.replaceChildren(...arcs(now, query, true));
    future.checked = hidden;
    now.forEach((weight, i) => {
      const forbidden = hidden && i > query;
      set(buttons[i], { "aria-pressed": String(i === query), "data-hidden": forbidden, "data-weight": weight });
      write(shares[i], forbidden ? "hidden" : percent(weight));
    });
    announce(spoken(words, query, now, hidden));
  });
}

export default { render };
