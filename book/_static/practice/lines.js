// The lines of a solution, to put in order; some belong to a well-known mistake instead.
import { make, parts, words } from "./dom.js";
import { ordering } from "./order.js";

const numbers = (list) => list.split(" ").filter(Boolean).map(Number);

const BELOW = "the line it is indented under is not right above it.";
const MISSING = "what it needs is not above it yet.";

/** Any order in which every line finds what it needs above it, and a block stays together. */
function judgeOf(steps) {
  return (mine) => {
    const found = mine.map((line, i) => against(line, mine.slice(0, i), steps)), at = found.findIndex(Boolean);
    return at < 0 ? null : { at, because: make("span", {}, `Look at line ${at + 1}: `, ...found[at]) };
  };
}

/** What speaks against a line below those above it; null where nothing does. */
function against(line, above, steps) {
  if (line.dataset.part === "stray") return ["it belongs to a mistake, ", ...words(line, "reason"), "."];
  if (line.dataset.tied && above.at(-1) !== steps[steps.indexOf(line) - 1]) return [BELOW];
  return numbers(line.dataset.after).every((number) => above.includes(steps[number])) ? null : [MISSING];
}

export function lines(item, root) {
  const steps = parts(root, "step"), strays = parts(root, "stray");
  const how = `Press the lines in the order in which they run: ${steps.length} of the ${steps.length + strays.length} belong. A placed line goes up and down with the arrow keys, and a press takes it back.`;
  return ordering(item, how, { steps, strays, judge: judgeOf(steps), name: "line" });
}
