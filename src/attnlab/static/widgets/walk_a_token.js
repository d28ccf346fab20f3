// Explorable: one token on its way through a small trained encoder and decoder, with the numbers of every step.
import { announcer, change, clamp, format, frame, heat, make, matmul, set, softmax, table, transpose, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

const START = 1,
  END = 2,
  EPSILON = 1e-5;

/** sqrt(width) · table[id] + sinusoids, one row a token. */
export function embed(rows, ids) {
  const width = rows[0].length;
  const place = (t, c) => {
    const angle = t / 10000 ** ((c - (c % 2)) / width);
    return c % 2 ? Math.cos(angle) : Math.sin(angle);
  };
  return ids.map((id, t) => rows[id].map((value, c) => Math.sqrt(width) * value + place(t, c)));
}

/** Each row: minus its mean, over the root of its variance, times the gain, plus the bias. */
export function layerNorm(x, { gain, bias }) {
  return x.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, c) => ((value - mean) / Math.sqrt(variance + EPSILON)) * gain[c] + bias[c]);
  });
}

function add(a, b) {
  return a.map((row, t) => row.map((value, c) => value + b[t][c]));
}

/** What every step of an attention layer makes; all but `joined` and `out` are lists, one entry a head. */
export function attend(x, context, parts, heads, causal) {
  const wide = x[0].length / heads;
  const split = (rows) => Array.from({ length: heads }, (_, h) => rows.map((row) => row.slice(h * wide, (h + 1) * wide)));
  const q = split(matmul(x, parts.query)),
    k = split(matmul(context, parts.key)),
    v = split(matmul(context, parts.value));
  const scores = q.map((rows, h) => matmul(rows, transpose(k[h])));
  const scaled = scores.map((rows) => rows.map((row) => row.map((value) => value / Math.sqrt(wide))));
  const masked = scaled.map((rows) => rows.map((row, t) => row.map((value, u) => (causal && u > t ? -Infinity : value))));
  const weights = masked.map((rows) => rows.map((row) => softmax(row)));
  const mixed = weights.map((rows, h) => matmul(rows, v[h]));
  const joined = x.map((_, t) => mixed.flatMap((rows) => rows[t]));
  return { q, k, v, scores, scaled, masked, weights, mixed, joined, out: matmul(joined, parts.output) };
}

/** max(0, x W1 + b1) W2 + b2, and what stands in the middle. */
export function feed(x, parts) {
  const hidden = matmul(x, parts.expand).map((row) => row.map((value, c) => Math.max(0, value + parts.expand_bias[c])));
  return { hidden, out: matmul(hidden, parts.contract).map((row) => row.map((value, c) => value + parts.contract_bias[c])) };
}

/** Everything that the encoder makes of the source; `last` is the memory. */
export function encode(model, ids) {
  const block = model.encoder[0],
    rows = embed(model.source_table, ids);
  const own = attend(rows, rows, block.attention, model.n_heads, false);
  const after = layerNorm(add(rows, own.out), block.attention_norm);
  const network = feed(after, block.feed);
  return { rows, own, after, network, last: layerNorm(add(after, network.out), block.feed_norm) };
}

/** Everything that the decoder makes of what it has read, with the logits and probabilities of what comes next. */
export function decode(model, ids, memory) {
  const block = model.decoder[0],
    rows = embed(model.target_table, ids);
  const own = attend(rows, rows, block.attention, model.n_heads, true);
  const after = layerNorm(add(rows, own.out), block.attention_norm);
  const cross = attend(after, memory, block.cross, model.n_heads, false);
  const read = layerNorm(add(after, cross.out), block.cross_norm);
  const network = feed(read, block.feed),
    last = layerNorm(add(read, network.out), block.feed_norm);
  const logits = matmul(last, transpose(model.target_table));
  return { rows, own, after, cross, read, network, last, logits, chances: logits.map((row) => softmax(row)) };
}

/** The ids that the model writes, the start mark in front: the most probable one each time, `most` at the most. */
export function translate(model, source, most = 5) {
  const { last: memory } = encode(model, source);
  const ids = [START];
  while (ids.length <= most) {
    const row = decode(model, ids, memory).logits.at(-1);
    const best = row.indexOf(Math.max(...row));
    if (best === END) break;
    ids.push(best);
  }
  return ids;
}

// ---- the way ----------------------------------------------------------------------------------

const STEPS = ["project", "score", "scale", "mask", "normalise", "mix", "merge"];
const through = (side, part, steps) => steps.map((step) => ({ side, part, step }));

/** The stops in order: side, part of the block, and step. */
export function stops() {
  return [
    ...through("encoder", "rows", ["look up"]),
    ...through("encoder", "self-attention", [...STEPS, "add, norm"]),
    ...through("encoder", "feed-forward", ["expand, contract", "add, norm"]),
    ...through("decoder", "rows", ["look up"]),
    ...through("decoder", "causal self-attention", [...STEPS, "add, norm"]),
    ...through("decoder", "cross-attention", [...STEPS, "add, norm"]),
    ...through("decoder", "feed-forward", ["expand, contract", "add, norm"]),
    ...through("decoder", "out", ["logits", "softmax"]),
  ];
}

/** The numbers that one stop shows: [[name, matrix, kind of rows, kind of columns], ...]. */
export function shown(stop, encoded, decoded, head) {
  const source = stop.side === "encoder",
    side = source ? encoded : decoded,
    mine = source ? "source" : "target";
  if (stop.part === "rows") return [["x", side.rows, mine, "features"]];
  if (stop.part === "out") return [[stop.step, stop.step === "logits" ? side.logits : side.chances, mine, "words"]];
  if (stop.part === "feed-forward")
    return stop.step === "add, norm"
      ? [["x′", side.last, mine, "features"]]
      : [["hidden", side.network.hidden, mine, "hidden"], ["change", side.network.out, mine, "features"]];
  const cross = stop.part === "cross-attention",
    layer = cross ? side.cross : side.own,
    asked = source || cross ? "source" : "target";
  return {
    project: () => [["Q", layer.q[head], mine, "head"], ["K", layer.k[head], asked, "head"], ["V", layer.v[head], asked, "head"]],
    score: () => [["Q Kᵀ", layer.scores[head], mine, asked]],
    scale: () => [["Q Kᵀ / √4", layer.scaled[head], mine, asked]],
    mask: () => [["S", layer.masked[head], mine, asked]],
    normalise: () => [["A", layer.weights[head], mine, asked]],
    mix: () => [["A V", layer.mixed[head], mine, "head"]],
    merge: () => [["heads side by side", layer.joined, mine, "features"], ["change", layer.out, mine, "features"]],
    "add, norm": () => [[cross ? "u" : "z", cross ? side.read : side.after, mine, "features"]],
  }[stop.step]();
}

// ---- what is said -----------------------------------------------------------------------------

const SAYS = {
  "look up": "The row of the word in the table, times √8, plus the sinusoids of its position.",
  project: "Three products with learned matrices. Of their 8 columns each head has 4.",
  score: "Every query is compared with every key: a dot product.",
  scale: "Divided by √4 = 2, the root of the head’s width.",
  mask: { encoder: "Nothing to hide: no padding here, and no triangle in an encoder.", own: "What comes later is set to −∞.", cross: "Nothing to hide: the source has no padding, and there is no triangle." },
  normalise: "Softmax along each row: weights that are positive and add up to 1.",
  mix: "Each row is the average of the values under its weights.",
  merge: "The heads stand side by side again and are multiplied by W_O. The result is what will be added.",
  "add, norm": "The change is added to the old row; the sum gets mean 0 and deviation 1, then a learned gain and bias.",
  "expand, contract": "Each row by itself: 8 → 16, negative numbers to 0, 16 → 8. The result is what will be added.",
  logits: "Each row is compared with every row of the table: one score for each word that may come next.",
  softmax: "Scores become probabilities. The most probable word is written.",
};

function says(stop) {
  const text = SAYS[stop.step];
  if (typeof text === "string") return text;
  return stop.side === "encoder" ? text.encoder : stop.part === "cross-attention" ? text.cross : text.own;
}

const ASKED = { "self-attention": "The source asks itself.", "causal self-attention": "The target asks itself and its past.", "cross-attention": "The target’s queries ask the memory, the encoder’s rows." };

/** The step in figures, for the token that is followed. */
function worked(seen) {
  const { stop, tables, at, names } = seen,
    matrix = tables[0][1],
    row = matrix[at];
  const list = (values, digits = 3) => values.map((value) => format(value, digits)).join(", ");
  const me = names[tables[0][2]][at];
  if (stop.step === "score") {
    const layer = layerOf(seen),
      best = row.indexOf(Math.max(...row)),
      products = layer.q[seen.head][at].map((value, c) => `${format(value)} · ${format(layer.k[seen.head][best][c])}`);
    return `${me} with ${names[tables[0][3]][best]}: ${products.join(" + ")} = ${format(row[best])}`;
  }
  if (stop.step === "normalise") return `${me} looks at ${row.map((value, u) => `${names[tables[0][3]][u]} ${format(100 * value, 1)} %`).join(", ")}`;
  if (stop.part === "out") {
    const ranked = row.map((value, word) => [value, word]).sort((a, b) => b[0] - a[0]);
    const digits = stop.step === "softmax" ? 3 : 2;
    return `After ${me}: ${ranked.slice(0, 3).map(([value, word]) => `${seen.words[word]} ${format(value, digits)}`).join(", ")}`;
  }
  const last = tables.at(-1);
  return `${last[0]} of ${me}: ${list(last[1][at])}`;
}

function layerOf({ stop, encoded, decoded }) {
  if (stop.side === "encoder") return encoded.own;
  return stop.part === "cross-attention" ? decoded.cross : decoded.own;
}

// ---- state ------------------------------------------------------------------------------------

const KEYS = ["tens", "unit", "source_at", "target_at", "stop", "head"];
const ALL = stops();
let groups = 0;

function look(model) {
  const state = Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
  const small = model.get("model"),
    source = [state.tens, state.unit],
    target = translate(small, source);
  const encoded = encode(small, source),
    decoded = decode(small, target, encoded.last),
    stop = ALL[state.stop];
  const tables = shown(stop, encoded, decoded, state.head);
  const at = stop.side === "encoder" ? clamp(state.source_at, 0, 1) : clamp(state.target_at, 0, target.length - 1);
  const count = (n, name) => Array.from({ length: n }, (_, c) => `${name}${c + 1}`);
  const names = {
    source: source.map((id) => small.source_words[id]),
    target: target.map((id) => small.target_words[id]),
    features: count(8, ""),
    head: count(4, ""),
    hidden: count(16, ""),
    words: small.target_words,
  };
  return { ...state, stop, place: state.stop, source, target, encoded, decoded, tables, at, names, words: small.target_words };
}

const most = (row) => row.indexOf(Math.max(...row));
const at = (stop, part, step) => stop.side === "decoder" && stop.part === part && stop.step === step;
const GOALS = [
  ["ten", "the word whose cross-attention rests on the ten",
    ({ stop, decoded, head, at: row }) => at(stop, "cross-attention", "normalise") && decoded.cross.weights[head][row][0] > 0.9],
  ["end", "the word after which the decoder writes its end mark",
    ({ stop, decoded, at: row }) => at(stop, "out", "softmax") && most(decoded.chances[row]) === END],
];

function title({ stop }) {
  return stop.part === "rows" || stop.part === "out" ? `${stop.side}: ${stop.step}` : `${stop.side}, ${stop.part}: ${stop.step}`;
}

// ---- controls ---------------------------------------------------------------------------------

/** A row of radio buttons; the arrow keys move along it. */
function choice(label, key, onchange) {
  const name = `attnx-walk-${++groups}`,
    chips = make("div", { class: "attnx-chips" });
  const element = make("fieldset", { class: "attnx-choice", [`data-${key}`]: "" }, make("legend", { class: "attnx-said" }, label), chips);
  let now = "";
  const update = (texts, chosen) => {
    if (now !== texts.join("|")) {
      now = texts.join("|");
      const input = (i) => make("input", { type: "radio", name, value: i, onchange: () => onchange(i) });
      chips.replaceChildren(...texts.map((text, i) => make("label", { class: "attnx-chip" }, input(i), make("span", {}, text))));
    }
    chips.querySelectorAll("input").forEach((input, i) => (input.checked = i === chosen));
  };
  return { element, update };
}

function pick(model, key, label, words, first) {
  const onchange = () => change(model, { [key]: Number(list.value) });
  const list = make("select", { "data-pick": key, onchange });
  list.append(...words.map((word, i) => make("option", { value: first + i }, word)));
  const element = make("label", { class: "attnx-field attnx-pick" }, make("span", {}, label), list);
  return { element, update: (seen) => (list.value = String(seen[key])) };
}

/** Back, a slider over all stops, on. */
function way(model) {
  const go = (stop) => change(model, { stop: clamp(stop, 0, ALL.length - 1) });
  const now = () => model.get("stop");
  const back = make("button", { type: "button", class: "attnx-button", "data-back": "", "aria-label": "Back", onclick: () => go(now() - 1) }, "←"),
    on = make("button", { type: "button", class: "attnx-button attnx-main", "data-next": "", "aria-label": "On", onclick: () => go(now() + 1) }, "→");
  const range = make("input", { type: "range", min: 0, max: ALL.length - 1, step: 1, "aria-label": "Stop on the way", oninput: () => go(Number(range.value)) });
  const element = make("div", { class: "attnx-stepbar", role: "group", "aria-label": "The way" }, back, range, on);
  const update = (seen) => {
    range.value = seen.place;
    range.style.setProperty("--fill", `${(100 * seen.place) / (ALL.length - 1)}%`);
    range.setAttribute("aria-valuetext", `${seen.place + 1} of ${ALL.length}, ${title(seen)}`);
    set(back, { "aria-disabled": String(seen.place === 0) });
    set(on, { "aria-disabled": String(seen.place === ALL.length - 1) });
  };
  return { element, update };
}

/** One button for each part of the way. */
function parts(model) {
  const starts = ALL.map((stop, i) => [stop, i]).filter(([stop, i]) => i === 0 || stop.part !== ALL[i - 1].part);
  const jumps = starts.map(([stop, i]) => make("button", { type: "button", class: "attnx-button", "data-jump": i, onclick: () => change(model, { stop: i }) }, stop.part === "rows" ? `${stop.side}: rows` : stop.part));
  const element = make("div", { class: "attnx-buttons", role: "group", "aria-label": "Parts of the way" }, jumps);
  const update = (seen) =>
    starts.forEach(([, i], n) => {
      const end = starts[n + 1]?.[1] ?? ALL.length;
      set(jumps[n], { "aria-pressed": String(seen.place >= i && seen.place < end) });
    });
  return { element, update };
}

// ---- the picture ------------------------------------------------------------------------------

const HUES = { Q: "q", K: "k", V: "v" };

/** What is drawn of a stop: [[name, rows, names of the rows], ...]; the row of words as its six largest. */
function drawn(seen) {
  return seen.tables.map(([name, matrix, rows, columns]) => {
    if (columns === "words") {
      const best = matrix[seen.at].map((value, word) => [value, word]).sort((a, b) => b[0] - a[0]).slice(0, 6);
      return [`${name} after ${seen.names[rows][seen.at]}`, best.map(([value]) => [value]), best.map(([, word]) => seen.words[word]), -1];
    }
    if (name === "hidden") return [name, [matrix[seen.at]], [seen.names[rows][seen.at]], 0];
    return [name, matrix, seen.names[rows], rows === (seen.stop.side === "encoder" ? "source" : "target") ? seen.at : -1];
  });
}

/** A matrix as tiles: the deeper the colour, the further from 0; what is below 0 is a hollow tile, a hidden score none. */
function tiles([name, matrix, names, here], size) {
  const largest = Math.max(1e-9, ...matrix.flat().filter(Number.isFinite).map(Math.abs)), wide = matrix[0].length;
  const tile = (value, t, c) => {
    if (value === -Infinity) return null;
    const edge = 0.16 + 0.72 * Math.sqrt(Math.abs(value) / largest), low = value < 0;
    return make("svg:rect", { class: `attnx-tile${low ? " attnx-tile-low" : ""}`, x: c + 0.5 - edge / 2, y: t + 0.5 - edge / 2, width: edge, height: edge });
  };
  const svg = make("svg:svg", { viewBox: `0 0 ${wide} ${matrix.length}`, class: `attnx-tiles attnx-tiles-${HUES[name] ?? "w"}`, style: `--wide:${wide};--high:${matrix.length}` }, matrix.flatMap((row, t) => row.map((value, c) => tile(value, t, c))));
  const rows = make("div", { class: "attnx-tilenames" }, names.map((text, t) => make("span", { "data-here": t === here }, text)));
  return make("div", { class: `attnx-tilebox attnx-tiles-${size}` }, make("span", { class: "attnx-label" }, name), rows, svg);
}

function tilePicture() {
  const element = make("div", { class: "attnx-tilerow", "data-picture": "", "aria-hidden": "true" });
  return { element, update: (seen) => {
    const all = drawn(seen), size = all.length > 1 ? "several" : all[0][1].length > 4 ? "many" : "one";
    element.replaceChildren(...all.map((one) => tiles(one, size)));
  } };
}

// ---- tables -----------------------------------------------------------------------------------

const INKS = { Q: "attnx-of-q", K: "attnx-of-k", V: "attnx-of-v" };

function cell(value, name) {
  if (value === -Infinity) return { text: "−∞", class: "attnx-masked", "data-value": "-Infinity" };
  const number = { "data-value": value };
  if (name === "A" || name === "softmax") return { text: format(value, 2), ...heat(value), ...number };
  return { text: format(value, 1), ...number };
}

/** One matrix; what is too wide for a phone is shown for the followed token alone, as a column. */
function grid(seen, [name, matrix, rows, columns]) {
  const here = rows === (seen.stop.side === "encoder" ? "source" : "target") ? seen.at : -1;
  const attributes = { class: `attnx-table attnx-onway ${INKS[name] ?? ""}`, "data-table": name };
  const shape = make("span", { class: "attnx-captionnote" }, `${matrix.length} × ${matrix[0].length}`);
  if (name === "hidden") return table({
    caption: [`hidden, row of ${seen.names[rows][seen.at]}`, shape],
    columns: seen.names.features,
    rows: [{ text: "1 to 8" }, { text: "9 to 16" }],
    cells: [matrix[seen.at].slice(0, 8), matrix[seen.at].slice(8)].map((part) => part.map((value) => cell(value, name))),
    corner: "",
    attributes,
  });
  if (columns === "words") {
    const best = matrix[seen.at].map((value, word) => [value, word]).sort((a, b) => b[0] - a[0]).slice(0, 6);
    return table({
      caption: [`${name}, row of ${seen.names[rows][seen.at]}`, make("span", { class: "attnx-captionnote" }, `${matrix.length} × ${matrix[0].length}, the six largest`)],
      columns: [name],
      rows: best.map(([, word]) => ({ text: seen.words[word] })),
      cells: best.map(([value]) => [cell(value, name)]),
      corner: "",
      attributes,
    });
  }
  return table({
    caption: [name, shape],
    columns: seen.names[columns].map((text) => ({ text })),
    rows: seen.names[rows].map((text, t) => ({ text, row: { class: t === here ? "attnx-chosen" : null } })),
    cells: matrix.map((row) => row.map((value) => cell(value, name))),
    corner: "",
    attributes,
  });
}

// ---- all together -----------------------------------------------------------------------------

/** Where the walk stands; at scores, weights and words with their numbers, which elsewhere are only in the table. */
function summary(seen) {
  if (["score", "normalise", "logits", "softmax"].includes(seen.stop.step)) return `${seen.place + 1}. ${worked(seen)}.`;
  return `Stop ${seen.place + 1} of ${ALL.length}, ${title(seen)}.`;
}

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Walk a token", KEYS, GOALS);
  const small = model.get("model");
  const tens = pick(model, "tens", "Number", small.source_words.slice(3, 11), 3),
    unit = pick(model, "unit", "and", small.source_words.slice(11), 11),
    from = choice("Token of the source", "source", (i) => change(model, { source_at: i })),
    to = choice("Token of the target: what the decoder reads there", "target", (i) => change(model, { target_at: i })),
    head = choice("Head", "head", (i) => change(model, { head: i })),
    path = way(model), jumps = parts(model), picture = tilePicture();
  const where = make("p", { class: "attnx-strong attnx-label", "data-where": "" }),
    text = make("p", { class: "attnx-walksays", "data-says": "" }),
    figures = make("p", { class: "attnx-worked", "data-worked": "" }),
    place = make("div", { class: "attnx-tables attnx-onwayplace" }),
    announce = announcer(status);
  body.classList.add("attnx-walkbody");
  body.append(path.element, where, text, make("div", { class: "attnx-walkwho" }, from.element, to.element, head.element), picture.element);
  more.append(jumps.element, make("div", { class: "attnx-fields" }, tens.element, unit.element), place, figures);
  el.append(root);
  return watch(model, KEYS, () => {
    const seen = look(model), encoder = seen.stop.side === "encoder";
    [tens, unit, path, jumps, picture].forEach((part) => part.update(seen));
    from.update(seen.names.source, seen.source_at);
    to.update(seen.names.target, seen.target_at);
    set(from.element, { "data-idle": !encoder });
    set(to.element, { "data-idle": encoder });
    head.update(["head 1", "head 2"], seen.head);
    set(head.element, { "data-idle": seen.tables[0][3] === "features" || seen.stop.part === "feed-forward" || seen.stop.part === "out" ? "" : null });
    write(where, `${seen.place + 1}. ${title(seen)}`);
    write(text, [ASKED[seen.stop.part] && seen.stop.step === "project" ? ASKED[seen.stop.part] : "", says(seen.stop)].filter(Boolean).join(" "));
    place.replaceChildren(...seen.tables.map((one) => grid(seen, one)));
    write(figures, worked(seen));
    ask(seen);
    announce(summary(seen));
  });
}

export default { render };
