// Explorable: what a published language model looks at in a text, and what it expects next; kept texts first, the model itself at a press.
import { announcer, change, clamp, frame, make, set, watch, write } from "./common.js";
import { fromAddress, isChanged, toAddress } from "./live/changes.js";
import { best, nextBars, nextPanel, rankPlot } from "./live/next.js";
import { changePanel, textPanel } from "./live/panels.js";
import { allHeads, headMap, textPicture } from "./live/picture.js";
import { door, Refused, Superseded } from "./live/real.js";
import { called, favourites, HEADS, keptReading, LAYERS, meanOn, onRight, percent } from "./live/texts.js";

const KEYS = ["text", "layer", "head", "query", "temperature", "k", "p", "own", "silent", "hideFirst", "window", "sinks", "base", "pairing"];
const READS = ["text", "own", "silent", "hideFirst", "window", "sinks", "base", "pairing"]; // what the real model has to read anew for

const GOALS = [
  ["before", "a head that looks at the token before", ({ reading, layer, head }) => meanOn(reading, layer, head, (query) => query - 1) > 0.6],
  ["word", "a text and a head: the last token looks at the very word that comes next", ({ reading, layer, head }) => onRight(reading, layer, head) > 0.5],
  ["rest", "a head that rests on the first token, whatever the word", ({ reading, layer, head }) => meanOn(reading, layer, head, () => 0) > 0.97],
];

// ---- controls ---------------------------------------------------------------------------------

function textChoice(act, texts, opens) {
  const select = make("select", { "aria-label": "Text", onchange: () => act({ text: select.value, own: null, query: null }) }, texts.map(([name, label]) => make("option", { value: name }, label)));
  const own = make("option", { value: "", hidden: true }, "your own");
  select.append(own);
  const element = make("div", { class: "attnx-livechoice", role: "group", "aria-label": "Text and model" }, make("label", { class: "attnx-pick" }, "Text ", select), opens);
  return { element, update: (state, open) => (select.value = open && state.own !== null ? "" : state.text) };
}

function range(label, max, onchange) {
  const input = make("input", { type: "range", min: 0, max, step: 1, "aria-label": label, oninput: () => onchange(Number(input.value)) });
  const name = make("span", {});
  const update = (value) => {
    input.value = String(value);
    input.style.setProperty("--fill", `${(100 * value) / max}%`);
    input.setAttribute("aria-valuetext", `${label.toLowerCase()} ${value}`);
    write(name, `${label} ${value}`);
  };
  return { element: make("label", { class: "attnx-headrange attnx-liverange" }, name, input), update };
}

function headChoice(act) {
  const layer = range("Layer", LAYERS - 1, (value) => act({ layer: value })),
    head = range("Head", HEADS - 1, (value) => act({ head: value }));
  const element = make("div", { class: "attnx-livehead2", role: "group", "aria-label": "Head" }, layer.element, head.element);
  return { element, update: (state) => [layer.update(state.layer), head.update(state.head)] };
}

// ---- undo and the address ---------------------------------------------------------------------

/** Steps back: what stood before each change; quick changes of one control are one step. */
function past(read, restore) {
  const steps = [];
  let before = read(),
    last = { keys: "", at: 0 };
  const undo = make("button", { type: "button", class: "attnx-button", "data-undo": "", disabled: true, onclick: () => steps.length && restore(steps.pop()) }, "Undo");
  const note = (restoring) => {
    const now = read(), keys = KEYS.filter((key) => now[key] !== before[key]).join();
    if (keys && !restoring) {
      const same = keys === last.keys && Date.now() - last.at < 700;
      if (!same) steps.push(before);
      last = { keys, at: Date.now() };
    }
    before = now;
    set(undo, { disabled: steps.length === 0 });
  };
  return { undo, note };
}

/** Keeps the end of the page's address in step with the state; only on the site. */
function addressed(start) {
  let waiting;
  return (state) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const end = toAddress(state, start), own = location.hash.startsWith("#live:");
      if (end) history.replaceState(history.state, "", `#${end}`);
      else if (own) history.replaceState(history.state, "", location.pathname + location.search);
    }, 250);
  };
}

// ---- words ------------------------------------------------------------------------------------

function sentence({ reading, query, row, state }) {
  const [[key, weight]] = favourites(row, 1, 0);
  const target = key === query ? "itself" : key === 0 ? `${called(reading.tokens[0])}, the first token` : called(reading.tokens[key]);
  return `${called(reading.tokens[query])} gives ${percent(weight)} of its weight to ${target}. The likeliest next word: ${best(reading, state)}.`;
}

// ---- all together -----------------------------------------------------------------------------

async function render({ model, el }) {
  const state = () => Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
  const start = state(), onSite = import.meta.url.startsWith("http");
  const { root, body, status, more, ask } = frame(model, "A language model in this page", KEYS, GOALS);
  let reading = await keptReading(model, start.text),
    real = null,
    restoring = false;
  const act = (values) => change(model, values);
  const query = () => clamp(model.get("query") ?? Infinity, 0, reading.tokens.length - 1);
  const go = (wanted) => act({ query: wanted === reading.tokens.length - 1 ? null : wanted });

  const gate = door({ onopen: opened, onclose: closed });
  const pick = textChoice(act, model.get("texts"), gate.element), heads = headChoice(act), flow = textPicture({ now: query, go }), bars = nextBars();
  const words = nextPanel(act), plot = rankPlot(LAYERS), map = headMap(go), all = allHeads((layer, head) => act({ layer, head }));
  const own = textPanel({ onread: (text) => (text === shownText() ? readAgain() : act({ own: text, query: null })), onwrite: writeOn, onstop: () => real?.stop() });
  const changes = changePanel({ act, state, long: model.get("long") }), drawer = make("details", { class: "attnx-more", open: true }, make("summary", {}, "Experiments with the real model"), make("div", { hidden: true }));
  const announce = announcer(status), keepAddress = onSite ? addressed(start) : () => {};
  const history = past(state, (values) => {
    restoring = true;
    act(values);
  });
  root.querySelector(".attnx-head").lastChild.before(history.undo);
  body.classList.add("attnx-livebody");
  body.append(pick.element, own.element, heads.element, make("div", { class: "attnx-livemain" }, flow.element, bars.element));
  more.append(words.element, all.element, map.element, plot.element);
  el.append(root);

  function draw() {
    const now = state(), at = query(), row = reading.weights(now.layer, now.head, at);
    pick.update(now, real !== null);
    heads.update(now);
    flow.update(reading, at, row);
    bars.update(now, reading);
    words.update(now, reading);
    plot.update(now, reading);
    map.update(now, reading, at, row);
    all.update(now, reading, at);
    if (real) changes.update(now, reading);
    gate.wanted(real === null && (isChanged(now) || now.own !== null));
    ask({ ...now, reading });
    announce(sentence({ reading, query: at, row, state: now }));
  }

  const shownText = () => model.get("own") ?? kept.text;
  let kept = reading, // the prepared text of that name
    asked = JSON.stringify(READS.map((key) => start[key]));

  /** What has changed needs another reading, from what is kept or from the model. */
  async function follow() {
    history.note(restoring);
    restoring = false;
    keepAddress(state());
    const wanted = JSON.stringify(READS.map((key) => model.get(key)));
    if (wanted === asked) return draw();
    asked = wanted;
    try {
      kept = await keptReading(model, model.get("text"));
    } catch {
      return announce("This text could not be loaded: there is no connection.");
    }
    if (wanted !== asked) return;
    if (real) return readAgain();
    reading = kept;
    draw();
  }

  async function readAgain() {
    own.show(shownText());
    own.working(true);
    const right = model.get("own") === null ? kept.right : null;
    await told(real.read(shownText(), state(), right, (done, count) => own.say(`Reading: ${done} of ${count} tokens`)).then((found) => {
      reading = found;
      own.say(`${found.tokens.length} tokens.${found.lost ? ` ${found.lost} bytes of the text have no token here and were left out.` : ""}`);
      draw();
    }));
  }

  async function writeOn(text, drawn) {
    own.working(true);
    own.say("Writing…");
    const random = drawn ? Math.random : null;
    await told(real.writeOn(text, state(), { random, ontext: own.show }).then((longer) => {
      act({ own: longer, query: null });
      if (longer === text) own.say("The model ends the text here.");
    }));
  }

  /** Waits for a piece of work of the real model, and says what became of it. */
  async function told(work) {
    try {
      await work;
    } catch (error) {
      if (error instanceof Superseded) return;
      if (error instanceof Refused) own.say(error.message);
      else if (error.reason === "aborted" || error.name === "AbortError") own.say("Stopped; what is shown was read before.");
      else if (error.reason === undefined || error.reason === "refused") own.say(error.message);
      else await lose(error);
    }
    own.working(false);
  }

  function opened(reader) {
    real = reader;
    own.element.hidden = false;
    drawer.lastChild.replaceWith(changes.element);
    root.append(drawer);
    readAgain();
  }

  function closed() {
    real?.close();
    real = null;
    own.element.hidden = true;
    drawer.remove();
    reading = kept;
    draw();
  }

  async function lose(error) {
    closed();
    await gate.failed(error);
  }

  const undo = watch(model, KEYS, follow);
  if (onSite) {
    await gate.start();
    const told = fromAddress(location.hash);
    if (Object.keys(told).length) {
      act(told);
      root.scrollIntoView?.({ block: "nearest" });
    }
    addEventListener("hashchange", () => act(fromAddress(location.hash)));
  }
  return undo;
}

export default { render };
