// A practice test: chosen, answered as a whole, then scored and looked through. The address names it, seed and all.
import { askable } from "./choices.js";
import { button, make, unkeptNote } from "./dom.js";
import { addressOf, calibration, KINDS, LENGTHS, paper, score, verdict, wished } from "./exam.js";
import { Question } from "./paper.js";
import { newSeed } from "./seeded.js";
import { addressed, asked, drawn, field, hrefOf, parts, reading, record, select, study, tick } from "./study.js";

class Test {
  constructor(box, all) {
    Object.assign(this, { box, all, wish: wished(asked(), all.map(({ part }) => part)) });
    this.place = make("div", {});
    box.replaceChildren(this.place, unkeptNote());
  }

  // -- before

  setUp() {
    const { wish } = this, kinds = Object.entries(KINDS);
    const toggle = (list, name) => (on) => {
      wish[list] = on ? [...wish[list], name] : wish[list].filter((one) => one !== name);
      this.many();
    };
    const boxes = (list, rows) => rows.map(([name, words]) => tick(words, wish[list].includes(name), toggle(list, name)));
    this.count = make("p", { class: "score", role: "status" });
    this.place.replaceChildren(
      make("fieldset", { class: "study-set" }, make("legend", {}, "Parts"), ...boxes("parts", this.all.map(({ part, label }) => [part, label]))),
      make("fieldset", { class: "study-set" }, make("legend", {}, "Kinds of question"), ...boxes("kinds", kinds)),
      field("Length", select(LENGTHS.map((n) => [String(n), `${n} questions`]), String(wish.n), (n) => { wish.n = Number(n); this.many(); })),
      this.count,
      make("div", { class: "controls" }, button("go", () => this.start(newSeed()), "Start the test")),
    );
    this.many();
  }

  get chosen() { return this.all.filter(({ part }) => this.wish.parts.includes(part)).flatMap(({ items }) => items); }
  get cards() { return this.chosen.filter(({ kind }) => kind === "card"); }

  /** What can be asked of the parts that are ticked. */
  get bank() { return this.chosen.filter((item) => askable(item, this.cards)); }

  many() {
    const held = paper(this.bank, { ...this.wish, n: Infinity, seed: 1 }).length;
    this.count.textContent = held ? `${held} questions fit this choice; the test takes ${Math.min(held, this.wish.n)} of them.` : "Nothing fits: tick a part and a kind.";
    this.place.querySelector(".go").setAttribute("aria-disabled", String(!held));
  }

  // -- the sheet

  async start(seed) {
    this.wish.seed = seed;
    const found = paper(this.bank, this.wish);
    if (!found.length) return;
    const { cards } = this;
    const held = new Map((await drawn([...found, ...cards])).map((item) => [item.id, item]));
    this.questions = found.map((item, at) => new Question(held.get(item.id), at + 1, seed, cards.map(({ id }) => held.get(id))));
    addressed(addressOf(this.wish));
    this.sheet();
  }

  sheet() {
    this.said = make("div", { role: "status" });
    this.form = make("form", { class: "paper", novalidate: true, onsubmit: (event) => this.handIn(event) },
      ...this.questions.map(({ box }) => box),
      make("div", { class: "controls" }, make("button", { type: "submit", class: "go" }, "Hand in")), this.said);
    const print = button("quiet", () => window.print(), "Print, answers at the end");
    const head = make("p", { class: "paper-head", tabindex: -1 }, `Test ${this.wish.seed}: ${this.questions.length} questions. Its address brings the same test again. `, print);
    const answers = make("div", { class: "paper-answers" }, make("p", {}, make("strong", {}, "Answers")), make("ol", {}, ...this.questions.map((one) => one.solution())));
    this.place.replaceChildren(head, this.form, answers);
    head.focus({ preventScroll: true });
  }

  async handIn(event) {
    event.preventDefault();
    const left = this.questions.filter((one) => one.left);
    if (left.length && !this.warned) {
      this.warned = true;
      this.said.replaceChildren(make("p", { class: "study-note" }, `${left.length} not answered: ${left.map(({ number }) => number).join(", ")}. Press once more to hand in as it is.`));
      return;
    }
    const read = await reading();
    const results = this.questions.map((one) => one.result());
    this.questions.forEach((one, at) => {
      if (!results[at].left) record(one.item.id, results[at].right, "test", one.shown);
      one.review(hrefOf(one.item), read);
    });
    this.result(results);
  }

  // -- after

  result(results) {
    const { right, of, left } = score(results), table = calibration(results);
    const unsure = this.questions.filter((_, at) => results[at].sure === "sure" && !results[at].right && !results[at].left);
    const cell = ({ right: r, of: n }) => (n ? `${r} of ${n}` : "none");
    const head = make("tr", {}, ...["How sure", "Right"].map((words) => make("th", { scope: "col" }, words)));
    const box = make("section", { class: "paper-result", tabindex: -1, "aria-label": "Result" },
      make("p", { role: "status" }, make("strong", {}, `${right} of ${of} right`), left ? `, ${left} left out.` : "."),
      make("table", {}, make("caption", {}, "Confidence and accuracy"), make("thead", {}, head),
        make("tbody", {}, ...table.map((row) => make("tr", {}, make("th", { scope: "row" }, row.words), make("td", {}, cell(row)))))),
      make("p", {}, verdict(table), ...(unsure.length ? [` Questions ${unsure.map(({ number }) => number).join(", ")}.`] : [])),
      make("div", { class: "controls" }, button("go", () => this.again(), "Another test"), button("quiet", () => this.start(this.wish.seed), "The same test again")));
    this.form.querySelector(".controls").remove();
    this.said.remove();
    this.form.before(box);
    box.focus();
  }

  again() {
    this.warned = false;
    this.setUp();
    this.place.querySelector("input, select").focus();
  }
}

study("test", async (box) => {
  const made = new Test(box, await parts());
  if (made.wish.seed) await made.start(made.wish.seed);
  else made.setUp();
});
