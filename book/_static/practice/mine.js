// "Your own model": which pieces this reader has, marked in the drawing; a sentence that says how many, and which is next; best counts.
import { listen } from "./answers.js";
import { make } from "./dom.js";
import { all } from "./progress.js";
import { hear } from "./storage.js";

const YOURS = "✓ yours", COURSE = "the course's";
const anchor = (id) => `exercise-${id.replace(/[._]/g, "-")}`;
const words = (box) => box.querySelector("text").textContent;
const listed = (parts) => [parts.slice(0, -1).join(", "), parts.at(-1)].filter(Boolean).join(" and ");

/** A box of the drawing is the reader's or the course's: its fill, its second line, and what it is called. */
function mark(box, mine) {
  box.querySelector("rect").setAttribute("class", `f f-${mine ? "weight" : "plain"}`);
  box.querySelector("text:last-of-type").textContent = mine ? YOURS : COURSE;
  box.setAttribute("aria-label", `${words(box)}, ${mine ? "yours" : COURSE}`);
}

function counted() {
  const best = all("score").map(([name, { best: count }]) => `${count.toLocaleString("en-GB")} ${name.replaceAll("_", " ")}`);
  return best.length ? [make("p", { class: "how" }, `Your best counts so far: ${listed(best)}.`)] : [];
}

function told(boxes, mine) {
  const missing = boxes.find((box) => !mine(box)), have = boxes.filter(mine).length;
  const next = missing ? ["Next: ", make("a", { href: missing.getAttribute("href") }, words(missing)), "."] : ["The whole model is yours."];
  return make("p", {}, make("strong", {}, `${have} of ${boxes.length} pieces are yours.`), " ", ...(have ? next : ["Pass one of these exercises, and it is kept here. ", ...next]));
}

function show(drawing, said) {
  const passed = new Set(all("answer").map(([id]) => anchor(id)));
  const mine = (box) => passed.has(box.dataset.page.split("#")[1]);
  const boxes = [...drawing.querySelectorAll("a[data-page]")];
  for (const box of boxes) mark(box, mine(box));
  said.replaceChildren(told([...drawing.querySelectorAll(".wide a[data-page]")], mine), ...counted());
}

for (const drawing of document.querySelectorAll('.dg[data-diagram="your_model"]')) {
  const said = make("div", { class: "own-said", role: "status" });
  drawing.after(said);
  const again = () => show(drawing, said);
  again();
  hear((name) => (name === null || /^(answer|score):/.test(name)) && again());
  for (const event of ["attnlab:kept", "attnlab:taken"]) document.addEventListener(event, again);
}

listen();
