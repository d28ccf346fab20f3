// Explorable: press a word and see, as arcs of changing thickness, how much it looks at each of the others.
import { announcer, change, frame, make, set, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** The row of weights that is left when what comes later may not be looked at: the rest, shared out again. */
export function looks(weights, query, hidden) {
  const allowed = weights[query].map((weight, key) => (hidden && key > query ? 0 : weight));
  const total = allowed.reduce((sum, weight) => sum + weight, 0);
  return allowed.map((weight) => weight / total);
}

/** An arc from one place to another in units of places, 1 high at most; to itself a small loop. */
export function arc(from, to, count) {
  const a = from + 0.5, b = to + 0.5;
  if (from === to) return [[a, 1], [a - 0.55, 0.55], [a + 0.55, 0.55], [a, 1]];
  const height = 1.3 * (0.25 + (0.75 * Math.abs(b - a)) / (count - 1));
  return [[a, 1], [a, 1 - height], [b, 1 - height], [b, 1]];
}

export const thickness = (weight) => 1 + 15 * weight;

// ---- drawing ----------------------------------------------------------------------------------

const KEYS = ["query", "hidden"];
const FAINT = 0.005; // less is no arc
const percent = (weight) => `${Math.round(100 * weight)} %`;

function path(points, turned) {
  const [start, ...rest] = points.map(([x, y]) => (turned ? `${1 - y} ${x}` : `${x} ${y}`));
  return `M${start}C${rest.join(" ")}`;
}

function lines(row, query, turned) {
  const order = row.map((weight, key) => [weight, key]).filter(([weight]) => weight >= FAINT).sort((a, b) => a[0] - b[0]);
  return order.map(([weight, key]) =>
    make("svg:path", {
      d: path(arc(query, key, row.length), turned),
      "data-key": key,
      style: `stroke-width:${thickness(weight).toFixed(2)}px;opacity:${(0.3 + 0.7 * weight).toFixed(2)}`,
    }),
  );
}

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
    above.replaceChildren(...lines(now, query, false));
    beside.replaceChildren(...lines(now, query, true));
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
