// A code cell that can be edited: a see-through <textarea> over the page's own coloured <pre>.
import { highlight } from "./highlight.js";

const INDENT = "    ";

// Type as the keyboard would, so that the browser's own undo knows of it.
function type(area, text) {
  if (document.execCommand?.("insertText", false, text)) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

const erase = (area, from, to) => {
  area.setSelectionRange(from, to);
  if (!document.execCommand?.("delete")) type(area, "");
};

const lineStart = (area) => area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;

function newLine(area) {
  const line = area.value.slice(lineStart(area), area.selectionStart);
  const more = /:\s*(#.*)?$/.test(line) ? INDENT : "";
  type(area, "\n" + line.match(/^ */)[0] + more);
}

// Indent or dedent every selected line, or put spaces at the caret.
function tab(area, back) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  if (from === to && !back) return type(area, " ".repeat(INDENT.length - ((from - lineStart(area)) % INDENT.length)));
  const first = lineStart(area);
  const lines = value.slice(first, to);
  const moved = back ? lines.replace(/^ {1,4}/gm, "") : lines.replace(/^(?=.)/gm, INDENT);
  if (moved === lines) return;
  area.setSelectionRange(first, to);
  type(area, moved);
  area.setSelectionRange(from === to ? first + moved.length : first, first + moved.length);
}

function backspace(area) {
  const { selectionStart: caret, selectionEnd } = area;
  const before = area.value.slice(lineStart(area), caret);
  if (caret !== selectionEnd || !before || before.trim() || before.length % INDENT.length) return false;
  erase(area, caret - INDENT.length, caret);
  return true;
}

// Tab writes spaces only while the reader is typing here: passing through with the keyboard, it moves on.
function onKey(event, area, state, run) {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) run();
  else if (event.key === "Escape") return void (state.typing = false);
  else if (event.key === "Tab" && plain && state.typing) tab(area, event.shiftKey);
  else if (event.key === "Enter" && plain && !event.isComposing) newLine(area);
  else if (event.key === "Backspace" && plain && backspace(area)) state.typing = true;
  else {
    if (plain && (event.key.length === 1 || event.key === "Backspace")) state.typing = true;
    return;
  }
  if (event.key === "Enter" && plain && !event.shiftKey) state.typing = true;
  event.preventDefault();
}

// Make `pre` editable. `name` is said by screen readers; returns { area, get, set }.
export function editor(pre, name, { run, change }) {
  const text = pre.textContent.replace(/\n$/, ""), committed = [...pre.childNodes];
  const wrap = document.createElement("div"), area = document.createElement("textarea"), state = { typing: false };
  wrap.className = "run-edit";
  Object.assign(area, { value: text, spellcheck: false, autocomplete: "off", wrap: "off", className: "run-area", rows: 1 });
  for (const [key, value] of Object.entries({ autocapitalize: "off", autocorrect: "off", "aria-label": name,
    "aria-describedby": "run-keys", "data-gramm": "false", translate: "no" })) area.setAttribute(key, value);
  pre.replaceWith(wrap);
  pre.removeAttribute("tabindex");
  pre.setAttribute("aria-hidden", "true");
  wrap.append(pre, area);

  const paint = () => {
    if (area.value === text) pre.replaceChildren(...committed);
    else pre.replaceChildren(highlight(area.value), "\n");
  };
  area.addEventListener("keydown", (event) => onKey(event, area, state, run));
  area.addEventListener("pointerdown", () => (state.typing = true));
  area.addEventListener("blur", () => (state.typing = false));
  area.addEventListener("input", () => {
    paint();
    change(area.value);
  });
  const set = (value) => {
    area.value = value;
    paint();
  };
  return { area, text, get: () => area.value, set };
}
