// The map of the course: each chapter filled as far as it is done, and the lines of the one that is pointed at.
import { done, pages, ring, share, told } from "./shares.js";
import { hear } from "./storage.js";

const held = new Map(pages.map((page) => [page.page, page]));

/** A box of the picture fills from the left; what that means is said with its title. */
function fill(box, part, words) {
  box.style.setProperty("--done", part.toFixed(3));
  box.classList.toggle("map-whole", part > 0.999);
  const title = [...box.querySelectorAll("text")].map((line) => line.textContent).join(" ");
  if (part) box.setAttribute("aria-label", `${title} (${words})`);
  else box.removeAttribute("aria-label");
}

function mark(link) {
  const page = held.get(link.dataset.map);
  if (!page) return 0;
  const counts = done(page), part = share(counts);
  if (link.matches(".map-box")) fill(link, part, told(counts));
  else if (link.closest("li")) ring(link, part, told(counts));
  return part;
}

/** How many chapters of a part are done, beside its name. */
function count(box) {
  const parts = [...box.querySelectorAll("li > a")].map(mark), whole = parts.filter((part) => part > 0.999).length;
  const share = parts.reduce((sum, part) => sum + part, 0) / parts.length;
  ring(box.querySelector("summary"), share, `${whole} of ${parts.length} chapters done`);
}

function show(map) {
  map.querySelectorAll(".map-box").forEach(mark);
  map.querySelectorAll(".map-part").forEach(count);
}

/** Light what a chapter needs and what needs it, and say why. */
function light(map, box) {
  const page = box?.dataset.map, said = map.querySelector(".map-said"), near = new Set([page]);
  for (const line of map.querySelectorAll(".map-edges path")) {
    const { from, to } = line.dataset, lit = page !== undefined && (from === page || to === page);
    line.classList.toggle("map-lit", lit);
    if (lit) near.add(from).add(to);
  }
  map.classList.toggle("map-pointed", page !== undefined);
  for (const one of map.querySelectorAll(".map-box")) one.classList.toggle("map-near", near.has(one.dataset.map));
  said.textContent = box ? box.dataset.about : "Point at a chapter to see what it builds on, and why.";
}

for (const map of document.querySelectorAll(".map")) {
  const over = ({ target }) => light(map, target.closest?.(".map-box"));
  map.querySelector(".map-said").hidden = false;
  map.addEventListener("pointerover", over);
  map.addEventListener("focusin", over);
  map.addEventListener("focusout", () => light(map, null));
  map.addEventListener("pointerleave", () => light(map, null));
  light(map, null);
  show(map);
  hear(() => show(map));
}
