// Services for every page: answers open for print (depth, hints and solutions stay as they are), wide things scroll by keyboard.

const closed = [];

function openAll() {
  for (const details of document.querySelectorAll("details:not([open], .depth, .hint, .solution, .claim-code)")) {
    closed.push(details);
    details.open = true;
  }
}

function closeAgain() {
  for (const details of closed.splice(0)) details.open = false;
}

// -- what is wider than its box can be reached with Tab and scrolled with the arrow keys

const MAY_SCROLL = ".katex-display, .cell_output .output, .bd-article pre, .pst-scrollable-table-container";

/** Far away the browser leaves contents without layout, and nothing is wide: then the build's word counts again. */
const laidOut = (box) => box.firstElementChild?.checkVisibility?.({ contentVisibilityAuto: true }) ?? true;
const mayBeWide = new WeakSet(document.querySelectorAll("[data-scrolls]"));

function letKeyboard(box) {
  const wide = laidOut(box) ? box.scrollWidth > box.clientWidth + 1 : mayBeWide.has(box);
  if (wide && !box.hasAttribute("tabindex")) {
    box.tabIndex = 0;
    box.dataset.scrolls = "yes";
  } else if (!wide && box.dataset.scrolls && box !== document.activeElement) {
    box.removeAttribute("tabindex");
    delete box.dataset.scrolls;
  }
}

/** Called after the page was laid out, when to measure costs nothing: first for every box, then when its size changes.
 * What lies far away has its tabindex from the build (slim_lazy.py) and is measured when it comes near. */
const measure = new ResizeObserver((entries) => {
  for (const { target } of entries) if (target.matches(MAY_SCROLL) && !target.closest(".run-edit")) letKeyboard(target);
  document.documentElement.dataset.measured = document.fonts.status;
});

addEventListener("contentvisibilityautostatechange", ({ target, skipped }) => skipped || letKeyboardScroll(target), true);

/** Have every box in `root`, and `root` itself, measured. */
function letKeyboardScroll(root = document.body) {
  const boxes = [root, ...root.querySelectorAll(MAY_SCROLL)]; // the root too: a page may hold none
  for (const box of boxes) {
    measure.unobserve(box);
    measure.observe(box);
  }
}

/** A run puts new output under its cell. */
function onOutput(changes) {
  for (const { target } of changes) if (target.closest(".run-output")) letKeyboardScroll(target);
}

addEventListener("beforeprint", openAll);
addEventListener("afterprint", closeAgain);
addEventListener("load", () => {
  letKeyboardScroll();
  new MutationObserver(onOutput).observe(document.body, { childList: true, subtree: true });
});
document.fonts.addEventListener("loadingdone", () => letKeyboardScroll()); // another font, other widths
document.addEventListener(
  "contentvisibilityautostatechange",
  (event) => event.skipped || letKeyboardScroll(event.target),
  true,
);
