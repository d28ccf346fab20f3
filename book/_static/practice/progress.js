// What a reader did, one entry a name: `item:<id>` (a card, a question), `exercise:<id>` (its checks), `answer:<id>` (the text that
// passed), `score:<name>` (the best count), `goal:<explorable>:<id>`, `page:<address>`, `star:<id>`, `thought:<id>` (what was written to an
// open question), `best:<id>` (the best time of a game) and `played:<id>` (how often).
// CONTRIBUTING.md describes the format; src/attnlab/exercises/_progress.py writes the same.
import { hear, hold, names, read, write } from "./storage.js";

const VERSION = 1;
const AGAIN = 1, GOOD = 3; // two of the four grades of FSRS: 1 again, 2 hard, 3 good, 4 easy

const LONGEST = 20_000; // characters of an answer

const FRESH = { item: { log: [], state: "open", tried: [] }, exercise: { attempts: 0 }, answer: {}, score: {}, goal: {}, page: {}, star: {}, thought: {}, best: {}, played: {} };
const STATES = ["open", "known", "right", "shown"];

const isTime = (value) => typeof value === "string" && !Number.isNaN(Date.parse(value));
const isText = (value) => typeof value === "string";
const isReview = (value) => Array.isArray(value) && isTime(value[0]) && [1, 2, 3, 4].includes(value[1]) && isText(value[2] ?? "");
const isGuess = (value) => isText(value) || Number.isFinite(value);
const isGiven = (value) => Array.isArray(value) && isTime(value[0]) && isGuess(value[1]);
const listOf = (values, fits) => Array.isArray(values) && values.every(fits);
const isTally = (value) => typeof value === "object" && value !== null && listOf(Object.values(value), Number.isInteger);
const SOUND = {
  item: ({ log, state, tried, guess, guesses = [], mistakes = {} }) =>
    STATES.includes(state) && listOf(log, isReview) && listOf(tried, isText) && listOf(guesses, isGiven) &&
    (guess === undefined || isGuess(guess)) && isTally(mistakes),
  exercise: ({ attempts, updated, passed, mistakes = {} }) =>
    Number.isInteger(attempts) && isTime(updated) && (passed === undefined || isTime(passed)) && isTally(mistakes),
  answer: ({ source, passed, slot }) => isText(source) && source.length <= LONGEST && isTime(passed) && isText(slot) && slot.length < 40,
  score: ({ best, updated }) => Number.isFinite(best) && best >= 0 && isTime(updated),
  goal: ({ found }) => isTime(found),
  page: ({ opened, updated, read, at = "", heading = "" }) =>
    isTime(opened) && isTime(updated) && (read === undefined || isTime(read)) && isText(at) && isText(heading),
  star: ({ starred }) => isTime(starred),
  thought: ({ text, updated }) => isText(text) && isTime(updated),
  best: ({ best, updated }) => Number.isFinite(best) && best > 0 && isTime(updated),
  played: ({ times }) => Number.isInteger(times) && times > 0,
};

// How the last four were kept at first: as a bare time, text or number. When the text was written, or the time reached, is not known.
const NEVER = "1970-01-01T00:00:00.000Z";
const isCount = (text) => /^[1-9]\d{0,14}$/.test(text);
const PLAIN = {
  star: (text) => isTime(text) && { starred: text },
  thought: (text) => (text.trim() ? { text, updated: NEVER } : FRESH.thought),
  best: (text) => isCount(text) && { best: Number(text), updated: NEVER },
  played: (text) => isCount(text) && { times: Number(text) },
};

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isEntry = (value) => typeof value === "object" && value !== null && "version" in value;

/** [entry, what is wrong with the text it came from: "", "later" or "damaged"]. */
function understood(kind, text) {
  if (text === null) return [FRESH[kind], ""];
  const found = parsed(text), plain = !isEntry(found) && PLAIN[kind]?.(text);
  if (plain) return [plain, ""];
  if (found?.version > VERSION) return [FRESH[kind], "later"];
  return found?.version === VERSION && SOUND[kind](found) ? [found, ""] : [FRESH[kind], "damaged"];
}

/** What is known of an item or exercise; nothing yet where its entry cannot be understood. */
export const entry = (kind, id) => understood(kind, read(`${kind}:${id}`))[0];

/** Whether an entry from elsewhere can be counted on. */
export const sound = (kind, found) => SOUND[kind](found);

/** Every entry of a kind that can be understood, as [id, entry]. */
export function all(kind) {
  const ids = names(`${kind}:`).map((name) => name.slice(kind.length + 1));
  return ids.map((id) => [id, entry(kind, id)]).filter(([, found]) => found !== FRESH[kind]);
}

/** Read the entry as it is now, change it, write it back; returns the new one. */
export function update(kind, id, change) {
  let changed = false;
  const next = quietly(kind, id, (old) => {
    const made = change(old);
    changed = made !== old;
    return made;
  });
  if (changed && kind !== "page") document.dispatchEvent(new CustomEvent("attnlab:kept", { detail: { kind, id } }));
  return next;
}

/** The same, and nobody on the page is told. */
export function quietly(kind, id, change) {
  const name = `${kind}:${id}`, text = read(name), [old, wrong] = understood(kind, text);
  const next = change(old);
  if (next === old) return old;
  const words = JSON.stringify({ ...next, version: VERSION });
  if (wrong === "later" || (wrong === "damaged" && !setAside(name, text))) hold(name, words);
  else write(name, words);
  return next;
}

/** Keep a text that cannot be understood beside its name, under one that nothing has yet. */
function setAside(name, text) {
  const before = names("damaged-");
  let number = 1;
  while (before.includes(`damaged-${number}:${name}`)) number += 1;
  return write(`damaged-${number}:${name}`, text);
}

/** Call `tell` when the entry may have been changed from outside this page. */
export function watch(kind, id, tell) {
  hear((name) => (name === null || name === `${kind}:${id}`) && tell());
  document.addEventListener("attnlab:taken", tell); // from a file
}

// -- what can happen to an entry; the log is only ever added to, once a round of a question, each time for a card; a page for one way of
// studying, <… data-study="learn">, has the way's name put behind the grade

const now = () => new Date().toISOString();
const counted = (tally, name) => ({ ...tally, [name]: (tally?.[name] ?? 0) + 1 });
const mode = () => globalThis.document?.querySelector("[data-study]")?.dataset.study;
const logged = (item, grade) => [...item.log, [now(), grade, ...(mode() ? [mode()] : [])]];
const first = (item, grade) => (item.tried.length ? item.log : logged(item, grade));
const whileOpen = (change) => (item) => (item.state === "open" ? change(item) : item);

/** A wrong answer was given, perhaps a sign of a misconception. */
export const missed = (answer, misconception) =>
  whileOpen((item) => ({
    ...item,
    log: first(item, AGAIN),
    tried: [...new Set([...item.tried, answer])],
    ...(misconception && { mistakes: counted(item.mistakes, misconception) }),
  }));

export const solved = whileOpen((item) => ({ ...item, log: first(item, GOOD), state: "right" }));

/** The reader had the answer shown. */
export const shown = whileOpen((item) => ({ ...item, log: first(item, AGAIN), state: "shown" }));

export const begun = (item) => ({ ...item, state: "open", tried: [] });

/** What comes true was guessed beforehand: rightly, or near enough. All guesses are kept; `guess` is that of this round. */
export const guessed = (guess, right) =>
  whileOpen((item) => ({
    ...item,
    log: logged(item, right ? GOOD : AGAIN),
    state: right ? "right" : "shown",
    guess,
    guesses: [...(item.guesses ?? []), [now(), guess]],
  }));

/** A prediction was looked at without a guess: nothing to grade. */
export const seen = whileOpen((item) => ({ ...item, state: "shown" }));

export const asked = ({ guess, ...item }) => begun(item);

/** A card was turned, and its reader knew it or did not, */
export const recalled = (knew) => graded(knew ? GOOD : AGAIN);

/** or said how well: 1 again, 2 hard, 3 good, 4 easy. */
export const graded = (grade) => (item) => ({ ...item, log: logged(item, grade), state: grade > AGAIN ? "known" : "open" });

/** The review of that time gets another grade: its reader says how well it was known. */
export const regraded = (time, grade) => (item) => ({
  ...item,
  log: item.log.map((row) => (row[0] === time ? [time, grade, ...row.slice(2)] : row)),
});

/** The review of that time is taken back: all is as in `before`, but for reviews that came from elsewhere meanwhile. */
export const withdrawn = (time, before) => (item) => ({ ...before, log: item.log.filter(([when]) => when !== time) });

/** A check of an exercise; a pass is never taken back. */
export const checked = (passed, mistake, time = now()) => (old) => ({
  ...old,
  attempts: old.attempts + 1,
  updated: time,
  ...(passed && { passed: old.passed ?? time }),
  ...(mistake && { mistakes: counted(old.mistakes, mistake) }),
});

/** A text that passed its check, in the wording that the exercise's slot had; the same text keeps its time. */
export const answered = (source, slot) => (old) =>
  old.source === source && old.slot === slot ? old : { source, slot, passed: now() };

/** A count of which the lowest is kept. */
export const beaten = (count) => (old) => (old.best <= count ? old : { best: count, updated: now() });

/** A goal of an explorable was reached; the first time counts. */
export const found = (goal) => (goal.found ? goal : { ...goal, found: now() });
