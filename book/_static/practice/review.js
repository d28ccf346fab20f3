// Today's session: what is due and some new items, graded one by one; with the coach, the weakest point and one exercise after them.
import { told, troubles, exercise, link } from "./cures.js";
import { button, focusOn, make, shuffled, unkeptNote } from "./dom.js";
import { recount, recounted, replays, wish, wishes } from "./dues.js";
import { all, entry } from "./progress.js";
import { isDue, midnight, replayed } from "./schedule.js";
import { done, plan } from "./session.js";
import { pages, ROOT } from "./shares.js";
import { index } from "./shelf.js";
import { Turn } from "./turn.js";
import { hear } from "./storage.js";

const SECONDS = 25; // for one card or question, about
const QUESTIONS = 3; // of the coach, on what keeps going wrong
const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;
const minutes = (count) => many(Math.max(1, Math.round((count * SECONDS) / 60)), "minute");

class Session {
  constructor(box) {
    this.box = box;
    this.stage = make("div", { class: "stage" });
    this.said = make("p", { class: "how", role: "status" });
    this.settings = make("details", { class: "wishes" });
    const paper = make("div", { class: "for-paper" }, ...box.childNodes); // what stands there without scripts
    box.replaceChildren(this.stage, this.said, unkeptNote(), this.settings, paper);
    addEventListener("keydown", (event) => this.keys(event));
    hear((name) => !this.turn && (name === null || name.startsWith("item:") || name === "review") && this.open());
    document.addEventListener("attnlab:taken", () => !this.turn && this.open());
  }

  async start() {
    try {
      const held = new Set(pages.flatMap(({ quiz, cards }) => [...quiz, ...cards])); // of the chapters: games are games
      this.items = (await index()).filter(({ id }) => held.has(id));
    } catch {
      this.stage.replaceChildren(make("p", {}, "The cards and questions cannot be fetched now. "), button("go", () => this.start(), "Try again"));
      return;
    }
    this.part = "";
    this.open();
    if (location.hash === "#now" && this.now.queue.length) this.begin(false);
  }

  /** What there is to do, worked out from the logs. */
  look() {
    const found = replays(), cards = new Map([...found].map(([id, [, card]]) => [id, card])), { chosen, ...limits } = wishes();
    recount(found);
    document.dispatchEvent(new CustomEvent("attnlab:due"));
    const opened = new Map(all("page"));
    this.isOpen = (page) => chosen[page] ?? Boolean(opened.get(page)?.opened);
    this.now = plan({
      items: this.part ? this.items.filter(({ part }) => part === this.part) : this.items,
      cards, wishes: limits, now: Date.now(), open: this.isOpen, out: (page) => chosen[page] === false,
      before: done([...found.values()].map(([log]) => log), Date.now()),
    });
    this.cards = cards;
  }

  // -- before

  open() {
    this.look();
    this.turn = null;
    const { due, fresh, queue } = this.now, count = `${due.length} due, ${fresh.length} new`;
    const words = queue.length ? `${count}: about ${minutes(queue.length)}.` : this.nothing();
    const starts = queue.length ? [button("go", () => this.begin(false), "Start")] : [];
    const coach = button("go second", () => this.begin(true), "Start with the coach");
    this.stage.replaceChildren(make("p", { class: "today-sum" }, words), make("div", { class: "panel-buttons" }, ...starts, coach, this.clock()));
    this.said.textContent = this.waits();
    this.choose();
  }

  nothing() {
    if (!this.items.some(({ page }) => this.isOpen(page))) return "Nothing yet: open a chapter, or choose one below, and its cards and questions come here.";
    return `Nothing is due. ${this.next()}`;
  }

  /** When the next one comes. */
  next() {
    const coming = [...this.cards.values()].map(({ due }) => due).filter((due) => due >= midnight(Date.now())).sort((a, b) => a - b);
    if (!coming.length) return "";
    const ends = midnight(coming[0]), first = coming.filter((due) => due < ends).length, days = Math.round((ends - midnight(Date.now())) / 86_400_000);
    return `Next: ${many(first, "item")} ${days <= 1 ? "tomorrow" : `in ${days} days`}.`;
  }

  waits() {
    const { due, fresh } = this.now.waiting, parts = [due && `${due} more due`, fresh && `${fresh} more new`].filter(Boolean);
    return parts.length ? `Kept for another day by your limits: ${parts.join(", ")}.` : "";
  }

  /** How long the session may last; nothing happens at its end but a sentence. */
  clock() {
    const option = (value) => make("option", { value, selected: value === (this.length ?? 0) }, value ? `${value} minutes` : "no timer");
    const field = make("select", { onchange: ({ target }) => (this.length = Number(target.value)) }, ...[0, 10, 20, 30].map(option));
    return make("label", { class: "wish" }, "Timer ", field);
  }

  choose() {
    const held = this.settings.contains(document.activeElement) ? document.activeElement.dataset.wish : null;
    this.settings.replaceChildren(make("summary", {}, "Limits, parts and chapters"), ...limits(this), partOf(this), ...chapters(this));
    if (held) this.settings.querySelector(`[data-wish="${held}"]`)?.focus();
  }

  // -- during

  begin(coached) {
    this.queue = [...this.now.queue];
    Object.assign(this, { coached, asked: 0, known: 0, ends: this.length ? Date.now() + this.length * 60_000 : 0, past: [] });
    this.settings.hidden = true;
    this.said.textContent = "";
    this.forward();
  }

  async forward() {
    const id = this.queue.shift();
    if (!id) return this.coached && !this.weakness ? this.coach() : this.end();
    this.turn = new Turn(this.items.find((item) => item.id === id), (grade) => this.graded(grade));
    await this.show();
  }

  async show() {
    const { turn } = this;
    try {
      await turn.ask();
    } catch {
      this.stage.replaceChildren(make("p", {}, "This one cannot be fetched now. "), button("go", () => this.show(), "Try again"));
      return;
    }
    const place = make("p", { class: "turn-place" }, `${this.asked + 1} of ${this.asked + 1 + this.queue.length}${this.time()}`);
    const back = this.past.length ? [button("quiet", () => this.undo(), "Undo the last grade")] : [];
    this.stage.replaceChildren(place, turn.box, make("div", { class: "foot" }, ...back, button("quiet", () => this.end(), "Stop here")));
    focusOn(turn.box);
  }

  time() {
    if (!this.ends) return "";
    const left = Math.ceil((this.ends - Date.now()) / 60_000);
    return left > 0 ? ` · ${many(left, "minute")} left` : " · your time is over: stop when you like";
  }

  graded(grade) {
    const { item } = this.turn, { log } = entry("item", item.id), now = Date.now();
    const returns = log.length > 0 && isDue(replayed(log), now);
    this.past.push({ turn: this.turn, grade, returns });
    this.asked += 1;
    this.known += grade > 1;
    if (returns) this.queue.push(item.id);
    recounted([item.id]);
    document.dispatchEvent(new CustomEvent("attnlab:due"));
    this.said.textContent = "";
    this.forward();
  }

  undo() {
    const last = this.past.pop();
    if (!last) return;
    if (this.turn) this.queue.unshift(this.turn.item.id);
    last.turn.takeBack();
    if (last.returns) this.queue.splice(this.queue.lastIndexOf(last.turn.item.id), 1);
    this.asked -= 1;
    this.known -= last.grade > 1;
    recounted([last.turn.item.id]);
    document.dispatchEvent(new CustomEvent("attnlab:due"));
    this.queue.unshift(last.turn.item.id);
    this.said.textContent = "The last grade is taken back.";
    this.forward();
  }

  keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea") || !this.turn) return;
    const meant = /^[1-4]$/.test(event.key) ? this.turn.key(Number(event.key)) : event.key === "u" && this.past.length > 0 && (this.undo(), true);
    if (meant) event.preventDefault();
  }

  // -- the coach: the weakest point, three questions on it, one exercise

  async coach() {
    this.turn = null;
    this.weakness = (await troubles().catch(() => []))[0] ?? null;
    const { weakness } = this;
    if (!weakness) return this.end();
    const ids = shuffled(this.items.filter(({ mistakes, page }) => mistakes.includes(weakness.id) && wishes().chosen[page] !== false)).slice(0, QUESTIONS);
    const go = ids.length ? [button("go", () => ((this.queue = ids.map(({ id }) => id)), this.forward()), `Ask me about it (${ids.length})`)] : [];
    this.stage.replaceChildren(
      make("h2", {}, "Your weakest point"), ...told(weakness),
      make("div", { class: "panel-buttons" }, ...go, button("go second", () => this.end(), "Finish")),
    );
    focusOn(this.stage.querySelector(".panel-buttons"));
  }

  // -- after

  end() {
    const { asked, known, weakness } = this, left = this.queue.length + (this.turn && !this.turn.time ? 1 : 0);
    const task = this.coached && (weakness ? exercise(weakness) : this.nextExercise());
    this.turn = null;
    this.weakness = undefined;
    this.settings.hidden = false;
    this.open();
    const score = asked ? `You answered ${many(asked, "time")}, ${known} of them right.` : "Nothing was asked.";
    const last = left ? `${many(left, "item")} stay for later.` : asked ? `Finished for today. ${this.next()}` : "";
    const doing = task ? [make("p", {}, "One exercise: ", link(task.href, `${task.name} (${task.minutes} minutes)`), ".")] : [];
    this.stage.prepend(make("div", { class: "finished" }, make("p", {}, make("strong", {}, `${score} ${last}`)), ...doing));
    this.said.textContent = `${score} ${last}`;
    focusOn(this.stage);
  }

  /** The first exercise that is not passed in the chapters that are open. */
  nextExercise() {
    const passed = new Set(all("exercise").filter(([, { passed }]) => passed).map(([id]) => id));
    for (const { page, exercises, title } of pages.filter((one) => this.isOpen(one.page))) {
      const id = exercises.find((one) => !passed.has(one));
      if (id) return { name: `the next of ${title}`, minutes: "15 to 30", href: new URL(`${page}#exercise-${id.replace(/[._]/g, "-")}`, ROOT).href };
    }
    return null;
  }
}

// -- what the reader wishes

function limits(session) {
  const { fresh, most } = wishes();
  const field = (name, value, words) => {
    const change = ({ target }) => {
      const number = Math.round(Number(target.value));
      if (target.value.trim() !== "" && number >= 0 && number <= 1000) wish({ [name]: number });
      session.open();
    };
    return make("label", { class: "wish" }, `${words} `, make("input", { type: "number", min: 0, max: 1000, step: 1, value, "data-wish": name, onchange: change }));
  };
  return [make("div", { class: "wish-row" }, field("fresh", fresh, "New a day"), field("most", most, "Repeated a day"))];
}

function partOf(session) {
  const parts = [...new Set(session.items.map(({ part }) => part))];
  const option = (value) => make("option", { value, selected: value === session.part }, value || "all parts");
  const change = ({ target }) => ((session.part = target.value), session.open());
  return make("label", { class: "wish" }, "Ask about ", make("select", { onchange: change, "data-wish": "part" }, ...["", ...parts].map(option)));
}

/** Every chapter with items, ticked where new ones may come from there. */
function chapters(session) {
  const of = new Map();
  for (const { page, title, part } of session.items) of.set(part, (of.get(part) ?? new Map()).set(page, title));
  const row = ([page, title]) => {
    const change = ({ target }) => (wish({ chosen: { ...wishes().chosen, [page]: target.checked } }), session.open());
    return make("li", {}, make("label", {}, make("input", { type: "checkbox", checked: session.isOpen(page), onchange: change, "data-wish": page }), ` ${title}`));
  };
  const group = ([part, titles]) => make("fieldset", {}, make("legend", {}, part), make("ul", {}, ...[...titles].map(row)));
  return [make("div", { class: "wish-chapters" }, ...[...of].map(group))];
}

for (const box of document.querySelectorAll(".review")) new Session(box).start();
