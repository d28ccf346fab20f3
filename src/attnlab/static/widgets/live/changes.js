// What may be changed about the real model, the presets that tell its story, and what is said when something fails.
import { HEADS, LAYERS } from "./texts.js";

export const PUBLISHED = { silent: [], hideFirst: false, window: null, sinks: 0, base: 100000, pairing: "adjacent" };
export const LONGEST = 300,
  WRITES = 40;

/** The options of the engine that a state asks for. */
export function optionsOf(state) {
  return Object.fromEntries(Object.keys(PUBLISHED).map((key) => [key, state[key]]));
}

/** Is anything not as it was published? */
export function isChanged(state) {
  return JSON.stringify(optionsOf(state)) !== JSON.stringify(PUBLISHED);
}

/** What is changed, in words. */
export function changesInWords({ silent, hideFirst, window, sinks, base, pairing }) {
  const parts = [];
  if (silent.length) parts.push(`${silent.length === 1 ? "head" : "heads"} ${silent.map(([layer, head]) => `(${layer}, ${head})`).join(", ")} switched off`);
  if (hideFirst) parts.push("the first token hidden");
  if (window !== null) parts.push(`a window of ${window}${sinks ? ` and ${sinks === 1 ? "the first token" : `the first ${sinks} tokens`}` : ""}`);
  if (base !== PUBLISHED.base) parts.push(`rotary base ${base.toLocaleString("en")}`);
  if (pairing !== PUBLISHED.pairing) parts.push(pairing === "none" ? "nothing rotated" : "halves rotated instead of neighbours");
  return parts.join("; ");
}

/** The list of heads with one put in, or taken out where it is there. */
export function toggled(silent, layer, head) {
  const rest = silent.filter(([a, b]) => a !== layer || b !== head);
  return rest.length < silent.length ? rest : [...silent, [layer, head]].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

/** The experiments: { name, words, state }; what a state does not name is as published. `long` is the text of those with a window. */
export function presets(long) {
  return EXPERIMENTS.map(([name, words, state]) => ({ name, words, state: { ...PUBLISHED, temperature: 1, k: null, p: null, query: null, own: null, ...state, ...(state.own === LONG ? { own: long } : {}) } }));
}

const LONG = "the long text",
  copying = { text: "copying", layer: 18, head: 6 },
  resting = { own: LONG, layer: 18, head: 8 };
const EXPERIMENTS = [
  ["Copying", "Random words, twice. In the second round the last token looks at the word that followed it in the first: an induction head.", copying],
  ["One head off: (16, 0)", "This head looks at the token before. Without it the induction head two layers on finds its word far less surely, and much less is copied.", { ...copying, silent: [[16, 0]] }],
  ["Five heads off", "The heads that looked at the word to be copied are off. What they look at is still drawn; what they found is not passed on.", { ...copying, silent: [[17, 3], [17, 4], [17, 5], [18, 6], [20, 6]] }],
  ["Where the sink goes", "No other token may look at the first. Heads that rested there rest on the second, and the loss changes little.", { ...resting, hideFirst: true }],
  ["A window without the sink", "Each token sees the last 32, after a while no longer the one on which many heads rest: the loss rises.", { ...resting, window: 32 }],
  ["A window with the sink", "The same window, and the first token stays in sight: one token more, and the loss is nearly what it was.", { ...resting, window: 32, sinks: 1 }],
  ["Wrong pairs, still Paris", "The rotary positions turn the wrong pairs of numbers. The loss rises, and the answer is the same.", { own: "The capital of France is", layer: 16, head: 0, pairing: "halves" }],
];

const SENTENCES = {
  aborted: "Loading was stopped; you can begin again at any time.",
  offline: "There is no connection, and the model is not kept in this browser.",
  cut: "The connection broke off before the whole file was here; try again.",
  hash: "What arrived is not the published file, so it was thrown away; try again later.",
  memory: "This device has not enough free memory for the model; it needs about 350 MB.",
  missing: "The file of the model is not on this site.",
  "no-wasm": "This browser cannot run the fast part of the model.",
  worker: "The model stopped working; load it once more.",
};

/** What is said of a failure. */
export function failure(error) {
  const said = SENTENCES[error?.reason] ?? `The model could not be started: ${error?.message ?? error}`;
  return `${said} ${error?.reason === "aborted" ? "" : "The prepared texts go on working."}`.trim();
}

/** Mean loss and perplexity of a text, as text; one token has none. */
export function lossText(losses) {
  if (losses.length === 0) return { loss: "–", perplexity: "–" };
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return { loss: mean.toFixed(2), perplexity: Math.exp(mean) >= 1000 ? Math.round(Math.exp(mean)).toLocaleString("en") : Math.exp(mean).toFixed(1) };
}

// ---- the address ------------------------------------------------------------------------------

const TEXTS = ["capitals", "copying", "names", "days", "code", "story"];
const whole = (text, least, most) => (/^\d{1,7}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined);
const among = (choices) => (text) => (choices.includes(text) ? text : undefined);
const fraction = (text, least, most) => (/^\d(\.\d{1,2})?$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined);
const FIELDS = {
  text: [String, among(TEXTS)],
  layer: [String, (text) => whole(text, 0, LAYERS - 1)],
  head: [String, (text) => whole(text, 0, HEADS - 1)],
  query: [String, (text) => whole(text, 0, LONGEST - 1)],
  temperature: [String, (text) => fraction(text, 0.1, 2)],
  k: [String, (text) => whole(text, 1, 1000)],
  p: [String, (text) => fraction(text, 0.01, 1)],
  own: [String, (text) => (text.length <= 4000 ? text : undefined)],
  silent: [(heads) => heads.map((one) => one.join(".")).join("-"), heads],
  hideFirst: [(yes) => (yes ? "1" : "0"), (text) => (text === "1" ? true : text === "0" ? false : undefined)],
  window: [String, (text) => whole(text, 1, LONGEST)],
  sinks: [String, (text) => whole(text, 0, 16)],
  base: [String, (text) => whole(text, 1, 9999999)],
  pairing: [String, among(["adjacent", "halves", "none"])],
};

function heads(text) {
  const found = text.split("-").map((one) => one.split("."));
  const fits = found.every(([layer, head, more]) => more === undefined && whole(layer ?? "", 0, LAYERS - 1) !== undefined && whole(head ?? "", 0, HEADS - 1) !== undefined);
  return fits ? found.map((one) => one.map(Number)) : undefined;
}

/** What differs from the start, as the end of an address; empty where nothing does. */
export function toAddress(state, start) {
  const parts = Object.entries(FIELDS).filter(([key]) => JSON.stringify(state[key]) !== JSON.stringify(start[key]) && state[key] !== null && !(key === "silent" && state[key].length === 0));
  return parts.length ? `live:${parts.map(([key, [write]]) => `${key}=${encodeURIComponent(write(state[key]))}`).join("&")}` : "";
}

/** The state that an address names; what it does not understand it leaves out. */
export function fromAddress(hash) {
  const text = hash.replace(/^#/, "");
  if (!text.startsWith("live:")) return {};
  const found = {};
  for (const part of text.slice(5).split("&")) {
    const [key, value = ""] = part.split("=");
    const read = FIELDS[key]?.[1](decode(value));
    if (read !== undefined) found[key] = read;
  }
  return found;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
