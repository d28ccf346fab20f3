// One Python for the page. It is started by the first run, and ended (its variables with it) by stop().
export class Session {
  worker = null;
  current = null;
  starts = 0;

  static NEEDS = ["Worker", "WebAssembly", "TransformStream"];

  // Run a cell. `on(message)` hears of progress and output; resolves to { ok, why, seconds?, text? }.
  run(source, label, limit, on) {
    const text = Session.NEEDS.filter((name) => !(name in globalThis)).join(", ");
    if (text) return Promise.resolve({ ok: false, why: "unfit", text });
    this.worker ??= this.#start();
    return new Promise((resolve) => {
      this.current = { on, limit, resolve, timer: 0 };
      this.worker.postMessage({ source, label, narrow: innerWidth <= 540 });
    });
  }

  #start() {
    this.starts += 1;
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module", name: "Python" });
    worker.onmessage = ({ data }) => this.#hear(data);
    worker.onerror = (event) => this.stop("unloaded", event.message || "the worker could not be loaded");
    return worker;
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
    this.worker?.terminate();
    this.worker = null;
    if (this.current) this.#finish({ ok: false, why, text });
  }
}
