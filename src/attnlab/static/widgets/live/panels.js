// What the reader does with the real model: a text to be read and written on, and changes to the model with what they cost.
import { make, set, table, write } from "../common.js";
import { changesInWords, isChanged, lossText, presets, PUBLISHED, toggled } from "./changes.js";
import { best, numberChoice } from "./next.js";

const button = (text, onclick, more = {}) => make("button", { type: "button", class: "attnx-button", onclick, ...more }, text);

/** The text box and its buttons. */
export function textPanel({ onread, onwrite, onstop }) {
  const box = make("textarea", { class: "attnx-livebox", rows: 3, maxlength: 4000, spellcheck: "false", "aria-label": "Your text" });
  const read = button("Read", () => onread(box.value), { "data-read": "" }),
    likeliest = button("Write on: likeliest", () => onwrite(box.value, false), { "data-write": "likeliest" }),
    drawn = button("Write on: drawn", () => onwrite(box.value, true), { "data-write": "drawn" }),
    stop = button("Stop", onstop, { "data-stop": "", hidden: true });
  const said = make("p", { class: "attnx-quiet", role: "status", "data-reader": "" });
  const element = make(
    "section",
    { class: "attnx-livepart attnx-liveown", "aria-label": "Your own text", hidden: true },
    box,
    make("div", { class: "attnx-buttons" }, read, likeliest, drawn, stop),
    said,
  );
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onread(box.value);
  });
  const working = (yes) => {
    for (const one of [read, likeliest, drawn]) set(one, { "aria-disabled": yes ? "true" : null, disabled: yes });
    stop.hidden = !yes;
    box.readOnly = yes;
  };
  const show = (text) => {
    if (box.value !== text) box.value = text;
  };
  return { element, show, working, say: (text) => write(said, text) };
}

/** Heads off, tokens hidden, rotation changed; presets; and the text's loss beside that of the published model. */
export function changePanel({ act, state, long }) {
  const head = button("", () => act({ silent: toggled(state().silent, state().layer, state().head) }), { "data-silence": "" }),
    off = make("div", { class: "attnx-chips", role: "group", "aria-label": "Heads that are off" }),
    hide = make("input", { type: "checkbox", role: "switch", onchange: () => act({ hideFirst: hide.checked }) });
  const window = numberChoice({ label: "Window", none: "whole text", values: [8, 16, 32, 64, 128], show: (n) => `${n} tokens`, onchange: (value) => act({ window: value }) }),
    sinks = numberChoice({ label: "and the first", none: "0", values: [1, 2, 4], onchange: (value) => act({ sinks: value ?? 0 }) }),
    base = numberChoice({ label: "Rotary base", none: "100,000 (published)", values: [100, 1000, 10000, 1000000], show: (n) => n.toLocaleString("en"), onchange: (value) => act({ base: value ?? PUBLISHED.base }) });
  const pairing = pairChoice(act),
    back = button("As published", () => act(PUBLISHED), { "data-published": "" }),
    cost = make("div", { "data-cost": "" });
  const element = make(
    "div",
    { class: "attnx-body" },
    presetButtons(act, long),
    make("section", { class: "attnx-livepart", "aria-label": "Change the model" },
      make("span", { class: "attnx-label" }, "Change the model"),
      make("div", { class: "attnx-buttons" }, head, off, back),
      make("label", { class: "attnx-check" }, hide, "Hide the first token from all others"),
      make("div", { class: "attnx-chips" }, window.element, sinks.element),
      make("div", { class: "attnx-chips" }, base.element, pairing.element)),
    cost,
  );
  const update = (now, reading) => {
    const { silent, layer, head: number } = now, isOff = silent.some(([a, b]) => a === layer && b === number);
    write(head, `Switch head (${layer}, ${number}) ${isOff ? "on" : "off"}`);
    off.replaceChildren(...silent.map(([a, b]) => button(`(${a}, ${b}) ×`, () => act({ silent: toggled(silent, a, b) }), { "aria-label": `Switch head (${a}, ${b}) on again` })));
    hide.checked = now.hideFirst;
    window.update(now.window);
    sinks.update(now.sinks || null);
    base.update(now.base === PUBLISHED.base ? null : now.base);
    pairing.update(now.pairing);
    set(back, { hidden: !isChanged(now) });
    cost.replaceChildren(...(reading ? [costTable(now, reading)] : []));
  };
  return { element, update };
}

function pairChoice(act) {
  const kinds = { adjacent: "neighbours (published)", halves: "halves", none: "none" };
  const select = make("select", { "aria-label": "Rotated pairs", onchange: () => act({ pairing: select.value }) }, Object.entries(kinds).map(([value, text]) => make("option", { value }, text)));
  return { element: make("label", { class: "attnx-pick" }, "Rotated pairs ", select), update: (value) => (select.value = value) };
}

function presetButtons(act, long) {
  const words = make("p", { class: "attnx-quiet", "data-preset": "" });
  const buttons = presets(long).map(({ name, words: about, state }) =>
    button(name, () => {
      write(words, about);
      act(state);
    }),
  );
  return make("section", { class: "attnx-livepart", role: "group", "aria-label": "Experiments" }, make("span", { class: "attnx-label" }, "Experiments"), make("div", { class: "attnx-buttons" }, buttons), words);
}

function costTable(state, reading) {
  const line = ({ losses, next }) => {
    const { loss, perplexity } = lossText(losses);
    return [{ text: loss, "data-loss": loss }, { text: perplexity }, { text: best({ next }, { temperature: 1, k: null, p: null }) }];
  };
  const changed = reading.plain !== null;
  return table({
    caption: changed ? `Changed: ${changesInWords(state)}` : "This text, read by the published model",
    corner: "",
    columns: ["loss a token", "perplexity", "next word"],
    rows: [{ text: "as published" }, ...(changed ? [{ text: "changed" }] : [])],
    cells: [line(reading.plain ?? reading), ...(changed ? [line(reading)] : [])],
    attributes: { class: "attnx-table attnx-livecost", "data-table": "cost" },
  });
}
