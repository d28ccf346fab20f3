// When a card or question is asked again: its state follows from its log alone, replayed review by review. What memory does between two
// reviews is FSRS, by ts-fsrs; the calendar is here. tests/test_schedule.py replays the same logs with the Python package `fsrs`.
import { FSRSAlgorithm, generatorParameters } from "../fsrs/fsrs.js";

export const DAY = 86_400_000;
const MINUTE = 60_000, HARD = 2, GOOD = 3;
const WAIT = [0, 10 * MINUTE, 15 * MINUTE]; // by the grade, of what is not known yet

const memory = new FSRSAlgorithm(generatorParameters({ request_retention: 0.9, enable_fuzz: false, enable_short_term: true }));

/** What both replays must have in common. */
export const settings = () => ({ w: [...memory.parameters.w], retention: 0.9, steps: WAIT.slice(1) });

/** The card after one more review at `time`; `before` is null at the first. Times are milliseconds, stability is in days. */
export function reviewed(before, time, grade) {
  const days = before ? Math.floor((time - before.last) / DAY) : 0;
  const { stability, difficulty } = memory.next_state(before, days, grade);
  const known = before?.state === "review", holds = grade >= GOOD || (grade === HARD && known);
  const state = holds ? "review" : !before || before.state === "learning" ? "learning" : "relearning";
  const due = time + (holds ? memory.next_interval(stability, days) * DAY : WAIT[grade]);
  return { state, stability, difficulty, last: time, due, reviews: (before?.reviews ?? 0) + 1, lapses: (before?.lapses ?? 0) + (known && !holds ? 1 : 0) };
}

/** The times of a log, none after the next one: where a clock was wrong for a while, or went back, the later reviews are believed. */
export function times(log) {
  const found = log.map(([time]) => Date.parse(time));
  for (let at = found.length - 2; at >= 0; at -= 1) found[at] = Math.min(found[at], found[at + 1]);
  return found;
}

/** The card after all reviews of its log; null where there is none. */
export function replayed(log) {
  const when = times(log);
  return log.reduce((card, [, grade], at) => reviewed(card, when[at], grade), null);
}

/** How likely the card is recalled now. */
export const recall = (card, now) => memory.forgetting_curve(Math.max(0, now - card.last) / DAY, card.stability);

/** The end of the reader's day. */
export const midnight = (now) => new Date(now).setHours(24, 0, 0, 0);

/** Whether a card is due before the reader's day ends; one that was last seen in the future is, for some clock is wrong. */
export const isDue = (card, now) => card.due < midnight(now) || card.last > now + DAY;

/** What each grade would make of the card now: the time until it is asked again, by grade. */
export const outlook = (card, now) => [1, 2, 3, 4].map((grade) => reviewed(card && { ...card, last: Math.min(card.last, now) }, now, grade).due - now);

const UNITS = [[365 * DAY, "year"], [30 * DAY, "month"], [DAY, "day"], [60 * MINUTE, "hour"], [MINUTE, "minute"]];

/** "10 minutes", "1 day", "2.5 months". */
export function span(time) {
  const [length, unit] = UNITS.find(([length]) => time >= length) ?? UNITS.at(-1);
  const count = length > DAY ? Math.round((time / length) * 10) / 10 : Math.round(time / length);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
