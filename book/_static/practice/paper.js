// One question of a practice test as a form: nothing is said before all is handed in.
import { asChoice, beside } from "./choices.js";
import { contents, labelOf, make, parts, spoken, words } from "./dom.js";
import { blank, judged, SURE } from "./exam.js";
import { mixed } from "./seeded.js";
import { frame } from "./shelf.js";

/** A list of choices as one field: `names` are its words. */
const choose = (label, names, place) =>
  make("select", { "aria-label": `${place}: ${label}` }, make("option", { value: "" }, "–"), ...names.map((name, at) => make("option", { value: String(at) }, name)));

const rows = (labels, fields) => make("ul", { class: "paper-rows" }, ...labels.map((label, at) => make("li", {}, make("span", {}, ...label), fields[at])));

/** { form, right, nodes, read(), shown: the right answer as nodes, because(answer): what is said to a wrong one } of each kind. */
const FORMS = {
  choice(root, name, seed) {
    const options = mixed(parts(root, "option"), `${seed} ${name}`);
    const labels = options.map((option) => parts(option, "label")[0]);
    const fields = options.map((option, at) => make("input", { type: "radio", name: `paper-${name}`, value: String(at), "aria-label": parts(option, "label")[0].querySelector(".katex") ? spoken(parts(option, "label")[0]) : null }));
    const right = options.findIndex((option) => option.dataset.right === "yes");
    return {
      form: "one", right: String(right), shown: contents(labels[right]),
      nodes: [make("div", { class: "paper-options" }, ...fields.map((one, at) => make("label", {}, one, make("span", {}, ...contents(labels[at])))))],
      read: () => fields.find((one) => one.checked)?.value ?? null,
      given: (answer) => contents(labels[Number(answer)]),
      because: (answer) => words(options[Number(answer)], "feedback"),
      shows: (answer) => options[Number(answer)]?.dataset.misconception,
    };
  },
  numeric(root, name) {
    const { answer, tolerance, percent } = parts(root, "number")[0].dataset;
    const field = make("input", { type: "text", size: 12, autocomplete: "off", "aria-label": "Your number" });
    const slip = (text) => parts(root, "slip").find((part) => judged({ form: "number", right: Number(part.dataset.number), tolerance: Number(tolerance), percent: percent === "yes" }, text));
    return {
      form: "number", right: Number(answer), tolerance: Number(tolerance), percent: percent === "yes", shown: [answer],
      nodes: [field], read: () => field.value.trim(), given: (text) => [text], because: (text) => (slip(text) ? contents(slip(text)) : []),
    };
  },
  cloze(root) {
    const [gap] = parts(root, "gap"), field = make("input", { type: "text", size: 24, autocomplete: "off", "aria-label": "What fills the gap" });
    return { form: "text", right: gap.dataset.answer, shown: contents(gap), nodes: [field], read: () => field.value.trim(), given: (text) => [text], because: () => [] };
  },
  match(root, name, seed) {
    const pairs = parts(root, "pair"), side = (pair, which) => parts(pair, which)[0], order = mixed(pairs, `${seed} ${name}`);
    return placing(pairs.map((pair) => side(pair, "left")), order.map((pair) => spoken(side(pair, "right"))), pairs.map((pair) => order.indexOf(pair)), "goes with");
  },
  sort(root, name, seed) {
    const buckets = parts(root, "bucket"), cards = mixed(buckets.flatMap((bucket) => parts(bucket, "card").map((card) => [card, bucket])), `${seed} ${name}`);
    return placing(cards.map(([card]) => labelOf(card)), buckets.map((bucket) => spoken(parts(bucket, "name")[0])), cards.map(([, bucket]) => buckets.indexOf(bucket)), "belongs to");
  },
  order(root, name, seed) {
    const steps = parts(root, "step"), order = mixed(steps, `${seed} ${name}`);
    return placing(order, steps.map((_, at) => String(at + 1)), order.map((step) => steps.indexOf(step)), "place");
  },
};
FORMS.true_false = FORMS.choice;

/** Each label gets one of the names; `right` are their places. */
function placing(labels, names, right, words) {
  const fields = labels.map((label) => choose(words, names, spoken(label)));
  const told = (places) => [make("ul", {}, ...labels.map((label, at) => make("li", {}, ...contents(label), `: ${names[Number(places[at])] ?? "–"}`)))];
  return {
    form: "places", right: right.map(String), shown: told(right),
    nodes: [rows(labels.map(contents), fields)], read: () => fields.map((one) => one.value), given: told, because: () => [],
  };
}

export class Question {
  constructor(item, number, seed, cards) {
    Object.assign(this, { item, number });
    const box = item.kind === "card" ? asChoice(item, beside(item, cards, seed), seed, frame) : frame(item);
    this.root = box.querySelector("template").content;
    this.form = FORMS[item.kind === "card" ? "choice" : item.kind](this.root, item.id, seed);
    const legend = make("legend", {}, `${number}. `, ...contents(parts(this.root, "prompt")[0]));
    this.sure = SURE.map(([value]) => make("input", { type: "radio", name: `sure-${item.id}`, value }));
    const sure = make("div", { class: "paper-sure", role: "radiogroup", "aria-label": `How sure are you of answer ${number}?` },
      make("span", { "aria-hidden": "true" }, "How sure?"), ...this.sure.map((one, at) => make("label", {}, one, ` ${SURE[at][1]}`)));
    this.box = make("fieldset", { class: "paper-question" }, legend, ...this.form.nodes, sure);
  }

  get left() { return blank(this.form.read()); }

  /** The misconception that the answer shows, in a list. */
  get shown() {
    const { form } = this, answer = form.read();
    return [judged(form, answer) || blank(answer) ? null : form.shows?.(answer)].filter(Boolean);
  }

  /** { right, left, sure }, once all is handed in. */
  result() {
    return { right: judged(this.form, this.form.read()), left: this.left, sure: this.sure.find((one) => one.checked)?.value ?? "" };
  }

  /** What was right, and why; `read` names the section that puts a misconception right. */
  review(href, read) {
    const { form, root } = this, answer = form.read(), { right } = this.result(), place = read.get(this.shown[0]);
    const said = right ? [] : this.left ? ["You left this out. "] : ["You said: ", ...form.given(answer), " ", ...form.because(answer)];
    const sign = make("strong", {}, right ? "✓ Right. " : this.left ? "– Left out. " : "✗ Not this. ");
    for (const control of this.box.querySelectorAll("input, select")) control.disabled = true;
    this.box.classList.add(right ? "paper-right" : "paper-wrong");
    this.box.append(make("div", { class: "paper-review" },
      make("p", {}, sign, ...(right ? [] : said)),
      ...(right ? [] : [make("div", {}, make("strong", {}, "Answer: "), ...form.shown)]),
      make("p", {}, ...words(root, "why"), " Read: ", make("a", { href }, this.item.title), ...(place ? [", ", make("a", { href: place[1] }, place[0])] : [])),
    ));
  }

  /** The line at the end of a printed sheet. */
  solution() {
    return make("li", {}, ...this.form.shown, " ", ...words(this.root, "why"));
  }
}
