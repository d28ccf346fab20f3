// Python as the page knows it: there with the first run or before, gone (its variables with it) after stop().
import { connect } from "./line.js";

export class Session {
  #line = null; // the promise of a line to Python
  current = null;

  static NEEDS = ["Worker", "WebAssembly", "TransformStream"];

  get alive() { return this.#line !== null; }

  // Have Python ready. Resolves to the line, or to null.
  open() {
    const mine = (act) => (...given) => this.#line === made && act(...given);
    const fail = mine((event) => this.stop("unloaded", event.message || "the worker could not be loaded"));
    if (this.#line) return this.#line;
    const made = connect(mine((message) => this.#hear(message)), fail).catch((error) => void fail(error));
    return (this.#line = made);
  }

  // Run a cell. `on(message)` hears of progress and output; resolves to { ok, why, seconds?, text? }. `room` is the namespace: the
  // page's ("page"), a "new" one, or the "same" as before; `answers` are those that were kept, where the cell may ask for them.
  run(source, label, limit, on, room = "page", answers = null) {
    return this.#ask({ kind: "run", source, label, room, answers, narrow: innerWidth <= 540 }, on, limit);
  }

  // Which of the cells `above` (texts) must run before `target`, the text of a check; `slot` is the place of what it judges.
  plan(above, slot, target, on) {
    return this.#ask({ kind: "plan", above, slot, target }, on, Infinity);
  }

  #ask(message, on, limit) {
    const text = Session.NEEDS.filter((name) => !(name in globalThis)).join(", ");
    if (text) return Promise.resolve({ ok: false, why: "unfit", text });
    return new Promise((resolve) => {
      const asked = (this.current = { on, limit, resolve, timer: 0 });
      this.open().then((line) => this.current === asked && line?.post(message));
    });
  }

  #hear(message) {
    if (!this.current) return;
    if (message.kind === "started") {
      this.current.timer = setTimeout(() => this.stop("late"), this.current.limit * 1000);
    } else if (message.kind !== "done") return this.current.on(message);
    else if (message.why === "unloaded" || message.why === "crashed") this.stop(message.why, message.text);
    else this.#finish(message);
    this.current?.on(message);
  }

  #finish(result) {
    const { timer, resolve } = this.current;
    clearTimeout(timer);
    this.current = null;
    resolve(result);
  }

  // End Python. why: "stopped" (by the reader), "late" (time limit), "crashed", "unloaded".
  stop(why = "stopped", text = "") {
    const line = this.#line;
    this.#line = null;
    line?.then((opened) => opened?.end());
    if (this.current) this.#finish({ ok: false, why, text });
  }

  // The page goes: an idle Python waits for the next one, what runs is ended.
  leave() {
    if (this.current) return this.stop();
    const line = this.#line;
    this.#line = null;
    line?.then((opened) => opened?.leave());
  }
}
