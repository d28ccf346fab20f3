// Choose one of several; a wrong choice is struck out with its own reason.
import { labelled, make, parts, spoken, words } from "./dom.js";

export function choice(item, root) {
  const options = parts(root, "option").map((option) => new Option(item, root, option));
  return {
    nodes: [make("div", { class: "options" }, ...options.map(({ control }) => control))],
    finish: () => options.find(({ right }) => right).sign(),
    mark: (answer) => options.find(({ name, right }) => name === answer && !right)?.sign(),
  };
}

class Option {
  constructor(item, root, part) {
    Object.assign(this, { item, root, part });
    const [label] = parts(part, "label");
    this.right = part.dataset.right === "yes";
    this.name = spoken(label);
    this.control = labelled("option", () => this.press(), label, make("span", { class: "sign", "aria-hidden": "true" }));
  }

  sign() {
    this.control.classList.add(this.right ? "is-right" : "is-wrong");
    this.control.setAttribute("aria-label", `${this.name} (${this.right ? "right" : "not this one"})`);
  }

  press() {
    if (this.item.done || this.control.classList.contains("is-wrong")) return;
    if (this.right) return this.item.finish();
    this.sign();
    const own = words(this.part, "feedback");
    this.item.missAs(this.part.dataset.misconception, this.name, ...(own.length ? own : words(this.root, "why")));
  }
}
