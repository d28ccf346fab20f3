// A marked term says what it means: on hover, on focus, and at the first tap. Without this script, and from a folder, it is a link to
// its entry in the glossary. What is shown (terms.json) is fetched once, when a reader first asks.

const ROOT = document.documentElement.dataset.content_root ?? "./";
const WAIT = { show: 140, hide: 220 }, GAP = 6, EDGE = 12; // milliseconds; pixels
const TERM = "a.term";

let reading, tip, shown, timer, pressed;

function read() {
  reading ??= fetch(`${ROOT}_static/terms.json`).then((answer) => answer.json());
  reading.catch(() => { reading = undefined; });
  return reading;
}

function made() {
  tip = Object.assign(document.createElement("div"), { id: "term-tip", className: "term-tip", hidden: true });
  tip.setAttribute("role", "tooltip");
  tip.addEventListener("pointerenter", () => clearTimeout(timer));
  tip.addEventListener("pointerleave", () => later(hide, WAIT.hide));
  document.body.append(tip);
  return tip;
}

function part(tag, text, className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

function later(deed, wait) {
  clearTimeout(timer);
  timer = setTimeout(deed, wait);
}

function hide() {
  clearTimeout(timer);
  shown?.removeAttribute("aria-describedby");
  shown = undefined;
  if (tip) tip.hidden = true;
}

/** Below the term, or above it where there is no room; never beyond the window's sides. */
function place(link) {
  const [line] = link.getClientRects(), room = document.documentElement.clientWidth;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.max(EDGE, Math.min(line.left, room - width - EDGE));
  const below = line.bottom + GAP + height <= innerHeight || line.top - GAP - height < 0;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(below ? line.bottom + GAP : line.top - GAP - height) + scrollY}px`;
}

async function show(link, tapped) {
  clearTimeout(timer);
  if (shown === link) return;
  hide();
  shown = link;
  try {
    const entry = (await read())[link.hash.slice(1)];
    if (shown !== link || !entry) return;
    const [name, says, chapter] = entry, more = tapped ? "Tap again for its entry." : `More: ${chapter}`;
    (tip ?? made()).replaceChildren(part("b", name), part("span", ` ${says} `), part("small", more));
    tip.hidden = false;
    place(link);
    link.setAttribute("aria-describedby", tip.id);
  } catch {
    if (shown === link) hide(); // it stays a link
  }
}

const term = (event) => event.target.closest?.(TERM);

document.addEventListener("pointerover", (event) => {
  const link = term(event);
  if (link && event.pointerType === "mouse") later(() => show(link), WAIT.show);
});
document.addEventListener("pointerout", (event) => { if (term(event) && event.pointerType === "mouse") later(hide, WAIT.hide); });
document.addEventListener("pointerdown", (event) => {
  pressed = { link: term(event), open: term(event) === shown && tip && !tip.hidden, touch: event.pointerType !== "mouse" };
  if (!term(event) && !event.target.closest?.("#term-tip")) hide();
});
document.addEventListener("click", (event) => {
  const link = term(event);
  if (!link || !pressed?.touch || pressed.link !== link || pressed.open || event.detail === 0) return;
  event.preventDefault();
  show(link, true);
});
document.addEventListener("focusin", (event) => {
  const link = term(event);
  if (link?.matches(":focus-visible")) show(link);
  else if (!link && shown) hide();
});
document.addEventListener("focusout", (event) => { if (term(event)) later(hide, WAIT.hide); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
addEventListener("resize", hide);
