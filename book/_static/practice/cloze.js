// A gap in a sentence; case, spaces and marks do not count.
import { contents, parts } from "./dom.js";
import { entry } from "./entry.js";

const plain = (text) => text.toLowerCase().replace(/[$`*_{}\\]/g, "").replace(/[\s-]+/g, " ").trim();

export function cloze(item, root) {
  const [gap] = parts(root, "gap");
  return entry(item, {
    label: "What fills the gap",
    attributes: { type: "text", size: 24 },
    judge: (text) => (text.trim() === "" ? null : plain(text) === plain(gap.dataset.answer)),
    because: () => ["Try again, or have the answer shown."],
    unreadable: "Type what belongs in the gap.",
    answer: contents(gap),
    plain: gap.dataset.answer,
  });
}
