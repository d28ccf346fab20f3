// What puts a misconception right: its name, the section to read, and the exercises that know it. _ext/today.py wrote them.
import { make } from "./dom.js";
import { all } from "./progress.js";
import { weak } from "./session.js";
import { ROOT } from "./shares.js";

let asked = null;

/** id -> { title, what, read, exercises: [[id, name, minutes, address]] }. */
async function known() {
  asked ??= fetch(new URL("_static/bank/cures.json", ROOT)).then((answer) => answer.json());
  const { mistakes, exercises } = await asked;
  return (id) => {
    const [title, what, read, named] = mistakes[id] ?? [];
    return title && { title, what, read: new URL(read, ROOT).href, exercises: named.map((at) => exercises[at]) };
  };
}

/** What keeps going wrong, the worst first, each with its cure; what the course knows no longer is left out. */
export async function troubles() {
  const found = weak(all("item"), all("exercise"));
  if (!found.length) return [];
  const cure = await known();
  return found.map((one) => ({ ...one, ...cure(one.id) })).filter(({ title }) => title);
}

export const link = (href, ...words) => make("a", { href }, ...words);
export const times = (count) => (count === 1 ? "once" : count === 2 ? "twice" : `${count} times`);

/** The first of the exercises that is not passed yet, as [name, minutes, address]; the first where all are. */
export function exercise({ exercises }) {
  const passed = new Set(all("exercise").filter(([, entry]) => entry.passed).map(([id]) => id));
  const [, name, minutes, address] = exercises.find(([id]) => !passed.has(id)) ?? exercises[0] ?? [];
  return name && { name, minutes, href: new URL(address, ROOT).href };
}

/** A paragraph on one of them: what it is, where to read, and what to do. */
export function told(one) {
  const next = exercise(one);
  return [
    make("p", {}, make("strong", {}, `${one.title[0].toUpperCase()}${one.title.slice(1)}`), `, met ${times(one.count)}: ${one.what}`),
    make("p", {}, "Read ", link(one.read, "the section on it"), ...(next ? [", then do ", link(next.href, `${next.name} (${next.minutes} minutes)`)] : []), "."),
  ];
}
