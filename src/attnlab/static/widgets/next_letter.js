// Explorable: the beginning of a name goes in; a small GPT says what is likely next, and where each head looks.
import { announcer, change, format, frame, make, matmul, slider, softmax, table, transpose, watch, write } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

const START = 1,
  END = 2,
  FIRST = 3,
  LONGEST = 14,
  EPSILON = 1e-5;

/** The numbers as they are kept, whole and to be divided by the scale, as rows of numbers. */
export function unpack(kept) {
  const part = (x) => (Array.isArray(x) ? x.map(part) : x / kept.scale);
  const pair = ([a, b]) => ({ a: part(a), b: part(b) });
  const names = ["lookNorm", "query", "key", "value", "output", "thinkNorm", "expand", "contract"];
  const blocks = kept.blocks.map((block) => Object.fromEntries(names.map((name, i) => [name, pair(block[i])])));
  return { signs: kept.signs, heads: kept.n_heads, table: part(kept.table), places: part(kept.places), blocks, last: pair(kept.last) };
}

function norm(x, { a: gain, b: bias }) {
  return x.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, c) => ((value - mean) / Math.sqrt(variance + EPSILON)) * gain[c] + bias[c]);
  });
}

const linear = (x, { a: matrix, b: bias }) => matmul(x, matrix).map((row) => row.map((value, c) => value + bias[c]));
const add = (x, y) => x.map((row, t) => row.map((value, c) => value + y[t][c]));
const geluTanh = (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;

/** What attention adds, and the weights of every head; later rows are hidden. */
function look(x, block, heads) {
  const normed = norm(x, block.lookNorm),
    wide = x[0].length / heads;
  const split = (rows) => Array.from({ length: heads }, (_, h) => rows.map((row) => row.slice(h * wide, (h + 1) * wide)));
  const [q, k, v] = [block.query, block.key, block.value].map((part) => split(linear(normed, part)));
  const weights = q.map((rows, h) =>
    matmul(rows, transpose(k[h])).map((row, t) => softmax(row.map((value, u) => (u > t ? -Infinity : value / Math.sqrt(wide))))),
  );
  const mixed = weights.map((rows, h) => matmul(rows, v[h]));
  return { weights, out: linear(x.map((_, t) => mixed.flatMap((rows) => rows[t])), block.output) };
}

/** Logits of what follows each id, and the weights of every layer and head. */
export function run(model, ids) {
  let x = ids.map((id, t) => model.table[id].map((value, c) => value + model.places[t][c]));
  const weights = [];
  for (const block of model.blocks) {
    const seen = look(x, block, model.heads);
    x = add(x, seen.out);
    const hidden = linear(norm(x, block.thinkNorm), block.expand).map((row) => row.map(geluTanh));
    x = add(x, linear(hidden, block.contract));
    weights.push(seen.weights);
  }
  return { logits: matmul(norm(x, model.last), transpose(model.table)), weights };
}

/** The same from the numbers as they are kept, for one text. */
export function runKept(kept, ids) {
  return run(unpack(kept), ids);
}

/** The start mark and the ids of a text; letters that the model does not know are left out. */
export function encode(signs, text) {
  const known = [...text.toLowerCase()].map((sign) => signs.indexOf(sign)).filter((id) => id >= FIRST);
  return [START, ...known.slice(0, LONGEST)];
}

/** [id, probability] of the signs that may follow, the likeliest first; padding and start are not among them. */
export function ranked(logits, temperature) {
  const chances = softmax(logits, temperature);
  return chances
    .map((p, id) => [id, p])
    .slice(END)
    .sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

/** The bits of surprise at each letter of the text, given the letters before it. */
export function surprises(logits, ids) {
  return ids.slice(1).map((id, t) => -Math.log2(softmax(logits[t])[id]));
}

/** The id at which the running sum of the chances passes u, a number from 0 to 1. */
export function drawn(pairs, u) {
  let sum = 0;
  const total = pairs.reduce((all, [, p]) => all + p, 0);
  for (const [id, p] of pairs) {
    sum += p / total;
    if (u < sum) return id;
  }
  return pairs[0][0];
}

// ---- picture ----------------------------------------------------------------------------------

const KEYS = ["model", "text", "layer", "head", "temperature"];
const SHOWN = 8;
const said = (signs, id) => (id === END ? "∎" : id === START ? "▸" : signs[id]);

function textBox(model) {
  const box = make("input", { type: "text", class: "attnx-name", maxlength: LONGEST, autocapitalize: "off", autocomplete: "off", spellcheck: "false", "aria-label": "Beginning of a name" });
  box.addEventListener("input", () => change(model, { text: clean(model.get("model").signs, box.value) }));
  const update = (text) => {
    if (box.value !== text) box.value = text;
  };
  return { box, update };
}

function clean(signs, text) {
  return encode(signs, text)
    .slice(1)
    .map((id) => signs[id])
    .join("");
}

function chip(label, text, onclick) {
  return make("button", { type: "button", class: "attnx-button", "aria-label": label, onclick }, text);
}

function choice(model, key, name, count) {
  const select = make(
    "select",
    { "aria-label": name, onchange: () => change(model, { [key]: Number(select.value) }) },
    Array.from({ length: count }, (_, i) => make("option", { value: i }, String(i + 1))),
  );
  return { element: make("label", { class: "attnx-pick" }, `${name} `, select), update: (value) => (select.value = String(value)) };
}

function bar(share) {
  return make("span", { class: "attnx-bar" }, make("span", { class: "attnx-fill", style: `inline-size: ${(100 * share).toFixed(2)}%` }));
}

function chancesTable(state, pairs) {
  return table({
    caption: [`What may follow “${state.text}”`],
    corner: "sign",
    columns: ["%", { text: make("span", { class: "attnx-said" }, "as a bar") }],
    rows: pairs.slice(0, SHOWN).map(([id]) => ({ text: said(state.model.signs, id) })),
    cells: pairs.slice(0, SHOWN).map(([, p]) => [
      { text: format(100 * p, 1), "data-chance": p },
      { text: bar(p), class: "attnx-filterbar" },
    ]),
    attributes: { class: "attnx-table attnx-filtertable", "data-table": "chances", "data-picture": "" },
  });
}

function weightsTable(state, ids, weights) {
  const last = weights.at(-1);
  return table({
    caption: [`Layer ${state.layer + 1}, head ${state.head + 1}: where the last row looks`],
    corner: "row",
    columns: ["%", { text: make("span", { class: "attnx-said" }, "as a bar") }],
    rows: ids.map((id) => ({ text: said(state.model.signs, id) })),
    cells: last.map((w) => [{ text: format(100 * w, 0), "data-weight": w }, { text: bar(w), class: "attnx-filterbar" }]),
    attributes: { class: "attnx-table attnx-filtertable", "data-table": "weights" },
  });
}

const mean = (bits) => bits.reduce((sum, b) => sum + b, 0) / bits.length;
const GOALS = [
  ["sure", "a beginning: one letter follows with more than 90 %", (state, pairs) => state.temperature === 1 && state.text !== "" && pairs[0][1] > 0.9],
  ["odd", "a beginning of three letters or more that cost over 7 bits each", (state, pairs, bits) => bits.length >= 3 && mean(bits) > 7],
];

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "The next letter of a name", KEYS, GOALS);
  const kept = model.get("model"),
    own = unpack(kept),
    entry = textBox(model),
    layer = choice(model, "layer", "Layer", own.blocks.length),
    head = choice(model, "head", "Head", own.heads),
    heated = slider({ label: "Temperature", min: 0.2, max: 2, step: 0.1, digits: 1, onchange: (temperature) => change(model, { temperature }) });
  const state = () => Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
  const now = () => ranked(run(own, encode(own.signs, model.get("text"))).logits.at(-1), model.get("temperature"));
  const append = (id) => id !== END && model.get("text").length < LONGEST && change(model, { text: model.get("text") + own.signs[id] });
  const worked = make("p", { class: "attnx-worked", "data-verdict": "" }),
    left = make("div", { class: "attnx-filterpanel" }),
    right = make("div", { class: "attnx-filterpanel" }),
    announce = announcer(status);
  body.append(
    make(
      "div",
      { class: "attnx-chips attnx-namerow", role: "group", "aria-label": "The name" },
      entry.box,
      chip("Append the likeliest letter", "likeliest", () => append(now().find(([id]) => id !== END)[0])),
      chip("Append a letter that is drawn", "draw", () => append(drawn(now().filter(([id]) => id !== END), Math.random()))),
      chip("Remove the last letter", "back", () => change(model, { text: model.get("text").slice(0, -1) })),
    ),
    left,
  );
  more.append(
    make("div", { class: "attnx-control" }, make("span", { class: "attnx-label" }, "Temperature"), heated.range, heated.box),
    make("div", { class: "attnx-chips" }, layer.element, head.element),
    right,
    worked,
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const given = state(),
      ids = encode(own.signs, given.text);
    const { logits, weights } = run(own, ids),
      pairs = ranked(logits.at(-1), given.temperature),
      bits = surprises(logits, ids);
    entry.update(given.text);
    layer.update(given.layer);
    head.update(given.head);
    heated.update(given.temperature);
    left.replaceChildren(chancesTable(given, pairs));
    right.replaceChildren(weightsTable(given, ids, weights[given.layer][given.head]));
    const total = bits.reduce((sum, b) => sum + b, 0);
    const best = `“${said(own.signs, pairs[0][0])}” with ${format(100 * pairs[0][1], 0)} %`;
    write(
      worked,
      given.text
        ? `The likeliest sign after “${given.text}” is ${best}. The ${bits.length} letters so far cost ${format(total, 1)} bits, ${format(total / bits.length, 1)} a letter; the dearest is “${given.text[bits.indexOf(Math.max(...bits))]}” with ${format(Math.max(...bits), 1)}.`
        : `Nothing has been typed. The likeliest first letter is ${best}.`,
    );
    ask(given, pairs, bits);
    announce(given.text ? `After “${given.text}” comes ${best}, says the model.` : `Nothing has been typed. The likeliest first letter is ${best}.`);
  });
}

export default { render };
