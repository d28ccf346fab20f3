// The tutor: a dialogue is played from the page's own text, answer by answer.
import { button, contents, make, parts, unkeptNote } from "./dom.js";
import { byMet, CLOSE, Dialogue, EXAMPLE, START, tally } from "./dialogue.js";
import { all } from "./progress.js";
import { logOf, record } from "./study.js";

const times = (count) => (count === 1 ? "once" : `${count} times`);

/** The script of a dialogue, with the parts of the page that hold its words. */
function script(box) {
  const steps = {};
  for (const list of box.querySelectorAll("[data-options]")) {
    const name = list.dataset.options;
    const asked = name === START ? box.querySelector(':scope > [data-part="ask"]') : list.parentElement.querySelector('[data-part="ask"]');
    const options = [...list.children].map((row) => ({ to: row.dataset.to, right: row.dataset.right === "yes", say: parts(row, "say")[0], reply: parts(row, "reply")[0] }));
    steps[name] = { asked, options };
  }
  return { steps };
}

class Talk {
  constructor(box) {
    this.box = box;
    this.id = box.dataset.dialogue;
    this.script = script(box);
    this.title = box.querySelector('[data-part="title"]');
    this.go = button("go", () => this.begin(), "Start");
    this.go.setAttribute("aria-label", `Start: ${this.title.textContent}`);
    this.note = make("span", { class: "how" });
    this.head = make("p", { class: "talk-head" }, this.go, " ", this.note);
    box.querySelector(':scope > [data-part="ask"]').after(this.head);
    box.classList.add("live");
    this.tell();
  }

  tell(met = 0) {
    const log = logOf(`tutor-${this.id}`), done = log.length ? "Done before. " : "";
    this.note.textContent = done + (met ? `Your answers have shown it ${times(met)}.` : "");
  }

  begin() {
    this.talk = new Dialogue(this.script);
    this.box.querySelector(".talk")?.remove();
    this.lines = make("ol", { class: "talk-lines" });
    const log = make("div", { role: "log", "aria-label": "The dialogue" }, this.lines);
    this.answers = make("div", { class: "talk-answers", role: "group", "aria-label": "What you can say" });
    this.head.after(make("div", { class: "talk" }, log, this.answers));
    this.box.classList.add("talking");
    this.go.textContent = "Start again";
    this.ask();
  }

  line(who, ...nodes) {
    const row = make("li", { class: `talk-${who}` }, make("strong", {}, who === "you" ? "You: " : "Tutor: "), ...nodes);
    this.lines.append(row);
    return row;
  }

  ask() {
    const { at } = this.talk;
    if (at === EXAMPLE) return this.example();
    this.line("tutor", ...contents(this.script.steps[at].asked));
    this.offer();
  }

  offer() {
    const rows = this.talk.options.map((option, number) => button("option", (event) => this.answer(number, event.currentTarget), ...contents(option.say)));
    this.answers.replaceChildren(...rows);
    rows[0].focus({ preventScroll: true });
    this.answers.scrollIntoView({ block: "nearest" });
  }

  answer(number, control) {
    const option = this.talk.options[number], closing = this.talk.at === CLOSE;
    if (control.getAttribute("aria-disabled")) return;
    this.talk.choose(number);
    this.line("you", ...contents(option.say));
    this.line("tutor", ...contents(option.reply));
    if (this.talk.over) return this.end();
    if (!closing) return this.ask();
    control.setAttribute("aria-disabled", "true");
    control.classList.add("is-wrong");
    [...this.answers.children].find((one) => !one.getAttribute("aria-disabled"))?.focus();
  }

  example() {
    const shown = this.box.querySelector('[data-part="example"]');
    const [words, ...listing] = [...shown.children].map((part) => part.cloneNode(true));
    this.line("tutor", ...words.childNodes, ...listing.map((pre) => make("pre", { tabindex: 0, class: `talk-${pre.dataset.part}`, "aria-label": pre.dataset.part === "code" ? "Code" : "What it prints" }, pre.textContent)));
    this.talk.seen();
    const on = button("go", () => this.ask(), "And one more question");
    this.answers.replaceChildren(on);
    on.focus({ preventScroll: true });
    this.answers.scrollIntoView({ block: "nearest" });
  }

  end() {
    record(`tutor-${this.id}`, this.talk.firstTry, "tutor");
    const said = this.talk.firstTry ? "That is all." : "That is all. Come back to it in a few days.";
    const read = this.box.querySelector('[data-part="read"]').cloneNode(true);
    this.answers.replaceChildren(make("p", { role: "status" }, said), read);
    this.tell();
    this.go.focus({ preventScroll: true });
  }
}

/** The text to copy elsewhere, for the misconception that was chosen. */
function prompt(talks) {
  const place = document.querySelector('.tutor-prompt [data-part="prompt"]');
  if (!place) return;
  const { template } = place.dataset;
  const said = make("span", { role: "status", class: "how" });
  const rows = [["", "(any)"], ...talks.map(({ box }) => [box.dataset.dialogue, box.dataset.title])];
  const choose = make("select", { onchange: () => {
    const box = talks.find(({ id }) => id === choose.value)?.box;
    place.textContent = template.replace("{title}", box?.dataset.title ?? "(name it)").replace("{what}", box?.dataset.what ?? "(say what you believe).");
  } }, ...rows.map(([value, words]) => make("option", { value }, words)));
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(place.textContent);
      said.textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(place);
      said.textContent = "This browser does not let a page copy: the text is selected, press Ctrl+C.";
    }
  };
  place.setAttribute("tabindex", "0");
  place.before(make("div", { class: "study-filters" }, make("label", { class: "study-field" }, make("span", {}, "Misconception"), choose), button("go", copy, "Copy"), said));
}

const talks = [...document.querySelectorAll("[data-dialogue]")].map((box) => new Talk(box));
if (talks.length) {
  const met = tally([...all("item"), ...all("exercise")]), held = new Map(talks.map((talk) => [talk.id, talk]));
  for (const talk of talks) talk.tell(met.get(talk.id) ?? 0);
  const shown = byMet(talks.map(({ id }) => id), met).filter((id) => met.get(id));
  const first = document.querySelector('[data-study="tutor"]').closest("section");
  if (shown.length) {
    const jump = (id) => button("quiet", () => { held.get(id).begin(); }, held.get(id).title.textContent);
    first.before(make("div", { class: "talk-met" }, make("p", {}, "Your answers have shown these:"), make("ul", {}, ...shown.slice(0, 8).map((id) => make("li", {}, jump(id), ` ${times(met.get(id))}`)))));
  }
  first.before(unkeptNote());
  prompt(talks);
}
