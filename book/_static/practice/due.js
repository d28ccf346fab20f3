// What to repeat today, page by page, in every place that asks.
import { make } from "./dom.js";
import { pages, ROOT } from "./shares.js";
import { dueNow } from "./today.js";

const NOTHING = "Nothing is due today. What you answer comes back when you are about to forget it: after minutes where you did not know it, after days, weeks and months where you did.";

/** [page, how many of its cards and questions are due], in the order of the course. */
function dueOn(held, due) {
  const count = (page) => [...page.cards, ...page.quiz].filter((id) => due.has(id)).length;
  return held.map((page) => [page, count(page)]).filter(([, number]) => number);
}

/** Say it in every place that asks. */
export function due() {
  const places = document.querySelectorAll(".due");
  if (!places.length) return;
  const found = dueOn(pages, new Set(dueNow())), sum = found.reduce((total, [, number]) => total + number, 0);
  const session = () => make("p", {}, make("a", { href: new URL("book/practice/review.html#now", ROOT).href }, "Today's session"));
  const row = ([page, number]) => make("li", {}, make("a", { href: new URL(`${page.page}#remember`, ROOT).href }, page.title), ` ${number}`);
  const shown = () => (sum ? [session(), make("ul", {}, ...found.map(row))] : []);
  for (const place of places) place.replaceChildren(make("p", {}, sum ? `Due today: ${sum}` : NOTHING), ...shown());
}

document.addEventListener("attnlab:due", due);
