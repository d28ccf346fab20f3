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

/** What is wider than its box can be reached with Tab and scrolled with the arrow keys. */
function letKeyboardScroll() {
  for (const box of document.querySelectorAll(
    "div.math, .katex-display, .cell_output .output, .cell_output pre",
  )) {
    const wide = box.scrollWidth > box.clientWidth + 1;
    if (wide && !box.hasAttribute("tabindex")) {
      box.tabIndex = 0;
      box.dataset.scrolls = "yes";
    } else if (!wide && box.dataset.scrolls) {
      box.removeAttribute("tabindex");
      delete box.dataset.scrolls;
    }
  }
}

addEventListener("beforeprint", openAll);
addEventListener("afterprint", closeAgain);
addEventListener("hashchange", openTarget);
addEventListener("resize", letKeyboardScroll);
addEventListener("load", letKeyboardScroll);
document.addEventListener("toggle", letKeyboardScroll, true);
openTarget();
letKeyboardScroll();
