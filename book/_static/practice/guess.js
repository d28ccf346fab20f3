// What is guessed: one of several, or a number, which may be off by a factor.
import { contents, labelled, make, parts, spoken, verdict } from "./dom.js";
import { readings } from "./numbers.js";
import { off } from "./summary.js";

const ends = (text) => text.replace(/[.\s]+$/, "");

export function choices(prediction) {
  const options = parts(prediction.root, "option").map((part) => new Option(prediction, part));
  const found = (guess) => options.find(({ name }) => name === guess);
  return {
    nodes: [make("div", { class: "options" }, ...options.map(({ control }) => control))],
    lay: (guess, done) => options.forEach((option) => option.lay(option.name === guess, done)),
    words: (guess) => ["You said: ", ...(found(guess) ? contents(found(guess).label) : [ends(guess)])],
    judge: (guess) => {
      const right = Boolean(found(guess)?.right);
      return { right, head: right ? "Right." : "Not this." };
    },
  };
}

class Option {
  constructor(prediction, part) {
    [this.label] = parts(part, "label");
    this.name = spoken(this.label);
    this.right = part.dataset.right === "yes";
    const sign = make("span", { class: "sign", "aria-hidden": "true" });
    this.control = labelled("option", () => prediction.guess(this.name), this.label, sign);
  }

  lay(mine, done) {
    const notes = done ? [mine && "your guess", this.right && "what it is"].filter(Boolean) : [];
    this.control.classList.toggle("is-right", done && this.right);
    this.control.classList.toggle("is-wrong", done && mine && !this.right);
    this.control.setAttribute("aria-disabled", String(done));
    this.control.setAttribute("aria-label", this.name + (notes.length ? ` (${notes.join(", ")})` : ""));
  }
}

const short = (value) => new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 }).format(value);
const typed = (value) => new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 12 }).format(value);

/** The number that a text means, in the unit asked for; of two readings the one nearer to the truth, NaN for none. */
export function meant(text, truth, unit) {
  const bare = unit && text.trim().toLowerCase().endsWith(unit.toLowerCase()) ? text.trim().slice(0, -unit.length) : text;
  const found = readings(bare, { percent: unit === "%" }).filter((value) => value > 0);
  return found.sort((a, b) => off(a, truth).factor - off(b, truth).factor)[0] ?? NaN;
}

export function number(prediction) {
  const { answer, near, unit } = parts(prediction.root, "number")[0].dataset, truth = Number(answer);
  const input = make("input", { id: `in-${prediction.id}`, type: "text", size: 10, autocomplete: "off", spellcheck: "false" });
  const go = make("button", { class: "go", type: "submit" }, "Guess");
  const guess = (event) => {
    event.preventDefault();
    if (prediction.done) return;
    const value = meant(input.value, truth, unit);
    input.setAttribute("aria-invalid", String(Number.isNaN(value)));
    if (value) prediction.guess(value);
    else prediction.status.replaceChildren(verdict("", "Type a number above 0, such as 0.25 or 1/4."));
  };
  const label = make("label", { for: input.id }, "Your guess");
  return {
    nodes: [make("form", { class: "entry", onsubmit: guess, novalidate: true }, label, input, unit && make("span", {}, unit), go)],
    lay: (mine, done) => {
      if (done || input.readOnly) input.value = done && mine !== undefined ? typed(mine) : "";
      input.readOnly = done;
      go.setAttribute("aria-disabled", String(done));
    },
    words: (mine) => [`You said ${typed(mine)} ${unit}`.trim()],
    judge: (mine) => {
      const { factor, side } = off(mine, truth), right = factor <= Number(near) * (1 + 1e-9);
      const head = !side ? "Right." : right ? "Near." : `Too ${side} by a factor of ${short(factor)}.`;
      return { right, head, joint: side ? "it is " : "" };
    },
  };
}
