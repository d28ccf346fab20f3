// Learning in rounds of about seven: what was missed comes back until it was right.
export const ROUND = 7;
const LATER = 3; // how many others come before a missed one is asked again

/** The values in rounds of about equal length, at most `size` + half of it each. */
export function rounds(values, size = ROUND) {
  const count = Math.max(1, Math.round(values.length / size)), made = [];
  for (let at = 0; at < count; at += 1) {
    made.push(values.slice(Math.round((at * values.length) / count), Math.round(((at + 1) * values.length) / count)));
  }
  return made.filter((round) => round.length);
}

/** In which order to learn: what was last missed, then what is new, then what was known, the oldest answer first. */
export function byNeed(items, logOf) {
  const need = (item) => {
    const [time, grade] = logOf(item.id).at(-1) ?? ["", 2];
    return [grade === 1 ? 0 : grade === 2 && !time ? 1 : 2, time];
  };
  const keyed = items.map((item) => [...need(item), item]);
  return keyed.sort(([one, before], [other, after]) => one - other || (before < after ? -1 : before > after ? 1 : 0)).map((row) => row[2]);
}

/** What is asked of an item: a card first among other answers, then from memory. */
export const steps = (item) => (item.kind === "card" ? ["choose", "recall"] : ["answer"]);

/** A round: `now` is what to ask, `answered(right)` goes on. */
export class Round {
  constructor(items) {
    this.queue = items.map((item) => ({ item, left: steps(item) }));
    this.total = items.length;
    this.missed = new Map(); // id -> how often
    this.asked = 0;
  }

  get now() { return this.queue[0]; }
  get over() { return this.queue.length === 0; }
  get done() { return this.total - this.queue.length; }
  get firstTry() { return this.total - this.missed.size; }

  answered(right) {
    const task = this.queue.shift();
    this.asked += 1;
    if (!right) this.missed.set(task.item.id, (this.missed.get(task.item.id) ?? 0) + 1);
    const left = right ? task.left.slice(1) : task.left;
    if (left.length) this.queue.splice(LATER, 0, { ...task, left });
  }
}
