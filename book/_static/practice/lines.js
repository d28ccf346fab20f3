// The lines of a solution, to put in order; some belong to a well-known mistake instead.
import { make, parts, words } from "./dom.js";
import { ordering } from "./order.js";

const numbers = (list) => list.split(" ").filter(Boolean).map(Number);

/** Any order in which every line finds what it needs above it, and a block stays together. */
function judgeOf(steps) {
  return (mine) => {
    const at = mine.findIndex((line, i) => !fits(line, mine.slice(0, i), steps));
    if (at < 0) return null;
    return { at, because: because(at, words(mine[at], "reason")) };
  };
}

/** A stray line names its mistake; any other stands where something it needs is not above it yet. */
function because(at, reason) {
  const said = reason.length ? ["it belongs to a mistake, ", ...reason, "."] : ["what it needs is not above it yet."];
  return make("span", {}, `Look at line ${at + 1}: `, ...said);
}

function fits(line, above, steps) {
  if (line.dataset.part === "stray") return false;
  const needs = numbers(line.dataset.after).every((number) => above.includes(steps[number]));
  return needs && (!line.dataset.tied || above.at(-1) === steps[steps.indexOf(line) - 1]);
}

export function lines(item, root) {
  const steps = parts(root, "step"), strays = parts(root, "stray");
  const how = `Press the lines in the order in which they run: ${steps.length} of the ${steps.length + strays.length} belong.`;
  return ordering(item, how, { steps, strays, judge: judgeOf(steps), name: "Lines" });
}
