// The games: each task of the page can be played, as often as one likes, against the clock or without one.
import { button, focusOn, make, unkeptNote } from "./dom.js";
import { Item } from "./item.js";
import { kindOf } from "./kinds.js";
import { beaten, entry, quietly } from "./progress.js";
import { record } from "./study.js";

const seconds = (milliseconds) => (milliseconds / 1000).toFixed(1);

class Play extends Item {
  opening() { return { log: [], state: "open", tried: [] }; }
  follow() {}
  keep(change) { this.known = change(this.known); }
}

/** What a finished game says: mistakes, and the time where a clock ran. */
export function told(mistakes, time, best) {
  const missed = mistakes === 0 ? "without a mistake" : mistakes === 1 ? "with one mistake" : `with ${mistakes} mistakes`;
  if (time === null) return `Done ${missed}.`;
  const record = best === null || time < best ? "your best time" : `your best is ${seconds(best)} s`;
  return `Done ${missed} in ${seconds(time)} s; ${record}.`;
}

class Game {
  constructor(frame, clock) {
    Object.assign(this, { frame, clock, id: frame.querySelector("template").dataset.item });
    const summary = frame.querySelector("summary");
    this.start = button("quiet game-go", () => this.play(), "Play");
    this.start.setAttribute("aria-label", `Play: ${summary.textContent.trim()}`);
    this.title = make("p", { class: "game-title" }, ...[...summary.childNodes].map((node) => node.cloneNode(true)));
    this.said = make("p", { class: "game-said", role: "status" });
    frame.prepend(make("div", { class: "game-head" }, this.title, this.start));
    frame.append(this.said);
    this.tell();
  }

  get best() {
    return entry("best", this.id).best ?? null;
  }

  tell() {
    const done = entry("played", this.id).times;
    this.said.textContent = [done ? `Played ${done === 1 ? "once" : `${done} times`}.` : "", this.best ? `Best time ${seconds(this.best)} s.` : ""].join(" ").trim();
  }

  play() {
    this.frame.querySelector(".play")?.remove();
    this.frame.classList.add("playing");
    this.begun = this.clock() ? performance.now() : null;
    this.mistakes = 0;
    this.said.textContent = "";
    const item = new Play(this.frame, kindOf(this.frame), () => {
      if (item.done) this.over(item);
      else this.mistakes += 1;
    });
    this.start.textContent = "Play again";
    focusOn(item.form);
  }

  over(item) {
    const time = this.begun === null || item.known.state === "shown" ? null : performance.now() - this.begun;
    const words = item.known.state === "shown" ? "The answer was shown." : told(this.mistakes, time, this.best);
    if (time !== null) quietly("best", this.id, beaten(Math.max(1, Math.round(time))));
    quietly("played", this.id, ({ times = 0, ...old }) => ({ ...old, times: times + 1 }));
    record(this.id, item.firstTry, this.frame.querySelector("template").dataset.kind); // match, sort or order
    this.said.textContent = words;
    this.start.focus();
  }
}

const boxes = [...document.querySelectorAll('[data-study="games"]')];
if (boxes.length) {
  const clock = make("input", { type: "checkbox" });
  boxes[0].before(make("p", {}, make("label", { class: "study-tick" }, clock, " against the clock")), unkeptNote());
  for (const box of boxes) {
    for (const frame of box.querySelectorAll(".item")) new Game(frame, () => clock.checked);
    box.classList.add("live");
  }
}
