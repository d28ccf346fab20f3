// What has been asked and when it is due again, worked out from the logs, and kept as one short entry, so that every page can count
// without reading them. The entry is a copy: what counts are the logs, and it is made anew wherever it may be out of step.
import { all, entry } from "./progress.js";
import { replayed } from "./schedule.js";
import { pages } from "./shares.js";
import { read, write } from "./storage.js";

const VERSION = 1;

function parsed(name) {
  try {
    return JSON.parse(read(name)) ?? {};
  } catch {
    return {};
  }
}

/** What the reader set on the page of today's session: limits a day, and chapters chosen (true) or left out (false). */
export function wishes() {
  const { fresh, most, chosen } = parsed("review"), count = (value, otherwise) => (Number.isInteger(value) && value >= 0 ? value : otherwise);
  return { fresh: count(fresh, 10), most: count(most, 100), chosen: typeof chosen === "object" && chosen !== null ? chosen : {} };
}

export const wish = (change) => write("review", JSON.stringify({ ...wishes(), ...change, version: VERSION }));

/** Ids of what can be asked in the chapters that are not left out. */
function asked() {
  const { chosen } = wishes();
  return new Set(pages.filter(({ page }) => chosen[page] !== false).flatMap(({ quiz, cards }) => [...quiz, ...cards]));
}

/** id -> [log, card] of everything that was ever asked, as it follows from the logs. */
export const replays = () =>
  new Map(all("item").filter(([, { log }]) => log.length).map(([id, { log }]) => [id, [log, replayed(log)]]));

const keep = (due) => write("due", JSON.stringify({ version: VERSION, due }));

/** Make the entry anew; from `found` where the replays are at hand. */
export function recount(found = replays()) {
  const known = asked();
  keep(Object.fromEntries([...found].filter(([id]) => known.has(id)).map(([id, [, card]]) => [id, card.due])));
}

/** Bring the entry up to date with these items. */
export function recounted(ids) {
  const { version, due } = parsed("due");
  if (version !== VERSION) return recount();
  const known = asked(), next = { ...due };
  for (const id of ids) {
    const { log } = entry("item", id);
    if (log.length && known.has(id)) next[id] = replayed(log).due;
    else delete next[id];
  }
  keep(next);
}
