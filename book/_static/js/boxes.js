// Services for every page: answers open for print and for links, wide things scroll by keyboard.

const closed = [];

function openAll() {
  for (const details of document.querySelectorAll("details:not([open])")) {
    closed.push(details);
    details.open = true;
  }
}

function closeAgain() {
  for (const details of closed.splice(0)) details.open = false;
}

/** A link to something inside a closed answer opens the answer. */
function openTarget() {
  const target =
    location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  let details = target && target.closest("details");
  if (!details) return;
  for (; details; details = details.parentElement.closest("details")) details.open = true;
  target.scrollIntoView();
}

// -- what is wider than its box can be reached with Tab and scrolled with the arrow keys

const MAY_SCROLL =
  "div.math, .katex-display, .cell_output .output, .bd-article pre, .pst-scrollable-table-container";
const SLICE = 5; // milliseconds of measuring before the page gets its turn again
const whenIdle = window.requestIdleCallback ?? ((act) => setTimeout(act, 20));
const PATIENCE = { timeout: 2000 };
const waiting = new Set();

const hidden = (box) => box.closest("details:not([open]), .run-edit") !== null;

function letKeyboard(box, wide) {
  if (wide && !box.hasAttribute("tabindex")) {
    box.tabIndex = 0;
    box.dataset.scrolls = "yes";
  } else if (!wide && box.dataset.scrolls) {
    box.removeAttribute("tabindex");
    delete box.dataset.scrolls;
  }
}

/** Measure for a few milliseconds, then change what was measured: the page is never laid out twice for it. */
function measureSome() {
  const end = performance.now() + SLICE;
  const measured = new Map();
  for (const box of waiting) {
    waiting.delete(box);
    if (!hidden(box)) measured.set(box, box.scrollWidth > box.clientWidth + 1);
    if (performance.now() > end) break;
  }
  for (const [box, wide] of measured) letKeyboard(box, wide);
  if (waiting.size) whenIdle(measureSome, PATIENCE);
  else if (document.fonts.status === "loaded") document.documentElement.dataset.measured = "yes";
}

/** Ask for every box in `root`, and `root` itself, to be measured when the browser has nothing else to do. */
function letKeyboardScroll(root = document.body) {
  const boxes = [...root.querySelectorAll(MAY_SCROLL)];
  if (root.matches(MAY_SCROLL)) boxes.push(root);
  if (waiting.size === 0) whenIdle(measureSome, PATIENCE);
  for (const box of boxes) waiting.add(box);
}

/** A run puts new output under its cell. */
function onOutput(changes) {
  for (const { target } of changes) if (target.closest(".run-output")) letKeyboardScroll(target);
}

addEventListener("beforeprint", openAll);
addEventListener("afterprint", closeAgain);
addEventListener("hashchange", openTarget);
addEventListener("resize", () => letKeyboardScroll());
addEventListener("load", () => {
  letKeyboardScroll();
  new MutationObserver(onOutput).observe(document.body, { childList: true, subtree: true });
});
document.fonts.addEventListener("loadingdone", () => letKeyboardScroll()); // another font, other widths
document.addEventListener("toggle", (event) => letKeyboardScroll(event.target), true);
document.addEventListener(
  "contentvisibilityautostatechange",
  (event) => event.skipped || letKeyboardScroll(event.target),
  true,
);
openTarget();
