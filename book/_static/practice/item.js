// One quiz item: a form made from its template, in the state in which its reader left it.
import { button, contents, focusOn, make, parts, verdict, words } from "./dom.js";
import { begun, entry, missed, shown, solved, update, watch } from "./progress.js";

const WORDS = { yes: "Right.", no: "Not this.", part: "Good, go on.", shown: "Answer:" };

export class Item {
  /** `kind(item, root)` gives { nodes, finish, mark?, answer? }; `changed()` is called after each answer. */
  constructor(frame, kind, changed) {
    Object.assign(this, { frame, kind, changed });
    const template = frame.querySelector("template");
    this.id = template.dataset.item;
    this.root = template.content;
    this.form = make("div", { class: "play", role: "group" });
    frame.classList.add("live");
    template.after(this.form);
    this.render(this.opening());
    watch("item", this.id, () => this.follow());
  }

  /** The state in which it is shown at first. */
  opening() {
    return entry("item", this.id);
  }

  get done() { return this.known.state !== "open"; }
  get firstTry() { return this.known.state === "right" && !this.known.tried.length; }
  get slipped() { return this.known.state === "shown" || this.known.tried.length > 0; }

  /** Lay the form out anew, as far as the reader had come. */
  render(known) {
    this.known = known;
    this.status = make("div", { class: "play-status", role: "status" });
    this.play = this.kind(this, this.root);
    const prompt = make("p", { class: "play-prompt", id: `ask-${this.id}` }, ...contents(parts(this.root, "prompt")[0]));
    this.form.setAttribute("aria-labelledby", prompt.id);
    const nodes = [prompt, ...this.play.nodes, this.status];
    for (const answer of known.tried) this.play.mark?.(answer);
    if (this.done) this.close(nodes);
    else if (this.slipped) this.status.append(verdict("no", "Missed at the first try."));
    this.form.replaceChildren(...nodes);
  }

  /** Another tab, or this page before Back, may know more. */
  follow() {
    const { state, tried } = entry("item", this.id);
    if (state === this.known.state && tried.length === this.known.tried.length) return;
    const focused = this.form.contains(document.activeElement);
    this.render(entry("item", this.id));
    if (focused) focusOn(this.form);
    this.changed();
  }

  keep(change) {
    this.known = update("item", this.id, change);
  }

  say(kind, ...children) {
    this.status.replaceChildren(verdict(kind, make("strong", {}, WORDS[kind]), " ", ...children));
  }

  /** A wrong answer, as text, and what is said to it. */
  miss(answer, ...children) {
    this.missAs(undefined, answer, ...children);
  }

  /** The same, of an answer that is a sign of a misconception. */
  missAs(misconception, answer, ...children) {
    this.keep(missed(answer, misconception));
    this.say("no", ...children);
    this.changed();
  }

  finish() {
    this.keep(solved);
    this.close([this.form]);
    this.changed();
  }

  show() {
    this.keep(shown);
    this.close([this.form]);
    this.changed();
  }

  again() {
    this.keep(begun);
    this.render(this.known);
  }

  /** Nothing more to press: the answer stands there, and why. */
  close(nodes) {
    this.play.finish();
    const why = words(this.root, "why");
    if (this.known.state === "right") this.say("yes", ...why);
    else this.say("shown", ...(this.play.answer ? [...this.play.answer, ". "] : []), ...why);
    const inside = (css) => nodes.flatMap((node) => [node, ...node.querySelectorAll(css)]).filter((e) => e.matches(css));
    for (const control of inside("button")) control.setAttribute("aria-disabled", "true");
    for (const field of inside("input")) field.readOnly = true;
  }

  /** A way out for who is stuck. */
  reveal() {
    return button("quiet", () => this.done || this.show(), "Show the answer");
  }
}
