// A text and what one of its tokens looks at: the tokens in a row that breaks like a text, arcs over them; the whole of a head as a
// map; all heads at once for one token.
import { clamp, format, make, set, table, thickness, write } from "../common.js";
import { called, favourites, HEADS, LAYERS, percent } from "./texts.js";

const STEP = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, PageUp: -8, PageDown: 8, Home: -999, End: 999 };
const shown = (token) => (token.includes("\n") ? "⏎" : token.trim() === "" ? "␣" : token.trim());

const UNDER = 17; // pixels: the number that stands below a token

/** The path of an arc between two boxes: over the line where both stand in one, else from the top of one to below the other. */
export function bow(from, to) {
  const a = from.left + from.width / 2, b = to.left + to.width / 2;
  if (from === to) return `M${a} ${from.top}C${a - 14} ${from.top - 18} ${a + 14} ${from.top - 18} ${a} ${from.top}`;
  if (Math.abs(from.top - to.top) < 4) {
    const up = from.top - clamp(8 + Math.abs(b - a) / 9, 10, 26);
    return `M${a} ${from.top}C${a} ${up} ${b} ${up} ${b} ${to.top}`;
  }
  const foot = to.top + to.height + (to.named ? UNDER : 0), middle = (from.top + foot) / 2;
  return `M${a} ${from.top}C${a} ${middle - 4} ${b} ${middle + 4} ${b} ${foot}`;
}

/** The tokens with their arcs: press one, or walk along them with the arrow keys. `now()` tells the token that looks. */
export function textPicture({ now, go }) {
  const svg = make("svg:svg", { class: "attnx-livearcs", "aria-hidden": "true" }),
    words = make("div", { class: "attnx-livewords" });
  const element = make(
    "div",
    {
      class: "attnx-liveflow",
      "data-picture": "",
      role: "slider",
      tabindex: 0,
      "aria-label": "The token that looks",
      onkeydown: (event) => {
        if (!(event.key in STEP)) return;
        event.preventDefault();
        go(clamp(now() + STEP[event.key], 0, words.children.length - 1));
      },
      onclick: (event) => {
        const chosen = event.target.closest("[data-token]");
        if (chosen) go(Number(chosen.dataset.token));
      },
    },
    make("div", { class: "attnx-livesheet" }, svg, words),
  );
  let tokens = null,
    last = null;
  const draw = () => {
    if (!last || !element.isConnected) return;
    const frame = words.getBoundingClientRect();
    const box = (i) => {
      const { left, top, width, height } = words.children[i].firstChild.getBoundingClientRect();
      return { left: left - frame.left, top: top - frame.top, width, height, named: words.children[i].lastChild.textContent !== "" };
    };
    const from = box(last.query);
    svg.replaceChildren(
      ...favourites(last.row, 12, 0.02)
        .reverse()
        .map(([key, weight]) =>
          make("svg:path", { class: "attnx-arc", d: bow(from, key === last.query ? from : box(key)), "data-key": key, style: `stroke-width:${(0.6 * thickness(weight)).toFixed(2)}px;opacity:${(0.35 + 0.5 * weight).toFixed(2)}` }),
        ),
    );
  };
  new ResizeObserver(draw).observe(words);
  const update = (reading, query, row) => {
    if (tokens !== reading.tokens) words.replaceChildren(...reading.tokens.flatMap(token));
    tokens = reading.tokens;
    const named = new Set(favourites(row, 4).map(([key]) => key));
    const places = words.querySelectorAll("[data-token]");
    places.forEach((one, i) => {
      set(one, { "data-chosen": i === query, "data-later": i > query, style: `--heat:${row[i].toFixed(3)}` });
      write(one.lastChild, named.has(i) ? percent(row[i]) : "");
    });
    const count = reading.tokens.length;
    set(element, { "aria-valuemin": 1, "aria-valuemax": count, "aria-valuenow": query + 1, "aria-valuetext": `${called(reading.tokens[query])}, token ${query + 1} of ${count}` });
    last = { row, query };
    if (element.scrollHeight > element.clientHeight + 4) keepInSight(element, places[query]);
    draw();
  };
  return { element, update };
}

function token(text, i) {
  const glued = i > 0 && !/^\s/.test(text);
  return make("span", { class: `attnx-livetoken${glued ? " attnx-liveglued" : ""}`, "data-token": i }, make("span", {}, shown(text)), make("small", { "data-reading": "" }));
}

function keepInSight(element, place) {
  const top = place.offsetTop, foot = top + place.offsetHeight;
  if (top < element.scrollTop || foot > element.scrollTop + element.clientHeight) element.scrollTop = top - element.clientHeight / 2;
}

/** Every row of one head as a square of dots, and the row of the chosen token in numbers. */
export function headMap(go) {
  const canvas = make("canvas", { class: "attnx-livemap", "aria-hidden": "true", onclick: (event) => go(Math.floor((event.offsetY / canvas.clientHeight) * canvas.height)) });
  const title = make("span", { class: "attnx-label" }),
    place = make("div", {});
  const element = make("section", { class: "attnx-livepart", "aria-label": "The head as a map and in numbers" }, title, make("div", { class: "attnx-columns attnx-livemaps" }, make("figure", {}, canvas, make("figcaption", { class: "attnx-quiet" }, "A row a token, from the top; a column a token looked at. Press a row.")), place));
  const update = ({ layer, head }, reading, query, row) => {
    write(title, `Layer ${layer}, head ${head}: the whole text`);
    paint(canvas, reading, layer, head, query);
    place.replaceChildren(rowTable(reading, query, row));
  };
  return { element, update };
}

function paint(canvas, { tokens, weights }, layer, head, query) {
  const n = tokens.length;
  canvas.width = canvas.height = n;
  const image = new ImageData(n, n);
  for (let i = 0; i < n; i++) {
    weights(layer, head, i).forEach((weight, j) => {
      const depth = j > i ? 0 : 22 + 233 * weight;
      image.data.set([i === query ? 0 : 126, i === query ? 114 : 98, i === query ? 178 : 190, depth], 4 * (i * n + j));
    });
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function rowTable({ tokens }, query, row) {
  const best = favourites(row, 8, 0.005), rest = 1 - best.reduce((sum, [, weight]) => sum + weight, 0);
  const rows = best.map(([key]) => ({ text: `${shown(tokens[key])} (${key === query ? "itself" : key + 1})` }));
  const cells = best.map(([, weight]) => [{ text: format(100 * weight, 1), "data-weight": weight }]);
  return table({
    caption: `What ${called(tokens[query])} looks at`,
    corner: "token (its place)",
    columns: ["%"],
    rows: [...rows, { text: "all others" }],
    cells: [...cells, [{ text: format(100 * Math.max(0, rest), 1) }]],
    attributes: { class: "attnx-table", "data-table": "row" },
  });
}

export const KINDS = {
  first: ["the first token", () => 0],
  before: ["the token before it", (query) => query - 1],
  itself: ["itself", (query) => query],
  right: ["the word that comes next", null],
};

/** Of each head what the chosen token gives to one kind of key, layers across, heads down. */
export function allHeads(choose) {
  const select = make("select", { "aria-label": "What is looked at", onchange: () => again() }, Object.entries(KINDS).map(([kind, [text]]) => make("option", { value: kind }, text)));
  const cells = Array.from({ length: LAYERS * HEADS }, (_, i) => make("svg:rect", { x: Math.floor(i / HEADS), y: i % HEADS, width: 0.92, height: 0.92, class: "attnx-livehead" }));
  const svg = make("svg:svg", {
    viewBox: `0 0 ${LAYERS} ${HEADS}`,
    class: "attnx-liveheads",
    "aria-hidden": "true",
    onclick: (event) => {
      const box = svg.getBoundingClientRect();
      choose(clamp(Math.floor(((event.clientX - box.left) / box.width) * LAYERS), 0, LAYERS - 1), clamp(Math.floor(((event.clientY - box.top) / box.height) * HEADS), 0, HEADS - 1));
    },
  }, cells);
  const told = make("p", { class: "attnx-quiet", "data-most": "" });
  const element = make("section", { class: "attnx-livepart", "aria-label": "All heads" }, make("label", { class: "attnx-pick" }, make("span", { class: "attnx-label" }, "All heads: how much the chosen token gives to "), select), svg, make("div", { class: "attnx-liveends attnx-quiet" }, make("span", {}, "layer 0, head 0 at the top"), make("span", {}, `layer ${LAYERS - 1}`)), told);
  let now = null;
  const again = () => now && draw(...now);
  const draw = (state, reading, query) => {
    now = [state, reading, query];
    const found = cells.map((_, i) => given(reading, query, select.value, Math.floor(i / HEADS), i % HEADS));
    cells.forEach((cell, i) => set(cell, { style: `--heat:${found[i].toFixed(3)}`, "data-chosen": i === state.layer * HEADS + state.head, "data-silent": (state.silent ?? []).some(([layer, head]) => i === layer * HEADS + head) }));
    write(told, mostSentence(found));
  };
  return { element, update: draw };
}

/** The weight that a head's row gives to one kind of key; 0 where there is none. */
export function given(reading, query, kind, layer, head) {
  const row = reading.weights(layer, head, query);
  if (kind !== "right") return row[KINDS[kind][1](query)] ?? 0;
  return row.reduce((sum, weight, key) => sum + (reading.right !== null && key <= query && reading.tokens[key] === reading.right ? weight : 0), 0);
}

function mostSentence(found) {
  const order = found.map((weight, i) => [weight, i]).sort((a, b) => b[0] - a[0]).slice(0, 3);
  const names = order.map(([weight, i]) => `layer ${Math.floor(i / HEADS)}, head ${i % HEADS}: ${percent(weight)}`);
  const many = found.filter((weight) => weight > 0.5).length;
  return `Most: ${names.join("; ")}. ${many === 0 ? "No head gives" : many === 1 ? "One head gives" : `${many} heads give`} more than half.`;
}
