// What a session asks, and in which order: pure functions of what is known, so that tests can put them to the test.
import { isDue } from "./schedule.js";

const morning = (now) => new Date(now).setHours(0, 0, 0, 0);

/** How many items were new in today's sessions, and how many were repeated. */
export function done(logs, now) {
  const begins = morning(now), of = { fresh: 0, repeated: 0 };
  for (const log of logs) {
    const today = log.filter(([time, , mode]) => mode === "review" && Date.parse(time) >= begins && Date.parse(time) <= now);
    if (today.length) of[log[0] === today[0] ? "fresh" : "repeated"] += 1;
  }
  return of;
}

/** `few` spread evenly among `many`, the first of them not at the front. */
export function spread(many, few) {
  const every = (many.length + few.length) / Math.max(1, few.length), mixed = [];
  let [next, taken] = [0, 0];
  for (let at = 0; at < many.length + few.length; at += 1) {
    const turn = taken < few.length && (next >= many.length || (next > 0 && at + 1 >= Math.round((taken + 1) * every)));
    mixed.push(turn ? few[taken] : many[next]);
    if (turn) taken += 1;
    else next += 1;
  }
  return mixed;
}

/**
 * Today's session. `items` are those of the bank in the order of the course, `cards` id -> card of those asked before, `open(page)`
 * whether new items may come from there, `out(page)` whether nothing may; `wishes` are the limits a day, `before` what was done today.
 * Gives ids: due (the longest overdue first), fresh, and queue, both mixed; and how many of each wait for another day.
 */
export function plan({ items, cards, open, out, wishes, before, now }) {
  const there = items.filter(({ page }) => !out(page));
  const due = there.filter(({ id }) => cards.has(id) && isDue(cards.get(id), now)).sort((one, other) => cards.get(one.id).due - cards.get(other.id).due);
  const fresh = there.filter(({ id, page }) => !cards.has(id) && open(page));
  const most = Math.max(0, wishes.most - before.repeated), some = Math.max(0, wishes.fresh - before.fresh);
  const [dueIds, freshIds] = [due.slice(0, most), fresh.slice(0, some)].map((list) => list.map(({ id }) => id));
  return { due: dueIds, fresh: freshIds, queue: spread(dueIds, freshIds), waiting: { due: due.length - dueIds.length, fresh: fresh.length - freshIds.length } };
}

/**
 * The misconceptions that answers showed, those that keep coming back first. What was answered rightly since weighs a fifth.
 * `items` and `exercises` are [id, entry]; gives {id, count, weight, items, exercises}.
 */
export function weak(items, exercises) {
  const found = new Map();
  const add = (kind, id, mistakes = {}, mended = false) => {
    for (const [name, count] of Object.entries(mistakes)) {
      const one = found.get(name) ?? { id: name, count: 0, weight: 0, items: [], exercises: [] };
      one[kind].push(id);
      found.set(name, { ...one, count: one.count + count, weight: one.weight + count * (mended ? 0.2 : 1) });
    }
  };
  for (const [id, { mistakes, log }] of items) add("items", id, mistakes, log.length > 0 && log.at(-1)[1] > 1);
  for (const [id, { mistakes, passed }] of exercises) add("exercises", id, mistakes, Boolean(passed));
  return [...found.values()].sort((one, other) => other.weight - one.weight || other.count - one.count);
}

/** How far a part or a concept is mastered: the mean chance that its items are recalled, 0 for what was never asked. */
export const mastery = (recalls) => (recalls.length ? recalls.reduce((sum, one) => sum + one, 0) / recalls.length : 0);
