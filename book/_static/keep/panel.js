// The buttons that keep the course on the device, say how far that is, and remove it again.
import { button, make } from "../practice/dom.js";
import { ROOT, able, ask, listen, registered, start } from "./site.js";

const PATIENCE = 20_000; // milliseconds without news after which the worker is asked to go on; browsers end those that take long
const UNABLE = "This browser keeps no site at this address: that needs https, and a window that is not private.";
const mega = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;
const day = (time) => new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
const sizesOf = () => fetch(new URL("_static/keep/sizes.json", ROOT)).then((answer) => answer.json());

class Panel {
  constructor(box, sizes) {
    this.sizes = sizes;
    this.bar = make("progress", { "aria-label": "Keeping the course", hidden: true, max: 1, value: 0 });
    this.said = make("p", { role: "status" });
    this.buttons = make("div", { class: "panel-buttons" });
    box.replaceChildren(this.said, this.bar, this.buttons);
  }

  async open() {
    this.registration = await registered();
    listen((message) => this.hear(message));
    if (this.registration) ask(this.registration, { kind: "state" });
    else this.absent();
  }

  hear({ kind, kept, busy, bytes, total, why }) {
    if (kind === "keeping") this.keeping(bytes, total);
    else if (kind === "removed") this.registration?.unregister().then(() => this.absent());
    else if (kind === "failed" && why !== "stopped") this.failed(why);
    else if (kind === "state" && busy) this.keeping(0, 0);
    else if (kind === "state") kept ? this.kept(kept) : this.absent();
  }

  show(words, ...buttons) {
    clearTimeout(this.waiting);
    this.bar.hidden = true;
    this.said.textContent = words;
    this.buttons.replaceChildren(...buttons);
  }

  /** A button for the course, and one for the course with Python where the site has it. */
  offers() {
    const { course, python } = this.sizes;
    const alone = button("go", () => this.keep(false), `Keep this course (${mega(course)})`);
    return python ? [alone, button("go second", () => this.keep(true), `The same with Python (${mega(course + python)})`)] : [alone];
  }

  absent() {
    this.show("Not kept on this device.", ...this.offers());
  }

  kept({ python, bytes, time }) {
    const more = !python && this.sizes.python ? [button("go", () => this.keep(true), `Add Python (${mega(this.sizes.python)})`)] : [];
    const remove = button("go second", () => this.remove(), "Remove from this device");
    this.show(`Kept on this device${python ? ", with Python" : ""}: ${mega(bytes)}, as it was on ${day(time)}.`, ...more, remove);
  }

  failed(why) {
    this.show(`It could not be kept: ${why}. What has arrived stays; press again to go on.`, ...this.offers());
  }

  keeping(bytes, total) {
    if (this.bar.hidden) this.show("Keeping the course; leave this page open.", button("go second", () => this.remove(), "Stop"));
    this.bar.hidden = false;
    this.bar.max = total || 1;
    this.bar.value = bytes;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.keep(this.python), PATIENCE);
  }

  async keep(python) {
    this.python = python;
    this.keeping(0, 0);
    try {
      navigator.storage?.persist?.(); // or the browser may drop it when room is short
      this.registration = await start();
      ask(this.registration, { kind: "keep", python });
    } catch (error) {
      this.failed(error.message);
    }
  }

  remove() {
    this.show("Removing it.");
    ask(this.registration, { kind: "remove" });
  }
}

for (const box of document.querySelectorAll(".keep-course")) {
  if (!able) box.firstElementChild.textContent = UNABLE;
  else new Panel(box, await sizesOf().catch(() => ({ course: 0, python: 0 }))).open();
}
