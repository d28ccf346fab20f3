// What comes next: the shares of the likeliest tokens under temperature, top-k and top-p, and as bars.
import { make, set, slider, table, write } from "../common.js";
import { called, percent } from "./texts.js";

/**
 * What is left to draw from: `shares`, one a group, and how many tokens that are. A group is `counts` tokens of the same logit, the
 * likeliest first; k and p may be null, which keeps all.
 */
export function spread({ logits, counts }, { temperature, k, p }) {
  const each = Array.from(logits, (logit) => Math.exp((logit - logits[0]) / temperature));
  let room = k ?? Infinity;
  const first = each.map((_, i) => {
    const taken = Math.min(counts[i], room);
    room -= taken;
    return taken;
  });
  const total = sum(each, first);
  let missing = p === null || p >= 1 ? Infinity : p * total;
  const left = first.map((count, i) => {
    const taken = missing <= 0 ? 0 : Math.min(count, Math.ceil(missing / each[i] - 1e-9));
    missing -= taken * each[i];
    return taken;
  });
  const mass = sum(each, left);
  return { shares: each.map((power, i) => (power * left[i]) / mass), tokens: left.reduce((all, count) => all + count, 0) };
}

function sum(values, counts) {
  return values.reduce((all, value, i) => all + value * counts[i], 0);
}

const PLAIN = { temperature: 1, k: null, p: null };
const word = (text) => (text.includes("\n") ? "⏎".repeat(text.split("\n").length - 1) : text.includes("\uFFFD") ? "(part)" : text.trim() === "" ? "(space)" : text.trim());

/** The likeliest word and its share, in words. */
export function best(reading, state) {
  const { shares } = spread(reading.next, state);
  return `${called(reading.next.texts[0])}, ${percent(shares[0])}`;
}

function bar(share) {
  return make("span", { class: "attnx-bar", "aria-hidden": "true" }, make("span", { class: "attnx-fill attnx-fill-weight", style: `inline-size:${(100 * share).toFixed(2)}%` }));
}

/** The five likeliest as bars. */
export function nextBars() {
  const place = make("div", { class: "attnx-livebars" });
  const element = make("div", { class: "attnx-livenext" }, make("span", { class: "attnx-label" }, "Next word"), place);
  const update = (state, { next }) => {
    const { shares } = spread(next, state);
    place.replaceChildren(
      ...next.texts.slice(0, 5).map((text, i) => make("div", { class: "attnx-share" }, make("span", { class: "attnx-label" }, word(text)), bar(shares[i]), make("span", { class: "attnx-number", "data-next": shares[i] }, percent(shares[i])))),
    );
  };
  return { element, update };
}

/** A choice of a few numbers, null among them. */
export function numberChoice({ label, none, values, show = String, onchange }) {
  const select = make("select", { "aria-label": label, onchange: () => onchange(select.value === "" ? null : Number(select.value)) });
  select.append(make("option", { value: "" }, none), ...values.map((value) => make("option", { value }, show(value))));
  const element = make("label", { class: "attnx-pick" }, `${label} `, select);
  const update = (value) => {
    const wanted = value === null ? "" : String(value);
    if (![...select.options].some((option) => option.value === wanted)) select.append(make("option", { value: wanted }, show(value)));
    select.value = wanted;
  };
  return { element, update };
}

/** Temperature, top-k and top-p, and the ten likeliest before and after. */
export function nextPanel(act) {
  const heat = slider({ label: "Temperature", min: 0.1, max: 2, step: 0.1, digits: 1, onchange: (temperature) => act({ temperature }) });
  const k = numberChoice({ label: "top-k", none: "all", values: [1, 2, 3, 5, 10, 20, 40], onchange: (value) => act({ k: value }) });
  const p = numberChoice({ label: "top-p", none: "all", values: [0.5, 0.8, 0.9, 0.95, 0.99], onchange: (value) => act({ p: value }) });
  const place = make("div", {}),
    told = make("p", { class: "attnx-quiet", "data-left": "" });
  const element = make(
    "section",
    { class: "attnx-livepart", "aria-label": "The next word" },
    make("span", { class: "attnx-label" }, "What comes next"),
    make("div", { class: "attnx-control attnx-tight attnx-liveheat" }, make("span", { class: "attnx-label" }, "Temperature"), heat.range, heat.box),
    make("div", { class: "attnx-chips" }, k.element, p.element),
    place,
    told,
  );
  const update = (state, { next }) => {
    heat.update(state.temperature);
    k.update(state.k);
    p.update(state.p);
    place.replaceChildren(nextTable(next, state));
    const { tokens } = spread(next, state), all = next.counts.reduce((sum, count) => sum + count, 0);
    write(told, `${tokens.toLocaleString("en")} of ${all.toLocaleString("en")} tokens are left to draw from.`);
  };
  return { element, update };
}

function nextTable(next, state) {
  const before = spread(next, PLAIN).shares,
    after = spread(next, state).shares;
  const words = next.texts.slice(0, 10);
  return table({
    caption: make("span", { class: "attnx-said" }, "The ten likeliest words"),
    corner: "word",
    columns: ["model", "left", { text: make("span", { class: "attnx-said" }, "left, as a bar") }],
    rows: words.map((text) => ({ text: word(text) })),
    cells: words.map((_, i) => [
      { text: percent(before[i], 1), "data-before": before[i] },
      { text: after[i] > 0 ? percent(after[i], 1) : "removed", "data-after": after[i], class: after[i] > 0 ? "attnx-strong" : "attnx-quiet" },
      { text: bar(after[i]), class: "attnx-filterbar" },
    ]),
    attributes: { class: "attnx-table attnx-filtertable", "data-table": "next" },
  });
}

/** The rank of a word behind each layer, on a scale of powers of ten. */
export function rankPlot(layers) {
  const line = make("svg:path", { class: "attnx-curve attnx-curve-entropy attnx-thin" }),
    mark = make("svg:line", { class: "attnx-marker attnx-thin", y1: 0, y2: 100 });
  const svg = make("svg:svg", { viewBox: `0 0 ${layers} 100`, preserveAspectRatio: "none", "aria-hidden": "true" });
  [0, 1, 2, 3, 4].forEach((power) => svg.append(make("svg:line", { class: "attnx-grid attnx-thin", x1: 0, x2: layers, y1: height(10 ** power), y2: height(10 ** power) })));
  svg.append(mark, line);
  const names = [1, 10, 100, 1000, 10000].map((rank) => make("span", { style: `inset-block-start:${height(rank)}%` }, rank === 1 ? "first" : rank.toLocaleString("en")));
  const title = make("span", { class: "attnx-label" }),
    told = make("p", { class: "attnx-quiet", "data-ranks": "" });
  const plot = make("div", { class: "attnx-plot attnx-liverank" }, make("div", { class: "attnx-plotrows" }, names), svg, make("div", { class: "attnx-plotends" }, make("span", {}, "the token alone"), make("span", {}, `layer ${layers - 1}`)));
  const element = make("section", { class: "attnx-livepart", "aria-label": "Rank by layer" }, title, plot, told);
  const update = ({ layer }, { ranks, right }) => {
    element.hidden = ranks === null;
    if (ranks === null) return;
    set(line, { d: ranks.map((rank, i) => `${i ? "L" : "M"}${i} ${height(rank).toFixed(2)}`).join("") });
    set(mark, { x1: layer + 1, x2: layer + 1 });
    write(title, `Rank of ${called(right)} among all tokens, layer by layer`);
    write(told, rankSentence(ranks, layer));
  };
  return { element, update };
}

/** Where a rank stands in the plot, 0 at the top for the first and 100 for place 50,000. */
export function height(rank) {
  return (100 * Math.log10(rank)) / Math.log10(50000);
}

/** Which layers keep the word in the first place, and where it stands behind the chosen one. */
export function rankSentence(ranks, layer) {
  const since = ranks.findLastIndex((rank) => rank > 1);
  const last = ranks.length - 2;
  const arrival = since === ranks.length - 1 ? `It is not first behind layer ${last} either` : since <= 0 ? "It is first all the way" : `It is first from behind layer ${since} on`;
  return `Read off behind layer ${layer} it would be number ${ranks[layer + 1].toLocaleString("en")}. ${arrival}.`;
}
