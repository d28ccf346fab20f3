// A scripted dialogue, as data: where an answer leads, and when all is said.
export const START = "ask", EXAMPLE = "example", CLOSE = "close";

/** `script` is { steps: name -> { options: [{ to, right }] } }, with the steps "ask" and "close"; "example" stands between them. */
export class Dialogue {
  constructor(script) {
    this.script = script;
    this.at = START;
    this.firstTry = null; // whether the last question was right at once
    this.over = false;
  }

  get options() { return this.script.steps[this.at]?.options ?? []; }

  /** Give the answer of that number; a wrong one to the last question leaves it open. */
  choose(number) {
    const { to, right } = this.options[number];
    if (this.at !== CLOSE) return (this.at = to);
    this.firstTry ??= right;
    this.over = right;
    return this.at;
  }

  /** After the example comes the last question. */
  seen() {
    if (this.at === EXAMPLE) this.at = CLOSE;
  }
}

/** Those that the reader's answers have shown come first, the most frequent at the front; the rest keep their order. */
export const byMet = (names, met) =>
  names.map((name, at) => [name, met.get(name) ?? 0, at]).sort((one, other) => other[1] - one[1] || one[2] - other[2]).map(([name]) => name);

/** Misconception -> how often the answers to questions and exercises have shown it. */
export function tally(entries) {
  const met = new Map();
  for (const [, { mistakes = {} }] of entries) {
    for (const [name, count] of Object.entries(mistakes)) met.set(name, (met.get(name) ?? 0) + count);
  }
  return met;
}
