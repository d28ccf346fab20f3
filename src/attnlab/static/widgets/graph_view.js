// Explorable: self-attention as a graph; edges removed by a mask or by hand, tokens shuffled, information passed on.
import {
  announcer,
  change,
  clamp,
  dot,
  format,
  frame,
  heat,
  make,
  matmul,
  set,
  softmax,
  table,
  watch,
  write,
} from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const MASKS = ["none", "causal", "window", "padding"];
export const MOST_LAYERS = 4;

/** May position i look at position j? Window: two tokens, itself and the one before; padding: the last. */
export function permitted(mask, i, j, n) {
  return { none: true, causal: j <= i, window: j <= i && i - j < 2, padding: j < n - 1 }[mask];
}

/** Who may look at whom, by position: the mask, and no edge removed between these two tokens. */
export function edges({ order, mask, removed }) {
  const gone = new Set(removed.map(([i, j]) => `${i} ${j}`));
  return order.map((one, i) =>
    order.map((other, j) => permitted(mask, i, j, order.length) && !gone.has(`${one} ${other}`)),
  );
}

/** Weights and outputs by position, in the order of the state; values are the tokens' vectors. */
export function attend(state) {
  const x = state.order.map((token) => state.vectors[token]);
  const q = matmul(x, state.w_q),
    k = matmul(x, state.w_k),
    may = edges(state);
  const weights = q.map((query, i) =>
    softmax(k.map((key, j) => (may[i][j] ? dot(query, key) / Math.sqrt(query.length) : -Infinity))),
  );
  return { may, weights, output: matmul(weights, x) };
}

/** By token: how far its output is from what it would be in the first order, under the same mask and edges. */
export function moved(state) {
  const now = attend(state).output,
    first = attend({ ...state, order: state.order.map((_, i) => i) }).output;
  return first.map((row, token) => {
    const here = now[state.order.indexOf(token)];
    return Math.max(...row.map((value, c) => Math.abs(value - here[c])));
  });
}

/** Number of walks of `layers` edges from position j to position i: may to the power of layers. */
export function walks(may, layers) {
  const step = may.map((row) => row.map(Number));
  let counts = step.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  for (let layer = 0; layer < layers; layer++) counts = matmul(step, counts);
  return counts;
}

/** The order with the tokens at positions i and i + step exchanged; as it was at the ends. */
export function moveToken(order, i, step) {
  const j = i + step;
  if (j < 0 || j >= order.length) return order;
  return order.map((token, at) => (at === i ? order[j] : at === j ? order[i] : token));
}

/** The list of removed edges with the one from token j to token i put in, or taken out if it was there. */
export function toggle(removed, i, j) {
  const rest = removed.filter(([a, b]) => a !== i || b !== j);
  return rest.length < removed.length ? rest : [...rest, [i, j]];
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["tokens", "vectors", "w_q", "w_k", "order", "mask", "removed", "query", "layers"];
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

/** A radio group that looks like a row of buttons; choices are [value, text]. */
function radios(label, choices, onchange) {
  const name = `attnx-graph-${++groups}`;
  const inputs = choices.map(([value]) =>
    make("input", { type: "radio", name, value, onchange: () => onchange(value) }),
  );
  const element = make(
    "fieldset",
    { class: "attnx-choice" },
    make("legend", {}, label),
    make(
      "div",
      { class: "attnx-chips" },
      choices.map(([, text], i) =>
        make("label", { class: "attnx-chip" }, inputs[i], make("span", { class: "attnx-chiptext" }, text)),
      ),
    ),
  );
  const update = (now) =>
    inputs.forEach((input, i) => {
      input.checked = choices[i][0] === now;
    });
  return { element, update };
}

/** The tokens in their order, each with two buttons that move it. */
function orderRow(model) {
  const n = model.get("tokens").length;
  const places = Array.from({ length: n }, (_, i) => {
    const name = make("span", { class: "attnx-strong" });
    const button = (step, sign) =>
      make("button", { type: "button", class: "attnx-button attnx-shift", onclick: () => shift(i, step) }, sign);
    const [earlier, later] = [button(-1, "←"), button(1, "→")];
    const element = make("li", { class: "attnx-place" }, earlier, name, later);
    return { element, name, earlier, later };
  });
  const shift = (i, step) => {
    const order = moveToken(model.get("order"), i, step);
    if (order === model.get("order")) return;
    change(model, { order });
    places[i + step][step < 0 ? "earlier" : "later"].focus();
  };
  const action = (text, order) =>
    make("button", { type: "button", class: "attnx-button", onclick: () => change(model, { order: order() }) }, text);
  const element = make(
    "div",
    { class: "attnx-choice", role: "group", "aria-label": "Order of the tokens" },
    make("span", { class: "attnx-legendlike" }, "Order: move a token earlier or later"),
    make("ol", { class: "attnx-order" }, places.map((place) => place.element)),
    make(
      "div",
      { class: "attnx-buttons" },
      action("Turn round", () => [...model.get("order")].reverse()),
      action("First order", () => model.get("order").map((_, i) => i)),
    ),
  );
  const update = ({ tokens, order }) =>
    places.forEach((place, i) => {
      const token = tokens[order[i]];
      write(place.name, token);
      set(place.earlier, { "aria-label": `Move ${token} earlier`, "aria-disabled": String(i === 0) });
      set(place.later, { "aria-label": `Move ${token} later`, "aria-disabled": String(i === n - 1) });
    });
  return { element, update };
}

function layerControl(model) {
  const range = make("input", { type: "range", min: 1, max: MOST_LAYERS, step: 1, "aria-label": "Layers" });
  range.addEventListener("input", () => change(model, { layers: Number(range.value) }));
  const text = make("span", { class: "attnx-number" });
  const element = make(
    "div",
    { class: "attnx-layers" },
    make("span", { class: "attnx-label" }, "Layers"),
    range,
    text,
  );
  const update = ({ layers }) => {
    range.value = layers;
    range.style.setProperty("--fill", `${(100 * (layers - 1)) / (MOST_LAYERS - 1)}%`);
    range.setAttribute("aria-valuetext", layers === 1 ? "1 layer" : `${layers} layers`);
    write(text, String(layers));
  };
  return { element, update };
}

// ---- the edges as a table of switches ---------------------------------------------------------

/** One button a pair: its weight, or why there is none. Arrow keys walk, Enter or Space removes and restores. */
function edgeTable(model) {
  const n = model.get("tokens").length;
  const buttons = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) =>
      make("button", {
        type: "button",
        class: "attnx-edge",
        tabindex: i + j ? -1 : 0,
        "data-edge": `${i} ${j}`,
        onclick: () => {
          const { order, removed, mask } = read(model);
          if (permitted(mask, i, j, n)) change(model, { removed: toggle(removed, order[i], order[j]) });
        },
      }),
    ),
  );
  const heads = Array.from({ length: n }, () => make("span", {})),
    sides = Array.from({ length: n }, () => make("span", {}));
  const element = table({
    caption: [
      "Edges: choose a cell to remove it or put it back",
      make("span", { class: "attnx-captionnote" }, "Rows are queries, columns are keys. Removed edges stay with their tokens."),
    ],
    columns: heads.map((text) => ({ text })),
    rows: sides.map((text) => ({ text })),
    cells: buttons.map((row) => row.map((button) => ({ text: button }))),
    corner: make("span", { class: "attnx-cornertext" }, "query ╲ key"),
    attributes: { class: "attnx-table attnx-matrix attnx-edges", "data-table": "edges" },
  });
  element.addEventListener("keydown", (event) => walk(event, buttons, n));
  element.addEventListener("focusin", (event) => {
    if (!event.target.dataset.edge) return;
    buttons.flat().forEach((button) => set(button, { tabindex: button === event.target ? 0 : -1 }));
  });
  const update = (state, { may, weights }) => {
    const names = state.order.map((token) => state.tokens[token]);
    names.forEach((name, i) => {
      write(heads[i], name);
      write(sides[i], name);
      sides[i].closest("tr").classList.toggle("attnx-chosen", state.order[i] === state.query);
    });
    buttons.forEach((row, i) =>
      row.forEach((button, j) => {
        const masked = !permitted(state.mask, i, j, n),
          shown = masked ? "mask" : may[i][j] ? format(weights[i][j]) : "cut";
        write(button, shown);
        const spoken = masked ? "forbidden by the mask" : may[i][j] ? `weight ${shown}` : "removed";
        const style = may[i][j] ? heat(weights[i][j]) : { class: "attnx-masked", style: null };
        set(button, {
          class: `attnx-edge ${style.class}`,
          style: style.style,
          "data-value": weights[i][j],
          "aria-label": `Edge from ${names[j]} to ${names[i]}: ${spoken}`,
          "aria-pressed": masked ? null : String(may[i][j]),
          "aria-disabled": masked ? "true" : null,
        });
      }),
    );
  };
  return { element, update };
}

function walk(event, buttons, n) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const from = event.target.dataset?.edge;
  if (!step || !from) return;
  event.preventDefault();
  const [i, j] = from.split(" ").map(Number);
  buttons[clamp(i + step[0], 0, n - 1)][clamp(j + step[1], 0, n - 1)].focus();
}

// ---- the drawing ------------------------------------------------------------------------------

const SIDE = 320,
  RADIUS = 108,
  DOT = 21;

/** Where the position stands: clockwise from the top. */
function spot(i, n) {
  const turn = (2 * Math.PI * i) / n - Math.PI / 2;
  return [SIDE / 2 + RADIUS * Math.cos(turn), SIDE / 2 + RADIUS * Math.sin(turn)];
}

/** A bent arrow from a to b that ends at the rims of the dots; there and back lie beside each other. */
function arrow([x1, y1], [x2, y2], width) {
  const length = Math.hypot(x2 - x1, y2 - y1),
    [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const [mx, my] = [(x1 + x2) / 2 - uy * 16, (y1 + y2) / 2 + ux * 16];
  const rim = (x, y, gap) => {
    const away = Math.hypot(mx - x, my - y);
    return [x + ((mx - x) / away) * gap, y + ((my - y) / away) * gap];
  };
  const head = 7 + width,
    [ax, ay] = rim(x1, y1, DOT),
    [bx, by] = rim(x2, y2, DOT + head),
    [tx, ty] = rim(x2, y2, DOT + 1);
  const across = [(-(ty - by) / head) * (3 + width / 2), ((tx - bx) / head) * (3 + width / 2)];
  return {
    line: `M${ax} ${ay}Q${mx} ${my} ${bx} ${by}`,
    tip: `M${tx} ${ty}L${bx + across[0]} ${by + across[1]}L${bx - across[0]} ${by - across[1]}Z`,
  };
}

function loop([x, y], width, chosen) {
  const [dx, dy] = [x - SIDE / 2, y - SIDE / 2].map((part) => part / RADIUS);
  const at = DOT + 6;
  return make("svg:circle", {
    class: `attnx-link${chosen ? " attnx-link-chosen" : ""}`,
    cx: x + dx * at,
    cy: y + dy * at,
    r: 9,
    "stroke-width": width,
  });
}

function link(from, to, weight, chosen) {
  const width = 0.8 + 6 * weight;
  if (from === to) return [loop(from, width, chosen)];
  const { line, tip } = arrow(from, to, width);
  const kind = `attnx-link${chosen ? " attnx-link-chosen" : ""}`;
  return [
    make("svg:path", { class: kind, d: line, "stroke-width": width }),
    make("svg:path", { class: `${kind} attnx-link-tip`, d: tip }),
  ];
}

function node([x, y], name, place, { chosen, heard }) {
  return make(
    "svg:g",
    { class: `attnx-node${chosen ? " attnx-node-chosen" : ""}${heard ? " attnx-node-heard" : ""}` },
    make("svg:circle", { cx: x, cy: y, r: DOT }),
    heard ? make("svg:circle", { class: "attnx-node-ring", cx: x, cy: y, r: DOT - 4 }) : null,
    make("svg:text", { x, y: y + 1, "text-anchor": "middle" }, name),
    make("svg:text", { class: "attnx-node-place", x, y: y + 13, "text-anchor": "middle" }, String(place)),
  );
}

function drawing() {
  const svg = make("svg:svg", {
    viewBox: `0 0 ${SIDE} ${SIDE}`,
    class: "attnx-graph",
    "data-picture": "",
    role: "img",
    "aria-label": "Tokens as nodes, edges as arrows from the key to the query; the numbers are in the tables",
  });
  const update = (state, { may, weights }, counts) => {
    const n = state.order.length,
      spots = state.order.map((_, i) => spot(i, n)),
      at = state.order.indexOf(state.query);
    const pairs = may.flatMap((row, i) => row.map((is, j) => [i, j, is])).filter(([, , is]) => is);
    const drawn = [...pairs.filter(([i]) => i !== at), ...pairs.filter(([i]) => i === at)];
    svg.replaceChildren(
      ...drawn.flatMap(([i, j]) => link(spots[j], spots[i], weights[i][j], i === at)),
      ...spots.map((where, i) =>
        node(where, state.tokens[state.order[i]], i + 1, { chosen: i === at, heard: counts[at][i] > 0 }),
      ),
    );
  };
  return { element: svg, update };
}

// ---- numbers ----------------------------------------------------------------------------------

function outputTable(state, { output }, gaps) {
  const rows = state.tokens.map((text, token) => ({
    text,
    row: { class: token === state.query ? "attnx-chosen" : null },
  }));
  return table({
    caption: "Output of each token",
    columns: ["place", "o₁", "o₂", "in the first order"],
    rows,
    cells: state.tokens.map((_, token) => {
      const at = state.order.indexOf(token);
      const verdict = gaps[token] < 1e-9 ? "the same" : `moved by ${format(gaps[token])}`;
      return [
        { text: String(at + 1) },
        ...output[at].map((value) => ({ text: format(value) })),
        { text: verdict, "data-gap": gaps[token] },
      ];
    }),
    attributes: { class: "attnx-table attnx-outputs", "data-table": "outputs" },
  });
}

function pathTable(state, counts) {
  const at = state.order.indexOf(state.query),
    row = counts[at],
    all = row.reduce((sum, count) => sum + count, 0);
  return table({
    caption: `Walks to “${state.tokens[state.query]}” through ${state.layers} ${state.layers === 1 ? "layer" : "layers"}`,
    columns: ["walks", "reached?"],
    rows: [
      ...state.order.map((token) => ({ text: state.tokens[token] })),
      { text: "all", row: { class: "attnx-sum" } },
    ],
    cells: [
      ...row.map((count) => [{ text: String(count), "data-paths": count }, { text: count ? "yes" : "no" }]),
      [{ text: String(all) }, { text: "" }],
    ],
    attributes: { class: "attnx-table attnx-paths", "data-table": "paths" },
  });
}

/** The state in one sentence. */
export function summary(state, counts, gaps) {
  const at = state.order.indexOf(state.query),
    heard = state.order.filter((_, j) => counts[at][j] > 0).map((token) => state.tokens[token]);
  const mask = state.mask === "none" ? "No mask" : `Mask: ${state.mask}`;
  const cut = state.removed.length ? `, ${state.removed.length} removed by hand` : "";
  const still = gaps.filter((gap) => gap < 1e-9).length;
  const order = state.order.every((token, i) => token === i)
    ? "First order."
    : still === gaps.length
      ? "Another order: every token's output is the same."
      : `Another order: ${gaps.length - still} of ${gaps.length} tokens have another output.`;
  const layers = `${state.layers} ${state.layers === 1 ? "layer" : "layers"}`;
  return `${mask}${cut}. ${order} Through ${layers} ${state.tokens[state.query]} is reached by ${heard.join(", ") || "no token"}.`;
}

// ---- all together -----------------------------------------------------------------------------

const GOALS = [
  ["news", "a way through a window of 2: all five tokens reach the last one", (state, counts) => state.mask === "window" && counts.at(-1).every(Boolean)],
  ["order", "a mask that sees order: with the tokens in another order, an output changes", (state, counts, gaps) => Math.max(...gaps) > 1e-9],
];

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Self-attention as a graph", KEYS, GOALS);
  const names = { none: "none", causal: "causal", window: "window of 2", padding: "last is padding" };
  const mask = radios("Mask, by place", MASKS.map((one) => [one, names[one]]), (value) => change(model, { mask: value }));
  const who = radios(
    "The query: its arrows stand out",
    model.get("tokens").map((token, i) => [i, token]),
    (query) => change(model, { query }),
  );
  const order = orderRow(model),
    layers = layerControl(model),
    cells = edgeTable(model),
    graph = drawing(),
    outputs = make("div", {}),
    paths = make("div", {}),
    announce = announcer(status);
  const legend = make(
    "p",
    { class: "attnx-legend" },
    "Arrows lead from the key to the query; the thicker, the more weight. The number in a node is its place. An inner ring: this token reaches the query through the layers chosen.",
  );
  body.append(mask.element, layers.element, graph.element);
  more.append(
    legend,
    who.element,
    order.element,
    make("div", { class: "attnx-columns" }, make("div", { class: "attnx-graphside" }, cells.element), make("div", { class: "attnx-graphside" }, outputs, paths)),
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const state = read(model),
      result = attend(state),
      counts = walks(result.may, state.layers),
      gaps = moved(state);
    mask.update(state.mask);
    who.update(state.query);
    order.update(state);
    layers.update(state);
    cells.update(state, result);
    graph.update(state, result, counts);
    outputs.replaceChildren(outputTable(state, result, gaps));
    paths.replaceChildren(pathTable(state, counts));
    ask(state, counts, gaps);
    announce(summary(state, counts, gaps));
  });
}

export default { render };
