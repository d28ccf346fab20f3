// A diagnostic: first tries by topic, and the pages they lead to.
import { make, unkeptNote } from "./dom.js";
import { startAgain, started } from "./quiz.js";

/** One topic: its questions, and the line that names what to read after a miss. */
class Topic {
  constructor(box, changed) {
    this.advice = [...box.querySelectorAll(":scope > p")].find((line) => line.querySelector("a"));
    this.items = started(box, changed);
  }

  get right() { return this.items.filter((item) => item.firstTry).length; }
  get missed() { return this.items.filter((item) => item.slipped).length; }

  /** A link to what to read, and how much was missed. */
  reading() {
    const link = this.advice.querySelector("a").cloneNode(true);
    return make("li", {}, link, ` (missed ${this.missed} of ${this.items.length})`);
  }
}

export function diagnostic(box) {
  const result = make("div", { class: "diagnosis", role: "status" });
  const tell = () => {
    for (const topic of topics) topic.advice.hidden = topic.missed === 0;
    result.replaceChildren(...diagnosis(topics));
  };
  const topics = [...box.querySelectorAll(".diagnostic-topic")].map((part) => new Topic(part, () => tell()));
  tell();
  const again = startAgain(topics.flatMap((topic) => topic.items), tell);
  box.append(result, make("div", { class: "foot" }, again), unkeptNote());
}

/** Where the answers so far lead: a sentence, and a list of the refreshers that are needed. */
function diagnosis(topics) {
  const sum = (count) => topics.reduce((total, topic) => total + count(topic), 0);
  const all = sum((topic) => topic.items.length), right = sum((topic) => topic.right);
  const needed = topics.filter((topic) => topic.missed), left = all - right - sum((topic) => topic.missed);
  const line = make("p", { class: "score" }, sentence({ all, right, left, needed: needed.length > 0 }));
  return needed.length ? [line, make("ul", {}, ...needed.map((topic) => topic.reading()))] : [line];
}

function sentence({ all, right, left, needed }) {
  if (left === all) return `${all} questions; the first try counts.`;
  if (left) return `${right} right, ${left} to go.${needed ? " So far, read:" : ""}`;
  return needed ? `${right} of ${all} right. Read before you start:` : `All ${all} right: start.`;
}
