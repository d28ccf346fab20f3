// Two accounts of the same thing become one in which nothing is lost: logs are united, what happened first keeps its time, and
// of what can only be one way the newer account counts. Merging the same account again changes nothing.

const time = (text) => Date.parse(text ?? "") || 0;
const latest = (one, other) => (time(other) > time(one) ? other : one);
const earliest = (...times) => times.filter(Boolean).sort((one, other) => time(one) - time(other))[0];

/** The rows of both logs in order of time, each once. */
function united(one = [], other = []) {
  const rows = new Map([...one, ...other].map((row) => [JSON.stringify(row), row]));
  return [...rows.values()].sort(([before], [after]) => time(before) - time(after));
}

/** For each name the higher of two counts. */
function highest(one = {}, other = {}) {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(names.map((name) => [name, Math.max(one[name] ?? 0, other[name] ?? 0)]));
}

const mistakesOf = (own, other) => (own.mistakes || other.mistakes ? highest(own.mistakes, other.mistakes) : undefined);
const newer = (own, other) => (time(other.updated) > time(own.updated) ? other : own);
const given = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function exercise(own, other) {
  const attempts = Math.max(own.attempts, other.attempts);
  return { ...own, ...newer(own, other), ...given({ attempts, passed: earliest(own.passed, other.passed), mistakes: mistakesOf(own, other) }) };
}

function page(own, other) {
  const { opened, read } = { opened: earliest(own.opened, other.opened), read: earliest(own.read, other.read) };
  return { ...own, ...newer(own, other), ...given({ opened, updated: latest(own.updated, other.updated), read }) };
}

const last = ({ log, guesses = [] }) => Math.max(0, ...[...log, ...guesses].map(([when]) => time(when)));
const unfinished = ({ state, tried, log }) => state === "open" && (tried.length > 0 || log.length === 0);

function item(own, other) {
  const ahead = last(other) - last(own), counts = ahead > 0 || (ahead === 0 && unfinished(own)) ? other : own;
  const guesses = united(own.guesses, other.guesses);
  return { ...counts, log: united(own.log, other.log), ...(guesses.length && { guesses }), ...given({ mistakes: mistakesOf(own, other) }) };
}

const goal = (own, other) => ({ ...own, ...given({ found: earliest(own.found, other.found) }) });

/** The answer that passed last. */
function answer(own, other) {
  const ahead = time(other.passed) - time(own.passed) || (other.source > own.source) - 0.5;
  return ahead > 0 ? { ...own, ...other } : own;
}

/** The lower count, and the first time that it was reached. */
function score(own, other) {
  const ahead = (own.best ?? Infinity) - (other.best ?? Infinity) || time(own.updated) - time(other.updated);
  return ahead > 0 ? { ...own, ...other } : own;
}

const star = (own, other) => ({ ...own, ...given({ starred: earliest(own.starred, other.starred) }) });
const played = (own, other) => ({ ...own, times: Math.max(own.times ?? 0, other.times) });

const paragraphs = (text = "") => text.split(/\n\s*\n/).map((one) => one.trim()).filter(Boolean);

/** Both texts, the newer first; of the older only the paragraphs that the newer has not. */
function thought(own, other) {
  const ahead = time(other.updated) - time(own.updated) || (other.text > own.text) - 0.5;
  const [first, second] = ahead > 0 ? [other, own] : [own, other];
  const more = (one, two) => paragraphs(one.text).filter((words) => !paragraphs(two.text).includes(words));
  const text = !more(second, first).length ? first.text : !more(first, second).length ? second.text : [first.text, ...more(second, first)].join("\n\n");
  return { ...own, text, ...given({ updated: latest(own.updated, other.updated) }) };
}

const KINDS = { answer, best: score, exercise, goal, item, page, played, score, star, thought };

/** One entry of a kind from two; `own` itself where the other has nothing to add. */
export function merged(kind, own, other) {
  const both = KINDS[kind](own, other);
  return JSON.stringify(both) === JSON.stringify(own) ? own : both;
}
