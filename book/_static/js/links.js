// Links arrive: what they name is opened, stands below the top bar, and stays there while the page settles.

const GIVES_UP = 5000; // milliseconds after which nothing that still moves is followed
const STILL = 60; // frames without a change after which a loaded page counts as settled
const HANDS = ["wheel", "touchstart", "pointerdown", "keydown"]; // the reader moves the page: it is theirs
const named = () => location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));

/** Open every closed answer around `target`, and the section that it heads. */
function open(target) {
  const own = target.querySelector(":scope > details.depth");
  if (own) own.open = true;
  for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
}

let hold = null;

function release() {
  if (hold) cancelAnimationFrame(hold);
  hold = null;
}

/** Do `show` in every frame until the page has settled, or the reader takes over. */
function keep(show) {
  release();
  const since = performance.now();
  let before = "", still = 0;
  const again = () => {
    show();
    const now = `${scrollY} ${document.documentElement.scrollHeight} ${document.readyState} ${document.fonts.status}`;
    still = now === before ? still + 1 : 0;
    before = now;
    const over = still > STILL && now.endsWith("complete loaded");
    hold = over || performance.now() - since > GIVES_UP ? null : requestAnimationFrame(again);
  };
  again();
}

function arrive() {
  const target = named();
  if (!target) return release();
  open(target);
  keep(() => target.scrollIntoView());
}

/** A link within the page. The one that was pressed last counts again when it is pressed again. */
function follow(event) {
  const link = event.target.closest?.("a[href*='#']");
  if (!link || event.defaultPrevented || link.pathname !== location.pathname) return;
  link.closest("dialog")?.close(); // the phone's panel of contents would hide where it leads
  note();
  setTimeout(arrive); // once the address has changed
}

// -- back, forward and reload lead to where the reader was. A browser remembers how many pixels that was from the top, of
// which many were guessed. Remembered here, with each step of the history: the block at the top of the window, and how far
// up it stood. Blocks are counted before any other script has added to the page.

const blocks = [...document.querySelectorAll(".bd-article :is(h1, h2, h3, h4, p, pre, figure, tr)")];

/** What a closed box hides has a place too, which nobody sees. */
const topmost = (block) => block.getBoundingClientRect().bottom > 0 && (block.checkVisibility?.() ?? true);

/** Write down where the reader is, unless the page is still on its way to a place that is known. */
function note() {
  if (hold) return;
  const index = blocks.findIndex(topmost);
  const place = index < 0 || !scrollY ? null : [index, Math.round(blocks[index].getBoundingClientRect().top)];
  try {
    history.replaceState({ ...history.state, place }, "");
  } catch {
    // too often, or not allowed here: the browser's own idea has to do
  }
}

/** To the place that this step of the history remembers, else to what its address names. */
function comeBack() {
  if (!history.state || history.state.place === undefined) return arrive();
  const [index, top] = history.state.place ?? [], block = blocks[index];
  if (!block) return release();
  open(block);
  keep(() => scrollBy(0, Math.round(block.getBoundingClientRect().top) - top));
}

let resting = 0;

function rest() {
  clearTimeout(resting);
  resting = setTimeout(note, 60); // not when the page is left: what is written then is lost
}

/** The phone's drawer opens where the reader is. */
function showPlace(drawer) {
  const opened = () => drawer.open && drawer.querySelector("li.current > a")?.scrollIntoView({ block: "center" });
  new MutationObserver(opened).observe(drawer, { attributeFilter: ["open"] });
}

for (const hand of HANDS) addEventListener(hand, release, { capture: true, passive: true });
addEventListener("click", follow);
addEventListener("popstate", comeBack);
addEventListener("scroll", rest, { passive: true });
for (const drawer of document.querySelectorAll("#pst-primary-sidebar-modal")) showPlace(drawer);
comeBack();
