// Explorable: a decoder put together from its parts; its drawing, its sizes and the published model it is.
import { announcer, change, format, frame, make, set, slider, table, watch, write } from "./common.js";

// ---- arithmetic: attnlab.models.sizes once more -----------------------------------------------------

const NORM_VECTORS = { rms: 1, layer: 2, "layer, no bias": 1 };
const NORMS_IN_BLOCK = { before: 2, after: 2, both: 4, parallel: 1 };

/** The letter of every layer: the pattern, repeated. */
export function letters({ sizes, reach }) {
  return Array.from({ length: sizes.n_layers }, (_, i) => reach.pattern[i % reach.pattern.length]);
}

function isDense(model, layer) {
  return model.experts === null || layer < model.experts.dense;
}

/** The numbers of the matrices of one attention layer. */
function attentionMatrices({ sizes: s, choices, latent: m }) {
  if (m === null) {
    const gate = choices.beside === "gate" ? s.d_model * s.n_heads * s.d_head : 0;
    return gate + 2 * s.d_model * s.d_head * (s.n_heads + s.n_kv_heads);
  }
  const queries = m.d_query * (s.d_model + s.n_heads * (m.d_own + m.d_rotary)),
    keys = s.d_model * (m.d_latent + m.d_rotary) + m.d_latent * s.n_heads * (m.d_own + m.d_value);
  return queries + keys + s.n_heads * m.d_value * s.d_model;
}

/** Its biases, the gains of its norms and its sinks. */
function attentionVectors({ sizes: s, choices: c, latent }) {
  if (latent !== null) return latent.d_query + latent.d_latent;
  const both = (s.n_heads + 2 * s.n_kv_heads) * s.d_head,
    biases = { none: 0, "queries, keys, values": both, all: both + s.d_model }[c.biases],
    norms = { none: 0, "each head": 2 * s.d_head, "all heads": (s.n_heads + s.n_kv_heads) * s.d_head }[c.qk_norm];
  return biases + norms + (c.beside === "sink" ? s.n_heads : 0);
}

function network(model, layer, chosen) {
  const { sizes: s, choices: c, experts: e } = model;
  if (isDense(model, layer)) {
    const matrices = c.network === "gated" ? 3 : 2;
    return matrices * s.d_model * s.d_ff + (c.biases === "all" ? (matrices - 1) * s.d_ff + s.d_model : 0);
  }
  const matrices = 3 * s.d_model * e.d_expert,
    biases = e.biases ? 2 * e.d_expert + s.d_model : 0;
  return chosen * (matrices + biases) + e.shared * matrices + e.n * (s.d_model + Number(e.biases) + Number(e.balanced));
}

/** Parameters by place, with so many experts a layer counted. */
export function places(model, chosen) {
  const { sizes: s, choices: c } = model,
    norm = NORM_VECTORS[c.norm] * s.d_model,
    layers = letters(model).map((_, i) => i);
  return {
    tables: s.vocab_size * s.d_model * (c.tied ? 1 : 2) + (c.positions === "learned" ? s.max_len * s.d_model : 0),
    attention: s.n_layers * (attentionMatrices(model) + attentionVectors(model)),
    network: layers.reduce((sum, layer) => sum + network(model, layer, chosen), 0),
    norms: norm * (1 + s.n_layers * NORMS_IN_BLOCK[c.placed]),
  };
}

function total(parts) {
  return Object.values(parts).reduce((sum, one) => sum + one, 0);
}

/** How many numbers the model learns. */
export function parameters(model) {
  return total(places(model, model.experts === null ? 0 : model.experts.n));
}

/** Those that take part in one token. */
export function activeParameters(model) {
  return total(places(model, model.experts === null ? 0 : model.experts.top_k));
}

function seen(model, nTokens) {
  return letters(model).reduce((sum, one) => sum + (one === "L" ? Math.min(nTokens, model.reach.window) : nTokens), 0);
}

/** Multiplications and additions for one more token, which sees nTokens keys as far as its layers see. */
export function operations(model, nTokens) {
  const { sizes: s, choices: c, experts: e, latent: m } = model;
  const matrices = letters(model).reduce((sum, _, layer) => {
    const inside = isDense(model, layer)
      ? (c.network === "gated" ? 3 : 2) * s.d_model * s.d_ff
      : (e.top_k + e.shared) * 3 * s.d_model * e.d_expert + e.n * s.d_model;
    return sum + attentionMatrices(model) + inside;
  }, s.vocab_size * s.d_model);
  const wide = m === null ? 2 * s.d_head : m.d_own + m.d_rotary + m.d_value;
  return 2 * matrices + 2 * s.n_heads * wide * seen(model, nTokens);
}

/** Bytes of the cache of nTokens. */
export function cacheBytes(model, nTokens, bytesEach = 2) {
  const { sizes: s, latent: m } = model;
  return bytesEach * (m === null ? 2 * s.n_kv_heads * s.d_head : m.d_latent + m.d_rotary) * seen(model, nTokens);
}

const GROUPS = ["sizes", "choices", "reach", "experts", "latent"];

function isEqual(a, b) {
  if (a === null || b === null || typeof a !== "object") return a === b;
  return Object.keys(a).every((key) => a[key] === b[key]);
}

/** The names of the numbers and choices in which two models differ. */
export function differences(one, other) {
  return GROUPS.flatMap((group) => {
    const [a, b] = [one[group], other[group]];
    if (isEqual(a, b)) return [];
    if (a === null || b === null) return [group];
    return Object.keys(a).filter((key) => a[key] !== b[key]);
  });
}

/** The published model that this is, or null. */
export function nameOf(model, published) {
  return published.find((one) => differences(model, one).length === 0)?.name ?? null;
}

/** The published model that differs in the fewest things, choices counting more than sizes: {name, in}. */
export function nearest(model, published) {
  const weigh = (one) => {
    const found = differences(model, one);
    return found.reduce((sum, key) => sum + (key in one.sizes ? 1 : 3), 0);
  };
  const best = published.reduce((a, b) => (weigh(b) < weigh(a) ? b : a));
  return { name: best.name, in: differences(model, best) };
}

/** The divisor of `whole` nearest to what is wished, on the scale of ratios. */
export function nearestDivisor(whole, wished) {
  let best = 1;
  for (let one = 1; one <= whole; one++)
    if (whole % one === 0 && Math.abs(Math.log(one / wished)) < Math.abs(Math.log(best / wished))) best = one;
  return best;
}

const WORDS = {
  vocab_size: "vocabulary", d_model: "width", n_layers: "number of layers", n_heads: "number of heads",
  n_kv_heads: "key-value heads", d_head: "width of a head", d_ff: "inner width", max_len: "longest text", norm: "norm",
  placed: "place of the norm", positions: "positions", qk_norm: "QK-norm", network: "network", biases: "biases",
  beside: "sink or gate", tied: "tied head", pattern: "what layers see", window: "window", experts: "experts",
  latent: "latent attention", n: "number of experts", top_k: "experts a token", d_expert: "width of an expert",
  shared: "shared experts", dense: "layers without experts", balanced: "balancing of experts", d_query: "latent of queries",
  d_latent: "latent of keys", d_own: "width of a head", d_rotary: "turned part", d_value: "width of a value",
};

/** What this model is, in a sentence. */
export function verdict(model, published) {
  const name = nameOf(model, published);
  if (name !== null) return `These are the parts and sizes of ${name}.`;
  const near = nearest(model, published),
    words = [...new Set(near.in.map((key) => WORDS[key] ?? key))];
  const listed = words.length > 5 ? `${words.slice(0, 5).join(", ")} and ${words.length - 5} more` : words.join(", ");
  return `No model of the table is this one. Nearest is ${near.name}, which differs in: ${listed}.`;
}

const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const DECIMAL_UNITS = ["", "thousand", "million", "billion", "trillion"];

function inUnits(value, base, names) {
  let step = 0;
  while (step < names.length - 1 && value >= base) [value, step] = [value / base, step + 1];
  return `${format(value, step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${names[step]}`.trim();
}

/** 1536 is "1.50 KiB". */
export function sizeText(bytes) {
  return inUnits(bytes, 1024, BINARY_UNITS);
}

/** 8030261248 is "8.03 billion". */
export function amountText(count) {
  return inUnits(count, 1000, DECIMAL_UNITS);
}

function whole(value) {
  return value.toLocaleString("en");
}

// ---- controls -------------------------------------------------------------------------------------

const KEYS = ["model", "n_tokens"];
const OPTIONS = {
  norm: [["rms", "RMSNorm"], ["layer", "LayerNorm"], ["layer, no bias", "LayerNorm without bias"]],
  placed: [
    ["before", "before each layer (pre-norm)"],
    ["after", "after, on what is added"],
    ["both", "on both sides"],
    ["parallel", "once, layers side by side"],
  ],
  positions: [["rotary", "rotary, in each layer"], ["learned", "learned table, added once"]],
  qk_norm: [["none", "none"], ["each head", "each head by itself"], ["all heads", "all heads together"]],
  biases: [["none", "none"], ["queries, keys, values", "queries, keys, values"], ["all", "all matrices"]],
  beside: [["nothing", "nothing"], ["sink", "a learned sink a head"], ["gate", "a gate on the output"]],
  pattern: [
    ["G", "G: all keys"],
    ["L", "L: a window everywhere"],
    ["LG", "LG: window and all, by turns"],
    ["LLLG", "LLLG: three windows, one all"],
    ["LLLLLG", "LLLLLG: five windows, one all"],
    ["GGGN", "GGGN: one in four without positions"],
    ["LLLN", "LLLN: windows, then all without positions"],
  ],
  tied: [[true, "the table once more"], [false, "a matrix of its own"]],
  feed: [["gated", "gated (SwiGLU)"], ["plain", "plain (two matrices)"], ["experts", "experts, gated"]],
  keys: [["heads", "for each key-value head"], ["latent", "unfolded from a latent"]],
};
const LIMITS = {
  d_model: ["Width", 1, 65536], n_layers: ["Layers", 1, 256], n_heads: ["Heads", 1, 256], n_kv_heads: ["Key-value heads", 1, 256],
  d_head: ["Width of a head", 1, 1024], d_ff: ["Inner width", 1, 262144], vocab_size: ["Vocabulary", 1, 1000000],
  max_len: ["Longest text", 1, 2 ** 20], window: ["Window, in keys", 1, 2 ** 20], n: ["Experts", 1, 1024], top_k: ["For a token", 1, 64],
  d_expert: ["Width of one", 1, 65536], shared: ["Shared", 0, 16], dense: ["Layers without", 0, 256], d_query: ["Latent of queries", 1, 8192],
  d_latent: ["Latent of keys", 1, 8192], d_own: ["Own part", 1, 1024], d_rotary: ["Turned part", 1, 1024], d_value: ["Value", 1, 1024],
}; // prettier-ignore

/** `model` with some entries of one of its groups changed; what then cannot be is mended. */
export function changed(model, group, values) {
  const next = structuredClone(model);
  if (values === null) next[group] = null;
  else next[group] = { ...(next[group] ?? {}), ...values };
  const { sizes, experts } = next;
  if (sizes.n_heads % sizes.n_kv_heads) {
    if ("n_kv_heads" in (values ?? {}) || group !== "sizes") sizes.n_kv_heads = nearestDivisor(sizes.n_heads, sizes.n_kv_heads);
    else sizes.n_kv_heads = nearestDivisor(sizes.n_heads, Math.min(sizes.n_kv_heads, sizes.n_heads));
  }
  if (experts !== null) {
    experts.top_k = Math.min(experts.top_k, experts.n);
    experts.dense = Math.min(experts.dense, sizes.n_layers);
  }
  return next;
}

function pick(label, key, options, read, onchoose) {
  const list = make("select", { "data-pick": key });
  options.forEach(([value, text], i) => list.append(make("option", { value: i }, text)));
  list.addEventListener("change", () => onchoose(options[Number(list.value)][0]));
  const update = (model) => {
    const at = options.findIndex(([value]) => value === read(model));
    list.value = String(at);
    list.toggleAttribute("data-odd", at < 0);
  };
  return { element: make("label", { class: "attnx-field attnx-buildfield" }, make("span", {}, label), list), update };
}

function numberBox(group, key, state) {
  const [label, min, max] = LIMITS[key];
  const box = make("input", { type: "number", min, max, step: 1, inputmode: "numeric", "data-number": key });
  box.addEventListener("input", () => {
    if (box.value !== "" && box.checkValidity()) state.set(changed(state.get(), group, { [key]: Number(box.value) }));
  });
  box.addEventListener("blur", () => {
    if (state.get()[group] !== null) box.value = String(state.get()[group][key]);
  });
  const update = (model) => {
    if (model[group] !== null && document.activeElement !== box) box.value = String(model[group][key]);
  };
  return { element: make("label", { class: "attnx-field attnx-buildnumber" }, make("span", {}, label), box), update };
}

function startList(model, state) {
  const published = model.get("published"),
    list = make("select", { "data-pick": "start" });
  list.append(make("option", { value: "-1" }, "your own"));
  published.forEach(({ name }, i) => list.append(make("option", { value: i }, name)));
  list.addEventListener("change", () => {
    if (list.value === "-1") return;
    const { name, ...parts } = published[Number(list.value)];
    state.set(structuredClone(parts));
  });
  const update = (now) => {
    const name = nameOf(now, published);
    list.value = String(published.findIndex((one) => one.name === name));
  };
  return { element: make("label", { class: "attnx-field attnx-buildfield attnx-beside" }, make("span", {}, "Published model"), list), update };
}

function controls(model) {
  const state = { get: () => model.get("model"), set: (next) => change(model, { model: next }) };
  const choose = (label, key, group = "choices") =>
    pick(label, key, OPTIONS[key], (now) => now[group][key], (value) => state.set(changed(state.get(), group, { [key]: value })));
  const feed = pick(
    "Feed-forward",
    "feed",
    OPTIONS.feed,
    (now) => (now.experts === null ? now.choices.network : "experts"),
    (value) => {
      const now = state.get();
      if (value !== "experts") return state.set(changed(changed(now, "experts", null), "choices", { network: value }));
      const first = { n: 8, top_k: 2, d_expert: now.sizes.d_ff, shared: 0, dense: 0, biases: false, balanced: false };
      state.set(changed(changed(now, "choices", { network: "gated" }), "experts", now.experts ?? first));
    },
  );
  const keys = pick(
    "Keys and values",
    "keys",
    OPTIONS.keys,
    (now) => (now.latent === null ? "heads" : "latent"),
    (value) => {
      const now = state.get(),
        d = now.sizes.d_head;
      const first = { d_query: 12 * d, d_latent: 4 * d, d_own: d, d_rotary: Math.max(1, d >> 1), d_value: d };
      if (value !== "latent") return state.set(changed(now, "latent", null));
      state.set(changed(changed(now, "reach", { pattern: "G" }), "latent", first)); // a latent layer sees all keys
    },
  );
  const start = startList(model, state);
  const numbers = (group, ...names) => names.map((key) => numberBox(group, key, state));
  const seen = choose("What layers see", "pattern", "reach");
  const alone = [choose("QK-norm", "qk_norm"), choose("Beside attention", "beside")]; // these three go with heads of their own keys
  const groups = [
    ["Parts", [choose("Norm", "norm"), choose("Where it stands", "placed"), choose("Positions", "positions"),
      seen, keys, ...alone, feed,
      choose("Biases", "biases"), choose("Head for the logits", "tied")], () => true],
    ["Sizes", numbers("sizes", "vocab_size", "d_model", "n_layers", "n_heads", "n_kv_heads", "d_head", "d_ff", "max_len"), () => true],
    ["Window", numbers("reach", "window"), (now) => now.reach.pattern.includes("L")],
    ["Experts", numbers("experts", "n", "top_k", "d_expert", "shared", "dense"), (now) => now.experts !== null],
    ["Latent attention", numbers("latent", "d_query", "d_latent", "d_own", "d_rotary", "d_value"), (now) => now.latent !== null],
  ]; // prettier-ignore
  const boxes = groups.map(([name, parts]) =>
    make("fieldset", { class: "attnx-choice attnx-build" }, make("legend", {}, name),
      make("div", { class: "attnx-fields" }, parts.map((part) => part.element))),
  ); // prettier-ignore
  const length = slider({
    label: "Text, in tokens", min: 1, max: 2 ** 20, step: 1, digits: 0, scale: { to: Math.log2, from: (x) => 2 ** x, step: 0.5 },
    onchange: (value) => change(model, { n_tokens: value }),
  }); // prettier-ignore
  const text = make("div", { class: "attnx-control", "data-control": "n_tokens" },
    make("span", { class: "attnx-label" }, "Text, in tokens"), length.range, length.box); // prettier-ignore
  const update = (now, nTokens) => {
    for (const part of [seen, ...alone]) part.element.hidden = now.latent !== null;
    groups.forEach(([, parts, shows], i) => {
      boxes[i].hidden = !shows(now);
      parts.forEach((part) => part.update(now));
    });
    start.update(now);
    length.update(nTokens);
  };
  return { first: make("div", { class: "attnx-controls" }, start.element, text), rest: make("div", { class: "attnx-controls" }, boxes), update };
}

// ---- picture --------------------------------------------------------------------------------------

const NORM_NAMES = { rms: "RMSNorm", layer: "LayerNorm", "layer, no bias": "LayerNorm, no bias" };

/** What stands in the drawing, from the tokens on: [kind, lines] for each box; blocks are between "open" and "close". */
export function boxesOf(model) {
  const { sizes: s, choices: c, reach, experts: e, latent: m } = model,
    norm = ["norm", [NORM_NAMES[c.norm]]];
  const attention = ["attention", attentionLines(model)];
  const feed = [
    "network",
    e === null
      ? [c.network === "gated" ? "gated feed-forward" : "feed-forward", `${whole(s.d_model)} → ${whole(s.d_ff)} → ${whole(s.d_model)}`]
      : [`${whole(e.n)} experts, ${whole(e.top_k)} for a token`, `each ${whole(e.d_expert)} wide${e.shared ? `, ${e.shared} shared` : ""}`,
          ...(e.dense ? [`not in the first ${whole(e.dense)} layers`] : [])],
  ]; // prettier-ignore
  const wrapped = (layer) => [
    ...(c.placed === "before" || c.placed === "both" ? [norm] : []),
    layer,
    ...(c.placed === "after" || c.placed === "both" ? [norm] : []),
    ["plus", ["+"]],
  ];
  const inside = c.placed === "parallel" ? [norm, attention, feed, ["plus", ["+"]]] : [...wrapped(attention), ...wrapped(feed)];
  return [
    ["table", [`table: ${whole(s.vocab_size)} tokens`, `rows of ${whole(s.d_model)}`]],
    ...(c.positions === "learned" ? [["table", [`+ ${whole(s.max_len)} learned positions`]]] : []),
    ["open", [`${whole(s.n_layers)} layers: ${reach.pattern}`]],
    ...inside,
    ["close", []],
    norm,
    ["table", [c.tied ? "logits: the table once more" : "logits: a matrix of its own"]],
  ];
}

function attentionLines({ sizes: s, choices: c, reach, latent: m }) {
  const lines = [`attention: ${whole(s.n_heads)} heads of ${whole(m === null ? s.d_head : m.d_own + m.d_rotary)}`];
  if (m !== null) lines.push(`keys and values from ${whole(m.d_latent)} + ${whole(m.d_rotary)}`);
  else lines.push(s.n_kv_heads === s.n_heads ? "keys and values for each" : `keys and values: ${whole(s.n_kv_heads)}`);
  if (m === null && c.qk_norm !== "none") lines.push(`QK-norm, ${c.qk_norm}`);
  if (c.positions === "rotary") lines.push(reach.pattern.includes("N") ? "turned, but in layers N" : "queries and keys turned");
  if (reach.pattern.includes("L")) lines.push(`L: the last ${whole(reach.window)} keys`);
  if (m === null && c.beside !== "nothing") lines.push(c.beside === "sink" ? "a sink for each head" : "× gate of the token");
  return lines;
}

const LINE = 17,
  GAP = 12,
  PAD = 7;

function drawing() {
  const svg = make("svg:svg", { class: "attnx-chart attnx-buildpicture", role: "img" });
  const update = (model) => {
    const shown = [];
    let y = 6,
      top = 0,
      enters = 0,
      before = null;
    const arrow = (from, to) => {
      shown.push(make("svg:path", { class: "attnx-buildline", d: `M160 ${from}V${to}M156.5 ${to - 5}L160 ${to}L163.5 ${to - 5}` }));
    };
    for (const [kind, lines] of boxesOf(model)) {
      if (kind === "open") {
        y += 4;
        top = y;
        shown.push(make("svg:text", { x: 18, y: y + 16, class: "attnx-buildlayers" }, lines[0]));
        if (before !== null) arrow(before, y + 24);
        before = y + 24;
        enters = y + 28;
        y += 40;
        continue;
      }
      if (kind === "close") {
        shown.unshift(make("svg:rect", { class: "attnx-buildblock", x: 8, y: top, width: 304, height: y - top - 2, rx: 10 }));
        y += 12;
        continue;
      }
      const height = kind === "plus" ? 20 : lines.length * LINE + 2 * PAD - 3;
      if (before !== null) arrow(before, y);
      if (kind === "plus") shown.push(make("svg:circle", { class: "attnx-buildplus", cx: 160, cy: y + 10, r: 10 }));
      if (kind === "plus") {
        shown.push(make("svg:path", { class: "attnx-buildline attnx-buildpast", d: `M160 ${enters}H296V${y + 10}H171` }));
        enters = y + 25;
      } else shown.push(make("svg:rect", { class: `attnx-buildbox attnx-build-${kind}`, x: 40, y, width: 240, height, rx: 7 }));
      lines.forEach((line, i) => {
        const at = kind === "plus" ? y + 15 : y + PAD + 11 + i * LINE;
        shown.push(make("svg:text", { x: 160, y: at, "text-anchor": "middle" }, line));
      });
      before = y + height;
      y += height + (kind === "plus" ? GAP + 6 : GAP);
    }
    set(svg, { viewBox: `0 0 320 ${y}`, "aria-label": `Drawing: ${boxesOf(model).map(([, lines]) => lines.join(", ")).filter(Boolean).join("; ")}` });
    svg.replaceChildren(...shown);
  };
  return { element: make("div", { class: "attnx-buildplace" }, svg), update };
}

/** A cell for every layer: what it sees, and whether it turns. */
function strip() {
  const row = make("div", { class: "attnx-buildstrip", "aria-hidden": "true" }),
    said = make("p", { class: "attnx-quiet" });
  const update = (model) => {
    const all = letters(model),
      count = (letter) => all.filter((one) => one === letter).length;
    row.replaceChildren(...all.map((one) => make("span", { class: `attnx-build${one}` }, one)));
    const words = [
      [count("L"), `with a window of ${whole(model.reach.window)} keys (L)`],
      [count("G"), "that see all keys (G)"],
      [count("N"), "that see all keys and have no positions (N)"],
    ].filter(([n]) => n > 0);
    write(said, `Layers: ${words.map(([n, text]) => `${n} ${text}`).join(", ")}.`);
  };
  return { element: make("div", {}, row, said), update };
}

/** The share of the parameters in each part, as bars. */
function shareBars() {
  const names = { tables: "tables and head", attention: "attention", network: "feed-forward", norms: "norms" };
  const bars = Object.entries(names).map(([key, name]) => {
    const fill = make("span", { class: "attnx-fill" }),
      number = make("span", { class: "attnx-number attnx-strong" });
    const element = make("div", { class: "attnx-share attnx-buildshare" }, make("span", {}, name), make("span", { class: "attnx-bar", "aria-hidden": "true" }, fill), number);
    return { key, fill, number, element };
  });
  const update = (model) => {
    const parts = places(model, model.experts === null ? 0 : model.experts.n);
    for (const { key, fill, number } of bars) {
      const share = (100 * parts[key]) / total(parts);
      fill.style.inlineSize = `${share}%`;
      write(number, `${format(share, 1)} %`);
    }
  };
  return { element: make("div", { class: "attnx-shares", "data-picture": "" }, bars.map((one) => one.element)), update };
}

const SIZES = [
  ["parameters", "parameters", (model) => whole(parameters(model))],
  ["cache", "cache of the text", (model, nTokens) => sizeText(cacheBytes(model, nTokens))],
  ["operations", "operations for one token more", (model, nTokens) => amountText(operations(model, nTokens))],
  ["active", "parameters active for a token", (model) => whole(activeParameters(model))],
  ["weights", "weights, 2 bytes each", (model) => sizeText(2 * parameters(model))],
];

function numbersTable(sizes, model, nTokens, name) {
  return table({
    caption: make("span", { class: "attnx-said" }, "What it costs"),
    columns: [{ text: make("span", { class: "attnx-said" }, "number") }],
    rows: sizes.map(([, text]) => ({ text })),
    cells: sizes.map(([key, , text]) => [{ text: text(model, nTokens), "data-size": key }]),
    attributes: { class: "attnx-table attnx-buildtable attnx-bare", "data-table": name },
  });
}

function placesTable(model) {
  const parts = places(model, model.experts === null ? 0 : model.experts.n),
    all = total(parts);
  const names = { tables: "tables and head", attention: "attention", network: "feed-forward", norms: "norms" };
  return table({
    caption: "Where the parameters are",
    columns: ["number", "share"],
    rows: Object.keys(parts).map((key) => ({ text: names[key] })),
    cells: Object.entries(parts).map(([key, value]) => [
      { text: amountText(value), "data-part": key },
      { text: `${format((100 * value) / all, 1)} %` },
    ]),
    attributes: { class: "attnx-table attnx-buildtable", "data-table": "places" },
  });
}

function goals(model) {
  const start = model.get("model");
  return [
    ["cache", "a model: the cache of 8,192 tokens takes less than 100 MiB", (now) => cacheBytes(now, 8192) < 100 * 2 ** 20],
    ["window", "a part to change: the cache is smaller, and the parameters are as many as at first", (now, nTokens) => parameters(now) === parameters(start) && cacheBytes(now, nTokens) < cacheBytes(start, nTokens)],
  ];
}

function render({ model, el }) {
  const { root, body, status, sentence, more, ask } = frame(model, "Build a decoder", KEYS, goals(model));
  const top = controls(model),
    shares = shareBars(),
    picture = drawing(),
    layers = strip(),
    first = make("div", {}),
    numbers = make("div", { class: "attnx-tables" }),
    announce = announcer(status);
  sentence.dataset.verdict = "";
  body.append(top.first, first, shares.element);
  more.append(
    top.rest,
    make("div", { class: "attnx-columns" }, picture.element, make("div", { class: "attnx-buildside" }, numbers, layers.element)),
    make("p", { class: "attnx-quiet" },
      "Speeds, scales, caps and the kind of activation change no number here and are not asked for. The cache holds 2 bytes a number."),
  ); // prettier-ignore
  el.append(root);
  return watch(model, KEYS, () => {
    const now = model.get("model"),
      nTokens = model.get("n_tokens");
    top.update(now, nTokens);
    shares.update(now);
    picture.update(now);
    layers.update(now);
    first.replaceChildren(numbersTable(SIZES.slice(0, 3), now, nTokens, "sizes"));
    numbers.replaceChildren(numbersTable(SIZES.slice(3), now, nTokens, "more sizes"), placesTable(now));
    ask(now, nTokens);
    announce(verdict(now, model.get("published")));
  });
}

export default { render };
