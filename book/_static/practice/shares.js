// How much of each page is done, in numbers, in words and as a ring: for the sidebar (way.js) and the map (map.js).
import { make } from "./dom.js";
import { entry } from "./progress.js";

export const ROOT = new URL("../../", import.meta.url);
/** What each page of the course holds, as _ext/way.py wrote it. */
export const pages = await fetch(new URL("_static/way.json", ROOT)).then((answer) => answer.json()).catch(() => []);

const WEIGHTS = { read: 3, exercises: 4, quiz: 1, cards: 1 };

const isDone = {
  exercises: (id) => Boolean(entry("exercise", id).passed),
  quiz: (id) => entry("item", id).state !== "open",
  cards: (id) => entry("item", id).state === "known",
};

/** What is done of a page: [done, of] for its reading, exercises, questions and cards. */
export function done(page) {
  const counts = Object.fromEntries(Object.entries(isDone).map(([kind, test]) => [kind, [page[kind].filter(test).length, page[kind].length]]));
  const { opened, read } = entry("page", page.page);
  return { read: [read ? 1 : opened ? 0.25 : 0, 1], ...counts };
}

/** The share of a page that is done, 0 to 1. */
export function share(counts) {
  const kinds = Object.keys(WEIGHTS).filter((kind) => counts[kind][1]);
  const total = kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0);
  return kinds.reduce((sum, kind) => sum + (WEIGHTS[kind] * counts[kind][0]) / counts[kind][1], 0) / total;
}

export function told({ read, exercises, quiz, cards }) {
  return [
    read[0] === 1 ? "read" : read[0] ? "opened" : "",
    exercises[1] ? `${exercises[0]} of ${exercises[1]} exercises` : "",
    quiz[1] ? `quiz ${quiz[0]} of ${quiz[1]}` : "",
    cards[1] ? `${cards[0]} of ${cards[1]} cards` : "",
  ].filter(Boolean).join(" · ");
}

/** A ring that fills, with its meaning in words for those who do not see it. */
export function ring(place, part, words) {
  let mark = place.querySelector(":scope > .way-ring");
  if (!mark) place.append((mark = make("span", { class: "way-ring" }, make("span", { class: "visually-hidden" }))));
  mark.style.setProperty("--done", part.toFixed(3));
  mark.classList.toggle("way-whole", part > 0.999);
  mark.hidden = part === 0;
  mark.firstChild.textContent = part ? ` (${words})` : "";
}
