// Explorable: a blocked attention walks over its tiles; what is loaded, held, rescaled and moved.
import {
  announcer,
  change,
  clamp,
  dot,
  format,
  formatSmall,
  frame,
  make,
  matmul,
  set,
  slider,
  softmax,
  table,
  watch,
  write,
} from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

export const MASKS = ["none", "causal", "window"];
export const LOOPS = ["queries", "keys"];
const WIDTH = 2;

/** q, k, v of n tokens: entries from -2.0 to 2.0 by s <- 16807 s mod (2^31 - 1), token after token. */
export function vectors(seed, n, d = WIDTH) {
  let s = seed;
  const draw = () => {
    s = (16807 * s) % 2147483647;
    return ((s % 41) - 20) / 10;
  };
  for (let i = 0; i < 3; i++) draw(); // small seeds begin alike
  const q = [],
    k = [],
    v = [];
  for (let i = 0; i < n; i++) for (const rows of [q, k, v]) rows.push(Array.from({ length: d }, draw));
  return { q, k, v };
}

/** true where query i may look at key j; a window of `size` keys is causal and counts the query's own. */
export function allowed(mask, n, size) {
  const may = { none: () => true, causal: (i, j) => j <= i, window: (i, j) => j <= i && j > i - size }[mask];
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => may(i, j)));
}

function slices(length, size) {
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => [
    i * size,
    Math.min(length, (i + 1) * size),
  ]);
}

/** All tiles in the order of the loops; `seen` counts the pairs that may look. None seen: skipped. */
export function tiles({ n, block_q, block_k, loop, may }) {
  const rows = slices(n, block_q),
    keys = slices(n, block_k);
  const order =
    loop === "queries"
      ? rows.flatMap((r) => keys.map((c) => [r, c]))
      : keys.flatMap((c) => rows.map((r) => [r, c]));
  return order.map(([r, c]) => {
    const size = (r[1] - r[0]) * (c[1] - c[0]);
    const seen = may
      .slice(...r)
      .map((row) => row.slice(...c).filter(Boolean).length)
      .reduce((a, b) => a + b);
    return {
      rows: r,
      keys: c,
      size,
      seen,
      kind: seen === 0 ? "skipped" : seen < size ? "partial" : "full",
    };
  });
}

/** What moves for tile `i` of the computed ones, in elements; first and last are within the outer loop. */
export function moves(done, i, { loop, d }) {
  const { rows, keys } = done[i],
    r = rows[1] - rows[0],
    c = keys[1] - keys[0];
  const outer = (tile) => tile && (loop === "queries" ? tile.rows : tile.keys)[0];
  const first = i === 0 || outer(done[i - 1]) !== outer(done[i]),
    last = outer(done[i + 1]) !== outer(done[i]);
  const block = (name, amount, store = false) => ({ name, amount, store });
  if (loop === "queries")
    return [
      ...(first ? [block("q", r * d)] : []),
      block("k", c * d),
      block("v", c * d),
      ...(last ? [block("o", r * d, true), block("log-sum-exp", r, true)] : []),
    ];
  return [
    ...(first ? [block("k", c * d), block("v", c * d)] : []),
    block("q", r * d),
    ...[false, true].flatMap((store) => [
      block("o", r * d, store),
      block("l", r, store),
      block("m", r, store),
    ]),
  ];
}

/** Room in fast memory for one tile, in elements, by what lies there. */
export function held({ rows, keys }, { loop, d }) {
  const r = rows[1] - rows[0],
    c = keys[1] - keys[0];
  const keysAndValues = loop === "queries" ? { "k or v": c * d } : { k: c * d, v: c * d };
  return { q: r * d, ...keysAndValues, tile: r * c, o: r * d, "four numbers a row": 4 * r };
}

/** One row takes in one block of scores: m' = max, r = e^(m - m'), l' = r l + sum p, o' = r o + p V. */
export function absorb({ m, l, o }, scores, values) {
  const peak = Math.max(m, ...scores);
  if (peak === -Infinity) return { m, l, o, rescale: 1 };
  const rescale = Math.exp(m - peak),
    p = scores.map((score) => Math.exp(score - peak));
  const total = p.reduce((sum, x) => sum + x, rescale * l);
  const mix = o.map((x, c) => p.reduce((sum, weight, j) => sum + weight * values[j][c], rescale * x));
  return { m: peak, l: total, o: mix, rescale };
}

/** softmax(q k^T / sqrt(d)) v where `may` is true; scores that may not count are -Infinity. */
export function attention({ q, k, v, may }) {
  const root = Math.sqrt(k[0].length);
  const scores = q.map((x, i) => k.map((y, j) => (may[i][j] ? dot(x, y) / root : -Infinity)));
  return {
    scores,
    output: matmul(
      scores.map((row) => softmax(row)),
      v,
    ),
  };
}

/** The state after each computed tile, from nothing; `running` holds m, l, o (o not yet divided by l). */
export function walk({ q, k, v, may, block_q, block_k, loop }) {
  const n = q.length,
    d = q[0].length,
    { scores } = attention({ q, k, v, may });
  const done = tiles({ n, block_q, block_k, loop, may }).filter((tile) => tile.seen > 0);
  let running = q.map(() => ({ m: -Infinity, l: 0, o: v[0].map(() => 0), rescale: 1 })),
    moved = 0;
  return done.map((tile, i) => {
    const [from, to] = tile.keys,
      before = running;
    running = running.map((row, a) =>
      a < tile.rows[0] || a >= tile.rows[1] ? row : absorb(row, scores[a].slice(from, to), v.slice(from, to)),
    );
    const transfers = moves(done, i, { loop, d });
    moved += transfers.reduce((sum, { amount }) => sum + amount, 0);
    const room = held(tile, { loop, d });
    return { ...tile, before, running, transfers, moved, held: room, finished: finished(done, i, n) };
  });
}

/** For each row: has the last tile that concerns it been done? */
function finished(done, i, n) {
  return Array.from({ length: n }, (_, row) =>
    done.slice(i + 1).every((tile) => row < tile.rows[0] || row >= tile.rows[1]),
  );
}

/** Elements moved by a whole walk, without walking. `keysRead`, `rowsRead`: summed over computed tiles. */
export function closedForm({ n, d, block_q, block_k, loop, may }) {
  const done = tiles({ n, block_q, block_k, loop, may }).filter((tile) => tile.seen > 0);
  const sum = (side) => done.reduce((total, tile) => total + tile[side][1] - tile[side][0], 0);
  if (loop === "queries") return 2 * n * d + n + 2 * d * sum("keys");
  return 2 * n * d + (3 * d + 4) * sum("rows");
}

/** Elements that standard attention moves with fast memory M: the scores and the weights out and in again.
 * null where M has no room for a row of scores. As attnlab.kernels.traffic.standard_traffic. */
export function standardTraffic(n, d, M) {
  if (M < n + 3 || M < 2 * d + 2) return null;
  const tile = Math.min(n, Math.max(1, Math.floor(Math.sqrt(d * d + M)) - d));
  const band = Math.min(n, Math.floor((M - d) / (d + 1)));
  const reloads = Math.ceil(n / tile) + Math.ceil(n / band);
  return 4 * n * n + 2 * n * d + reloads * n * d;
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["n", "seed", "block_q", "block_k", "mask", "window", "loop", "capacity", "step"];
const PACE = 1300;
let groups = 0;

function read(model) {
  return Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
}

/** Everything the picture shows, from the state alone. */
export function result(state) {
  const { n, seed, mask, window: size } = state;
  const given = { ...vectors(seed, n), may: allowed(mask, n, size) };
  const settings = { ...state, ...given, d: WIDTH };
  return {
    ...given,
    ...attention(given),
    all: tiles(settings),
    steps: walk(settings),
    total: closedForm(settings),
    unmasked: closedForm({ ...settings, may: allowed("none", n, n) }),
    standard: standardTraffic(n, WIDTH, state.capacity),
  };
}

/** Changes settings; blocks and window stay within the tokens, the walk at its end stays at its end. */
export function settle(state, values) {
  const next = { ...state, ...values };
  for (const key of ["block_q", "block_k", "window"]) next[key] = clamp(next[key], 1, next.n);
  const length = (of) =>
    tiles({ ...of, may: allowed(of.mask, of.n, of.window) }).filter((tile) => tile.seen > 0).length;
  const [old, now] = [length(state), length(next)];
  next.step = state.step >= old ? now : Math.min(state.step, now);
  return next;
}

function field(model, key, label, min, max) {
  const box = make("input", {
    type: "number",
    min,
    max: max ?? 12,
    step: 1,
    inputmode: "numeric",
    "data-field": key,
  });
  box.addEventListener("input", () => {
    if (box.value !== "" && box.checkValidity())
      change(model, settle(read(model), { [key]: Number(box.value) }));
  });
  box.addEventListener("blur", () => {
    box.value = String(model.get(key));
  });
  const element = make("label", { class: "attnx-field" }, make("span", {}, label), box);
  const update = (state) => {
    if (max === undefined) box.max = String(state.n);
    if (document.activeElement !== box) box.value = String(state[key]);
  };
  return { element, update };
}

function choice(model, key, label, choices) {
  const name = `attnx-walk-${++groups}`;
  const inputs = choices.map(([value]) =>
    make("input", {
      type: "radio",
      name,
      value,
      onchange: () => change(model, settle(read(model), { [key]: value })),
    }),
  );
  const chips = choices.map(([, text], i) =>
    make("label", { class: "attnx-chip" }, inputs[i], make("span", {}, text)),
  );
  const element = make(
    "fieldset",
    { class: "attnx-choice" },
    make("legend", {}, label),
    make("div", { class: "attnx-chips" }, chips),
  );
  const update = (state) =>
    inputs.forEach((input) => {
      input.checked = input.value === state[key];
    });
  return { element, update };
}

/** The size of a block, by slider and as a number; never more than there are tokens. */
function blockControl(model, key, label, css) {
  const part = slider({
    label,
    min: 1,
    max: 12,
    step: 1,
    digits: 0,
    onchange: (value) => change(model, settle(read(model), { [key]: value })),
  });
  const element = make(
    "div",
    { class: "attnx-control attnx-walkblock", "data-control": key },
    make("span", { class: `attnx-label ${css}` }, label),
    part.range,
    part.box,
  );
  const update = (state) => {
    set(part.range, { max: state.n });
    set(part.box, { max: state.n });
    part.update(state[key]);
  };
  return { element, update };
}

function blockControls(model) {
  const parts = [
    blockControl(model, "block_q", "Queries a block", "attnx-ink-q"),
    blockControl(model, "block_k", "Keys a block", "attnx-ink-k"),
  ];
  const element = make("div", { class: "attnx-walkblocks" }, parts.map((one) => one.element));
  return { element, update: (state) => parts.forEach((one) => one.update(state)) };
}

function settings(model) {
  const loop = choice(model, "loop", "Outer loop", [
    ["queries", "queries (Flash-2)"],
    ["keys", "keys (Flash-1)"],
  ]);
  const mask = choice(
    model,
    "mask",
    "Mask",
    MASKS.map((name) => [name, name]),
  );
  const size = field(model, "window", "window size", 1);
  mask.element.lastChild.append(size.element);
  const fields = [
    field(model, "n", "Tokens", 6, 12),
    field(model, "seed", "Seed", 1, 999),
    field(model, "capacity", "Fast memory M", 8, 999),
  ];
  const element = make(
    "div",
    { class: "attnx-walksettings" },
    make("div", { class: "attnx-choices" }, loop.element, mask.element),
    make("div", { class: "attnx-fields" }, fields.map((one) => one.element)),
  );
  const update = (state) => {
    [loop, mask, size, ...fields].forEach((one) => one.update(state));
    size.element.hidden = state.mask !== "window";
  };
  return { element, update };
}

/** Previous, Next, Play and a slider over the tiles. */
function walkBar(model) {
  let timer = null,
    last = 0;
  const go = (step) => change(model, { step: clamp(step, 0, last) });
  const stop = () => {
    clearInterval(timer);
    timer = null;
    show();
  };
  const tick = () => {
    if (!element.isConnected) return stop();
    go(model.get("step") + 1);
    if (model.get("step") >= last) stop();
  };
  const start = () => {
    go(model.get("step") >= last ? 0 : model.get("step") + 1);
    timer = setInterval(tick, PACE);
    show();
  };
  const step = (by) => {
    stop();
    go(model.get("step") + by);
  };
  const button = (text, attributes) =>
    make("button", { type: "button", class: "attnx-button", ...attributes }, text);
  const back = button("←", { "data-back": true, "aria-label": "Previous tile", onclick: () => step(-1) });
  const next = button("Next →", {
    "data-next": true,
    class: "attnx-button attnx-main",
    onclick: () => step(1),
  });
  const play = button("", { "data-play": true, onclick: () => (timer === null ? start() : stop()) });
  const show = () => write(play, timer === null ? "Play" : "Pause");
  const range = make("input", { type: "range", min: 0, step: 1, "aria-label": "Tile" });
  range.addEventListener("input", () => {
    stop();
    go(Number(range.value));
  });
  const element = make("div", { class: "attnx-walk attnx-walkbar", role: "group", "aria-label": "Walk" }, back, next, play, range);
  show();
  const update = (state, { steps }) => {
    last = steps.length;
    range.max = String(last);
    range.value = String(state.step);
    range.style.setProperty("--fill", `${(100 * state.step) / last}%`);
    range.setAttribute(
      "aria-valuetext",
      state.step ? `tile ${state.step} of ${last}` : "before the first tile",
    );
    set(back, { "aria-disabled": String(state.step === 0) });
    set(next, { "aria-disabled": String(state.step === last) });
  };
  return { element, update, stop, playing: () => timer !== null };
}

// ---- picture ----------------------------------------------------------------------------------

/** "3" or "3–4": positions counted from 1. */
function span([from, to]) {
  return to - from === 1 ? `${to}` : `${from + 1}–${to}`;
}

function within(index, [from, to]) {
  return index >= from && index < to;
}

/** waiting, now, done or skipped, for each pair. */
function status(state, { all, steps }) {
  const order = new Map(steps.map((tile, i) => [`${tile.rows[0]},${tile.keys[0]}`, i + 1]));
  const corner = (i, block) => i - (i % block);
  return (i, j) => {
    const number = order.get(`${corner(i, state.block_q)},${corner(j, state.block_k)}`);
    if (number === undefined) return "skipped";
    return number === state.step ? "now" : number < state.step ? "done" : "waiting";
  };
}

const SLOW = { top: 36, high: 160, width: 24, at: { q: 14, k: 48, v: 82, o: 116 } };
const FAST = { left: 192, top: 56, side: 108, strip: 10, q: 178, k: 30, v: 42, o: 304 };
const FLIGHT = 600; // milliseconds

/** Where the rows `from` to `to` of q, k, v or o stand in slow memory. */
function inSlow(name, [from, to], n) {
  const step = SLOW.high / n;
  return { x: SLOW.at[name], y: SLOW.top + from * step, width: SLOW.width, height: (to - from) * step };
}

/** Where they stand in fast memory: queries and outputs beside the scores, keys and values above them. */
function inFast(name, [from, to], n) {
  const step = FAST.side / n,
    long = (to - from) * step;
  if (name === "q" || name === "o") return { x: FAST[name], y: FAST.top + from * step, width: FAST.strip, height: long };
  return { x: FAST.left + from * step, y: FAST[name], width: long, height: FAST.strip };
}

function rectangle(box, css, attributes = {}) {
  return make("svg:rect", { class: css, ...box, ...attributes });
}

/** The columns q, k, v and o of slow memory; an output that is known by now is filled. */
function slowMemory(state, tile) {
  const rows = Array.from({ length: state.n }, (_, i) => [i, i + 1]);
  const known = (i) => tile && tile.running[i].l > 0 && (state.loop === "keys" || tile.finished[i]);
  const names = Object.entries(SLOW.at).map(([name, x]) =>
    make("svg:text", { x: x + SLOW.width / 2, y: SLOW.top - 6, "text-anchor": "middle", class: "attnx-memname" }, name),
  );
  const cells = Object.keys(SLOW.at).flatMap((name) =>
    rows.map((row, i) => rectangle(inSlow(name, row, state.n), `attnx-mem attnx-mem-${name}${name === "o" && !known(i) ? " attnx-mem-empty" : ""}`)),
  );
  return [...names, ...cells];
}

/** Which blocks of the tile stand in fast memory, by name. */
function blocksOf(tile) {
  return { q: tile.rows, k: tile.keys, v: tile.keys, o: tile.rows };
}

/** All tiles of the table of scores, and the blocks of the one that is in fast memory. */
function fastMemory(state, { all, may }, tile, at) {
  const { n } = state,
    step = FAST.side / n;
  const tiles = all.map(({ rows, keys }) => {
    const box = { x: FAST.left + keys[0] * step, y: FAST.top + rows[0] * step, width: (keys[1] - keys[0]) * step, height: (rows[1] - rows[0]) * step };
    return rectangle(box, `attnx-memtile attnx-tile-${at(rows[0], keys[0])}`);
  });
  const dots = may.flatMap((row, i) =>
    row.flatMap((is, j) => (is ? [] : [make("svg:circle", { class: "attnx-memdot", cx: FAST.left + (j + 0.5) * step, cy: FAST.top + (i + 0.5) * step, r: 1.2 })])),
  );
  const held = tile ? Object.entries(blocksOf(tile)) : [];
  const blocks = held.map(([name, rows]) => rectangle(inFast(name, rows, n), `attnx-mem attnx-mem-${name} attnx-mem-held`));
  const names = held.map(([name]) => {
    const side = name === "q" || name === "o",
      spot = inFast(name, blocksOf(tile)[name], n);
    const [x, y] = side ? [spot.x + 5, name === "q" ? spot.y - 4 : spot.y + spot.height + 11] : [spot.x + spot.width + 5, spot.y + 9];
    return make("svg:text", { x, y, "text-anchor": side ? "middle" : "start", class: "attnx-memname" }, name);
  });
  return [...tiles, ...dots, ...blocks, ...names];
}

/** How much of fast memory is taken, as a bar below it. */
function fill(state, tile) {
  const held = Object.values(tile?.held ?? {}).reduce((sum, amount) => sum + amount, 0),
    over = held > state.capacity;
  const box = { x: 178, y: 174, width: 116, height: 8, rx: 3 };
  return [
    rectangle(box, "attnx-memroom"),
    rectangle({ ...box, width: Math.min(1, held / state.capacity) * box.width }, over ? "attnx-memover" : "attnx-memused"),
    make("svg:text", { x: 243, y: 197, "text-anchor": "middle" }, `${held} of ${state.capacity}${over ? ": does not fit" : " numbers"}`),
  ];
}

/** Slow memory on the left, fast memory on the right; what moves for a tile flies from one to the other. */
function memories() {
  const still = make("svg:g", {}),
    sky = make("svg:g", { "aria-hidden": "true" });
  const panel = (x, width, text) => [
    make("svg:rect", { class: "attnx-memory", x, y: 2, width, height: 200, rx: 8 }),
    make("svg:text", { x: x + 8, y: 18, class: "attnx-memtitle" }, text),
  ];
  const svg = make(
    "svg:svg",
    {
      viewBox: "0 0 320 204",
      class: "attnx-memories",
      role: "img",
      "data-picture": "",
      "aria-label": "Slow memory with the columns q, k, v and o, and fast memory with one tile; the sentence below says which",
    },
    panel(2, 150, "slow memory"),
    panel(168, 150, "fast memory"),
    still,
    sky,
  );
  let before = null;
  const update = (state, shown, tile) => {
    still.replaceChildren(...slowMemory(state, tile), ...fastMemory(state, shown, tile, status(state, shown)), ...fill(state, tile));
    if (before !== null && state.step === before + 1 && tile && !calm()) fly(sky, tile, state.n);
    before = state.step;
  };
  return { element: svg, update };
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Loads fly from slow to fast memory, stores back; a change of size on the way is a scale. */
function fly(sky, tile, n) {
  const blocks = blocksOf(tile);
  sky.replaceChildren();
  for (const { name, store } of tile.transfers.filter((one) => one.name in blocks)) {
    const ends = [inSlow(name, blocks[name], n), inFast(name, blocks[name], n)];
    const [from, to] = store ? ends.reverse() : ends;
    const one = rectangle(to, `attnx-mem attnx-mem-${name} attnx-mem-held`);
    sky.append(one);
    const start = `translate(${from.x - to.x}px, ${from.y - to.y}px) scale(${from.width / to.width}, ${from.height / to.height})`;
    one.style.transformOrigin = `${to.x}px ${to.y}px`;
    one.animate([{ transform: start }, { transform: "none" }], { duration: FLIGHT, easing: "ease-in-out" }).finished.then(() => one.remove(), () => {});
  }
}

function cell(state, shown, at, i, j) {
  const kind = at(i, j),
    now = kind === "now" && shown.steps[state.step - 1],
    masked = !shown.may[i][j];
  const edges = {
    "attnx-top": i % state.block_q === 0,
    "attnx-left": j % state.block_k === 0,
    "attnx-nowtop": now && i === now.rows[0],
    "attnx-nowbottom": now && i === now.rows[1] - 1,
    "attnx-nowleft": now && j === now.keys[0],
    "attnx-nowright": now && j === now.keys[1] - 1,
    "attnx-gone": masked,
  };
  const classes = [`attnx-is-${kind}`, ...Object.keys(edges).filter((name) => edges[name])];
  const text =
    kind === "skipped"
      ? make("span", { class: "attnx-said" }, "skipped")
      : masked
        ? "−∞"
        : format(shown.scores[i][j], 1);
  return { text, class: classes.join(" "), "data-tile": kind };
}

function grid(state, shown) {
  const names = Array.from({ length: state.n }, (_, i) => String(i + 1)),
    at = status(state, shown),
    now = shown.steps[state.step - 1];
  const head = (side) => (text, i) => ({
    text,
    class: now && within(i, now[side]) ? "attnx-loaded" : null,
  });
  return table({
    caption: [
      "Scores q·k / √2 ",
      make("span", { class: "attnx-captionnote" }, "rows: queries, columns: keys"),
    ],
    columns: names.map(head("keys")),
    rows: names.map(head("rows")),
    cells: names.map((_, i) => names.map((_, j) => cell(state, shown, at, i, j))),
    attributes: {
      class: `attnx-table attnx-walkgrid${state.n > 9 ? " attnx-dense" : ""}`,
      "data-table": "scores",
    },
  });
}

function gridLegend() {
  const sample = (kind, text) =>
    make(
      "span",
      {},
      make("span", { class: `attnx-sample attnx-is-${kind}`, "aria-hidden": "true" }),
      ` ${text}`,
    );
  const element = make(
    "p",
    { class: "attnx-legend" },
    sample("now", "in fast memory now"),
    sample("done", "done"),
    sample("waiting", "to come"),
    sample("skipped", "skipped, never loaded"),
    sample("waiting attnx-gone", "−∞: computed, then masked"),
  );
  return element;
}

/** How many tiles of each kind. */
function census({ all }) {
  const count = (kind) => all.filter((tile) => tile.kind === kind).length;
  const lost = all.reduce((sum, tile) => sum + (tile.seen ? tile.size - tile.seen : 0), 0);
  const partly = count("partial")
    ? `, ${count("partial")} of them partly masked (${lost} scores for nothing)`
    : "";
  const skipped = count("skipped");
  return `${all.length} tiles: ${all.length - skipped} computed${partly}, ${skipped} skipped.`;
}

function transfersText(tile) {
  const side = ({ name }) => (name === "k" || name === "v" ? tile.keys : tile.rows);
  const list = (store) =>
    tile.transfers
      .filter((one) => one.store === store)
      .map((one) => `${one.name} ${span(side(one)).replace("–", "–\u2060")} (${one.amount})`)
      .map((text) => text.replaceAll(" ", "\u00a0")) // no line ends inside
      .join(", ");
  const stored = list(true);
  return `Loaded: ${list(false)}. ${stored ? `Stored: ${stored}.` : "Nothing is stored yet."}`;
}

/** The rescaling of one row of the tile in words: the row whose maximum moved most, else the first. */
function rescaleText(tile) {
  const rows = tile.running.map((row, i) => ({ ...row, i, old: tile.before[i] })).slice(...tile.rows);
  const moved = rows
    .filter((row) => row.old.l > 0 && row.m > row.old.m)
    .sort((a, b) => a.rescale - b.rescale)[0];
  if (moved)
    return (
      `Row ${moved.i + 1} met a larger score: all it had is multiplied by ` +
      `e^(${format(moved.old.m)} − ${format(moved.m).replace("−", "(−")}${moved.m < 0 ? ")" : ""}) = ` +
      `${format(moved.rescale, 3)}.`
    );
  if (rows.every((row) => row.old.l === 0)) return "The first scores of these rows: nothing to rescale yet.";
  return "No larger score in this tile: the factor is 1 wherever something was held.";
}

const START = {
  queries: "Queries outside: a block of queries stays, the keys and values stream past it.",
  keys: "Keys outside: a block of keys and values stays; outputs are loaded, improved and stored again.",
};

/** m, l, o of the rows in the tile; Flash-1 keeps o divided by l, Flash-2 divides once at the end. */
function runningTable(state, tile) {
  const divided = state.loop === "keys";
  const rows = tile.running.map((row, i) => ({ ...row, i, old: tile.before[i] })).slice(...tile.rows);
  const name = divided ? "o/l" : "o";
  const cells = rows.map((row) => [
    { text: format(row.old.m) },
    { text: format(row.m), class: row.m > row.old.m ? "attnx-strong" : "" },
    { text: row.old.l === 0 ? "–" : format(row.rescale, 3) },
    { text: format(row.l), class: "attnx-strong" },
    ...row.o.map((x) => ({ text: format(divided && row.l ? x / row.l : x), class: "attnx-cell-v" })),
  ]);
  return table({
    caption: "The rows in fast memory, after this tile",
    columns: ["m was", "m", "factor", "l", `${name} 1`, `${name} 2`],
    rows: rows.map((row) => String(row.i + 1)),
    corner: "row",
    cells,
    attributes: { class: "attnx-table attnx-running", "data-table": "running" },
  });
}

function meter(key) {
  const name = make("span", {}),
    value = make("span", { class: "attnx-strong", "data-meter": key }),
    note = make("span", { class: "attnx-quiet" }),
    fill = make("span", { class: `attnx-fill attnx-fill-${key}` });
  const element = make(
    "div",
    { class: "attnx-meter" },
    make("span", {}, name, " ", value, " ", note),
    make("span", { class: "attnx-bar", "aria-hidden": "true" }, fill),
  );
  const update = (label, amount, largest, text, remark) => {
    write(name, label);
    write(value, text);
    write(note, remark);
    fill.style.inlineSize = `${clamp((100 * amount) / largest, 0, 100)}%`;
    value.dataset.value = String(amount);
  };
  return { element, update, fill };
}

/** What lies in fast memory beside M. */
function memoryMeter() {
  const bar = meter("held");
  const update = ({ capacity }, tile) => {
    const parts = Object.entries(tile?.held ?? {}),
      sum = parts.reduce((total, [, amount]) => total + amount, 0);
    const over = sum > capacity;
    bar.fill.classList.toggle("attnx-fill-gradient", over);
    const list = parts.map(([name, amount]) => `${name} ${amount}`).join(" + ");
    const verdict = over ? `: ${sum - capacity} too many, this tile does not fit` : "";
    bar.update("Held in fast memory", sum, capacity, `${sum}`, `of M = ${capacity}${verdict}. ${list}`);
  };
  return { element: bar.element, update };
}

function formula({ loop, n, mask }, { total, unmasked }) {
  const d = WIDTH;
  const fixed = 2 * n * d;
  const text =
    loop === "queries"
      ? `2nd + n + 2d × ${(total - fixed - n) / (2 * d)} keys read`
      : `2nd + (3d + 4) × ${(total - fixed) / (3 * d + 4)} rows read`;
  const saved = unmasked - total;
  const spared = saved > 0 ? ` Skipping spared ${saved} (${format((100 * saved) / unmasked, 0)} %).` : "";
  return `= ${text} (n = ${n}, d = ${d}).${mask === "none" ? "" : spared || " Nothing could be skipped."}`;
}

function trafficMeters() {
  const sofar = meter("moved"),
    whole = meter("total"),
    standard = meter("standard");
  const element = make(
    "div",
    { class: "attnx-traffic" },
    make("p", { class: "attnx-label" }, "Elements moved between slow and fast memory"),
    [sofar, whole, standard].map((one) => one.element),
  );
  const update = (state, shown) => {
    const moved = shown.steps[state.step - 1]?.moved ?? 0;
    const largest = Math.max(shown.total, shown.standard ?? 0);
    sofar.update("so far", moved, largest, String(moved), "");
    whole.update("whole walk", shown.total, largest, String(shown.total), formula(state, shown));
    const { n } = state,
      fits = shown.standard !== null;
    standard.update(
      "standard attention",
      shown.standard ?? 0,
      largest,
      fits ? String(shown.standard) : "impossible",
      fits
        ? `with the same M; 4n² = ${4 * n * n} of it for scores and weights`
        : `M has no room for a row of ${n} scores`,
    );
  };
  return { element, update };
}

/** What stands in slow memory by now, beside attention computed at once. */
function outputTable(state, shown) {
  const tile = shown.steps[state.step - 1];
  const known = (i) => tile && tile.running[i].l > 0 && (state.loop === "keys" || tile.finished[i]);
  const cells = shown.output.map((truth, i) => {
    const row = tile?.running[i];
    const own = truth.map((_, c) => (known(i) ? format(row.o[c] / row.l, 3) : "–"));
    return [
      ...own.map((text) => ({ text, class: "attnx-cell-v" })),
      ...truth.map((x) => ({ text: format(x, 3) })),
      {
        text: tile?.finished[i]
          ? far(shown, tile, i) < 1e-12
            ? "equal"
            : "differs"
          : known(i)
            ? "partial"
            : "",
      },
    ];
  });
  return table({
    caption: "Output in slow memory, beside attention at once",
    columns: ["o 1", "o 2", "att. 1", "att. 2", "state"],
    rows: cells.map((_, i) => String(i + 1)),
    corner: "row",
    cells,
    attributes: { class: "attnx-table attnx-output", "data-table": "output" },
  });
}

/** Largest difference between a row's output and attention. */
function far({ output }, tile, i) {
  const { o, l } = tile.running[i];
  return Math.max(...output[i].map((truth, c) => Math.abs(o[c] / l - truth)));
}

/** One sentence for each step. */
export function summary(state, shown) {
  const { steps, total } = shown,
    tile = steps[state.step - 1];
  if (!tile) return `Before the first tile: ${steps.length} of ${shown.all.length} will be loaded, the others are skipped.`;
  const lost = tile.size - tile.seen;
  const pair = `queries ${span(tile.rows)} with keys ${span(tile.keys)}`;
  const where = `Tile ${state.step} of ${steps.length}: ${pair}`;
  const pairs = lost ? `${tile.seen} of ${tile.size} pairs count` : `all ${tile.size} pairs count`;
  if (state.step < steps.length) return `${where}, ${pairs}. ${tile.moved} of ${total} elements moved.`;
  const worst = Math.max(...tile.running.map((_, i) => far(shown, tile, i)));
  const gap = worst === 0 ? "0" : formatSmall(worst);
  const found = `Finished: the output equals attention, largest difference ${gap}.`;
  return `${found} ${total} elements moved.`;
}

/** Does every tile of the walk fit into fast memory? */
export function fits(state, { steps }) {
  return steps.every((tile) => Object.values(tile.held).reduce((sum, amount) => sum + amount, 0) <= state.capacity);
}

const GOALS = [
  ["fewer", "blocks: fewer than 115 numbers move, and every tile fits into fast memory", (state, shown) => shown.total < 115 && fits(state, shown) && state.n >= 8 && state.mask === "causal" && state.capacity <= 36],
  ["end", "the end of the walk: the output is that of attention at once", (state, shown) => state.step === shown.steps.length],
];

/** What stands under "More": settings, the scores, the rows held, the traffic and the output, as numbers. */
function details(model) {
  const parts = { settings: settings(model), memory: memoryMeter(), traffic: trafficMeters() };
  const scores = make("div", {}),
    running = make("div", { class: "attnx-runningbox" }),
    output = make("div", {}),
    count = make("p", { class: "attnx-quiet" }),
    transfers = make("p", { class: "attnx-explain" }),
    rescale = make("p", { class: "attnx-worked" });
  const element = [
    parts.settings.element,
    make(
      "div",
      { class: "attnx-columns" },
      make("div", { class: "attnx-walkside" }, scores, gridLegend(), count),
      make("div", { class: "attnx-walkside" }, transfers, running, rescale, parts.memory.element),
    ),
    make("div", { class: "attnx-columns" }, parts.traffic.element, output),
  ];
  const update = (state, shown, tile) => {
    parts.settings.update(state);
    parts.traffic.update(state, shown);
    parts.memory.update(state, tile);
    scores.replaceChildren(grid(state, shown));
    write(count, census(shown));
    write(transfers, tile ? transfersText(tile) : START[state.loop]);
    write(rescale, tile ? rescaleText(tile) : "Press Next: nothing is in fast memory yet.");
    running.replaceChildren(...(tile ? [runningTable(state, tile)] : []));
    output.replaceChildren(outputTable(state, shown));
  };
  return { element, update };
}

function render({ model, el }) {
  const { root, body, status: line, more, ask } = frame(model, "Tile walk", KEYS, GOALS);
  const blocks = blockControls(model),
    bar = walkBar(model),
    picture = memories(),
    rest = details(model),
    announce = announcer(line);
  body.append(blocks.element, picture.element, bar.element);
  more.append(...rest.element);
  root.querySelector("[data-reset]").addEventListener("click", bar.stop);
  el.append(root);
  const unwatch = watch(model, KEYS, () => {
    const state = read(model),
      shown = result(state),
      tile = shown.steps[state.step - 1];
    blocks.update(state);
    bar.update(state, shown);
    picture.update(state, shown, tile);
    rest.update(state, shown, tile);
    ask(state, shown);
    announce(summary(state, shown));
  });
  return () => {
    bar.stop();
    unwatch();
  };
}

export default { render };
