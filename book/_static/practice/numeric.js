// A number to type; a known wrong one gets its own reason.
import { contents, parts } from "./dom.js";
import { entry } from "./entry.js";
import { means, readings } from "./numbers.js";

export function numeric(item, root) {
  const { answer, tolerance, percent } = parts(root, "number")[0].dataset;
  const unit = { percent: percent === "yes" };
  const hits = (text, number) => means(text, Number(number), Number(tolerance), unit);
  return entry(item, {
    label: "Your number",
    attributes: { type: "text", inputmode: "text", size: 12 },
    judge: (text) => (readings(text, unit).length ? hits(text, answer) : null),
    because: (text) => {
      const slip = parts(root, "slip").find((part) => hits(text, part.dataset.number));
      return slip ? contents(slip) : ["Try again, or have the answer shown."];
    },
    unreadable: "Type a number, such as 0.25 or 1/4.",
    answer: [answer],
    plain: answer,
  });
}
