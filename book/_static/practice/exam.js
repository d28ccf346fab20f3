// What a practice test is made of, and how it is judged: numbers and lists, nothing of the page.
import { means } from "./numbers.js";
import { mixed } from "./seeded.js";

export const LENGTHS = [10, 20, 40];
export const KINDS = { card: "cards, as choices", choice: "choices", true_false: "true or false", numeric: "numbers", cloze: "gaps", match: "pairs", sort: "sorting", order: "orders" };
export const SURE = [["guess", "a guess"], ["think", "I think so"], ["sure", "certain"]];

/** The choices in an address, and what stands in for what is missing or is none. */
export function wished(given, parts) {
  const list = (name, known) => {
    const found = (given.get(name) ?? "").split(",").filter((one) => known.includes(one));
    return found.length ? found : null;
  };
  const seed = Number(given.get("seed"));
  const length = Number(given.get("n"));
  return {
    parts: list("parts", parts) ?? parts.slice(0, 1),
    kinds: list("kinds", Object.keys(KINDS)) ?? Object.keys(KINDS),
    n: LENGTHS.includes(length) ? length : LENGTHS[0],
    seed: Number.isInteger(seed) && seed > 0 ? seed : null,
  };
}

export const addressOf = ({ parts, kinds, n, seed }) => ({ seed, n, parts: parts.join(","), kinds: kinds.join(",") });

/** The questions of a test: the same for the same choices, whatever the order in which the bank comes. */
export function paper(items, { parts, kinds, n, seed }) {
  const fits = items.filter((item) => parts.includes(item.chapter.split("/")[0]) && kinds.includes(item.kind));
  return mixed(fits.sort((one, other) => (one.id < other.id ? -1 : 1)), seed).slice(0, n);
}

const plain = (text) => text.toLowerCase().replace(/[$`*_{}\\]/g, "").replace(/[\s-]+/g, " ").trim();

const JUDGES = {
  one: ({ right }, answer) => answer === right,
  number: ({ right, tolerance, percent }, answer) => means(answer, right, tolerance, { percent }),
  text: ({ right }, answer) => plain(answer) === plain(right),
  places: ({ right }, answer) => right.every((place, at) => answer[at] === place),
};

/** Whether nothing, or not all of it, was answered. */
export const blank = (answer) => answer === null || answer === "" || (Array.isArray(answer) && answer.some((one) => one === ""));

/** True where an answer is right as a whole; a question { form, right, … } that was left out is not. */
export const judged = (question, answer) => !blank(answer) && JUDGES[question.form](question, answer);

/** { right, of, left } of answers [{ right, left }]. */
export function score(answers) {
  return { right: answers.filter((one) => one.right).length, left: answers.filter((one) => one.left).length, of: answers.length };
}

/** For each degree of confidence how many of the answers given had it, and how many of those were right. */
export function calibration(answers) {
  return SURE.map(([name, words]) => {
    const such = answers.filter((one) => one.sure === name && !one.left);
    return { words, of: such.length, right: such.filter((one) => one.right).length };
  });
}

/** What that says in a sentence. */
export function verdict(rows) {
  const [guess, , sure] = rows, share = ({ right, of }) => right / of;
  if (!sure.of) return "You were certain of none.";
  const wrong = sure.of - sure.right;
  if (wrong) return `Of ${sure.of} you were certain of, ${wrong === 1 ? "1 was" : `${wrong} were`} wrong: begin with ${wrong === 1 ? "it" : "those"}.`;
  if (guess.of && share(guess) > 0.5) return "All you were certain of was right, and most of your guesses too: trust yourself more.";
  return "All you were certain of was right.";
}
