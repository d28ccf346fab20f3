// What to repeat today: cards and questions whose last review is longer ago than they have earned.
import { make } from "./dom.js";
import { entry } from "./progress.js";
import { pages, ROOT } from "./shares.js";

const DAY = 86_400_000;
const REST = [1, 3, 7, 21, 60]; // days until the next review, after that many good ones in a row

/** Whether an item with this log is to be asked again. */
export function isDue(log, now = Date.now()) {
  if (!log.length) return false;
  const good = log.length - 1 - log.findLastIndex(([, grade]) => grade === 1);
  return now - Date.parse(log.at(-1)[0]) >= REST[Math.min(good, REST.length - 1)] * DAY;
}

/** [page, how many of its cards and questions are due], in the order of the course. */
export function dueOn(held, now = Date.now()) {
  const count = (page) => [...page.cards, ...page.quiz].filter((id) => isDue(entry("item", id).log, now)).length;
  return held.map((page) => [page, count(page)]).filter(([, number]) => number);
}

/** Say it in every place that asks. */
export function due() {
  const places = document.querySelectorAll(".due");
  if (!places.length) return;
  const found = dueOn(pages), sum = found.reduce((total, [, number]) => total + number, 0);
  const words = sum ? `Due today: ${sum}` : "Nothing is due today. A card or question comes back one day after a wrong answer, and 3, 7, 21 and then 60 days after right ones in a row.";
  const row = ([page, number]) => make("li", {}, make("a", { href: new URL(`${page.page}#remember`, ROOT).href }, page.title), ` ${number}`);
  for (const place of places) place.replaceChildren(make("p", {}, words), ...(sum ? [make("ul", {}, ...found.map(row))] : []));
}
