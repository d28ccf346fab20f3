// A quiz: its items, one line of score.
import { button, focusOn, make, unkeptNote } from "./dom.js";
import { Item } from "./item.js";
import { kindOf } from "./kinds.js";

export const frames = (box) => [...box.querySelectorAll(".item")].filter((frame) => frame.querySelector("template"));

export const started = (box, changed) => frames(box).map((frame) => new Item(frame, kindOf(frame), changed));

function score(items) {
  const count = (fits) => items.filter(fits).length;
  const done = count((item) => item.done), shown = count((item) => item.known.state === "shown");
  if (!done) return `${items.length} questions.`;
  const first = `${done} of ${items.length} answered, ${count((item) => item.firstTry)} right at the first try`;
  return shown ? `${first}, ${shown} shown.` : `${first}.`;
}

export function quiz(box) {
  const line = make("p", { class: "score", role: "status" });
  const tell = () => (line.textContent = score(items));
  const items = started(box, () => tell());
  tell();
  box.append(make("div", { class: "foot" }, line, startAgain(items, tell)), unkeptNote());
}

/** All items as they were before the first answer; what was logged stays. */
export function startAgain(items, tell) {
  const act = () => {
    for (const item of items) item.again();
    tell();
    focusOn(items[0].form);
  };
  return button("quiet", act, "Start again");
}
