// Quiz items and cards. The build left each item in a <template>; here it becomes a form.
// Everything works by keyboard alone; feedback is announced (role="status") and never given by colour alone.

const KEY = "attnlab:practice";
const VERSION = 1;

// -- what the reader did, kept in the browser

const store = {
  data: { version: VERSION, items: {} },
  kept: true,
  load() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY) || "null");
      if (found && found.version === VERSION && found.items) this.data = found;
      localStorage.setItem(KEY, JSON.stringify(this.data));
    } catch (error) {
      this.kept = !(error instanceof DOMException || error instanceof TypeError);
    }
  },
  record(id, right) {
    const old = this.data.items[id] || { seen: 0, right: 0 };
    this.data.items[id] = {
      seen: old.seen + 1,
      right: old.right + (right ? 1 : 0),
      last: right,
      when: Date.now(),
    };
    if (!this.kept) return;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.data));
    } catch {
      this.kept = false;
    }
  },
};

// -- small helpers

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const button = (css, onclick, ...children) =>
  make("button", { type: "button", class: css, onclick }, ...children);

/** What a screen reader should call a control whose label holds formulas (their HTML is hidden from it). */
function spoken(label) {
  const copy = label.cloneNode(true);
  for (const formula of copy.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("annotation")?.textContent ?? "");
  }
  return copy.textContent.trim();
}

/** A button that shows a part; with a formula in it, it also gets the formula as its name. */
function labelled(css, onclick, part, ...before) {
  const control = button(css, onclick, ...before, make("span", {}, ...contents(part)));
  if (part.querySelector(".katex")) control.setAttribute("aria-label", spoken(part));
  return control;
}

/** The contents of one part, without the part's own tag and without ids that would be there twice. */
function contents(part) {
  const copy = document.importNode(part, true);
  for (const node of copy.querySelectorAll("[id]")) node.removeAttribute("id");
  return [...copy.childNodes];
}

function shuffled(values) {
  const mixed = [...values];
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  const same = mixed.every((value, i) => value === values[i]);
  return same && values.length > 1 ? [...mixed.slice(1), mixed[0]] : mixed;
}

const parts = (root, name) => [...root.querySelectorAll(`[data-part="${name}"]`)];

// -- one quiz item

class Item {
  /** `onDone(item)` once it is solved; `onFirst(item, right)` after the first try, right or not. */
  constructor(frame, onDone, onFirst = () => {}) {
    this.frame = frame;
    this.template = frame.querySelector("template");
    this.id = this.template.dataset.item;
    this.kind = this.template.dataset.kind;
    this.onDone = onDone;
    this.onFirst = onFirst;
    this.form = make("div", { class: "play", role: "group" });
    frame.classList.add("live");
    this.template.after(this.form);
    this.start();
  }

  start() {
    this.misses = 0;
    this.done = false;
    const root = this.template.content;
    const prompt = make(
      "p",
      { class: "play-prompt", id: `ask-${this.id}` },
      ...contents(parts(root, "prompt")[0]),
    );
    this.status = make("div", { class: "play-status", role: "status" });
    this.form.setAttribute("aria-labelledby", prompt.id);
    this.form.replaceChildren(prompt, ...KINDS[this.kind](this, root), this.status);
  }

  say(right, ...children) {
    const words = { yes: "Right.", no: "Not this.", part: "Good, go on." }[right];
    const line = make(
      "p",
      { class: `verdict verdict-${right}` },
      make("strong", {}, words),
      " ",
      ...children,
    );
    this.status.replaceChildren(line);
  }

  miss(...children) {
    this.slip();
    this.say("no", ...children);
  }

  /** Not right at the first try. */
  slip() {
    this.misses += 1;
    if (this.misses === 1) this.onFirst(this, false);
  }

  finish() {
    this.done = true;
    if (this.misses === 0) this.onFirst(this, true);
    const why = parts(this.template.content, "why").flatMap(contents);
    this.say("yes", ...why);
    for (const control of this.form.querySelectorAll("button, input")) {
      if (control.matches("button")) control.setAttribute("aria-disabled", "true");
      else control.readOnly = true;
    }
    store.record(this.id, this.misses === 0);
    this.onDone(this);
  }
}

function choice(item, root) {
  const options = parts(root, "option").map((option) => {
    const right = option.dataset.right === "yes";
    const sign = make("span", { class: "sign", "aria-hidden": "true" });
    const press = () => {
      if (item.done || control.classList.contains("is-wrong")) return;
      control.classList.add(right ? "is-right" : "is-wrong");
      control.setAttribute("aria-label", `${spoken(label)} (${right ? "right" : "not this one"})`);
      if (right) item.finish();
      else
        item.miss(
          ...(parts(option, "feedback")[0] ? parts(option, "feedback") : parts(root, "why")).flatMap(
            contents,
          ),
        );
    };
    const label = parts(option, "label")[0];
    const control = labelled("option", press, label, sign);
    return control;
  });
  return [make("div", { class: "options" }, ...options)];
}

/** An input with a button; `judge` returns null when the entry cannot be read. */
function entry(item, label, attributes, judge, unreadable) {
  const input = make("input", {
    id: `in-${item.id}`,
    autocomplete: "off",
    spellcheck: "false",
    ...attributes,
  });
  const check = (event) => {
    event.preventDefault();
    if (item.done) return;
    const right = judge(input.value);
    input.setAttribute("aria-invalid", String(!right));
    if (right === null) item.status.replaceChildren(make("p", { class: "verdict" }, unreadable));
    else if (right) item.finish();
    else item.miss("Try again, or open the answer.");
  };
  const reveal = button(
    "quiet",
    () => {
      if (item.done) return;
      item.slip();
      const why = parts(item.template.content, "why").flatMap(contents);
      item.status.replaceChildren(
        make("p", { class: "verdict" }, make("strong", {}, "Answer: "), ...item.answer, ". ", ...why),
      );
    },
    "Show the answer",
  );
  return make(
    "form",
    { class: "entry", onsubmit: check, novalidate: true },
    make("label", { for: input.id }, label),
    input,
    make("button", { class: "go", type: "submit" }, "Check"),
    reveal,
  );
}

function numeric(item, root) {
  const { answer, tolerance } = parts(root, "number")[0].dataset;
  item.answer = [answer];
  const judge = (text) => {
    const value = Number(text.trim().replace(",", ".").replace("−", "-"));
    if (text.trim() === "" || Number.isNaN(value)) return null;
    return Math.abs(value - Number(answer)) <= Number(tolerance) + 1e-12;
  };
  return [
    entry(
      item,
      "Your number",
      { type: "text", inputmode: "decimal", size: 12 },
      judge,
      "Type a number, such as 0.25.",
    ),
  ];
}

function cloze(item, root) {
  const gap = parts(root, "gap")[0];
  item.answer = contents(gap);
  const plain = (text) =>
    text
      .toLowerCase()
      .replace(/[$`*_{}\\]/g, "")
      .replace(/[\s-]+/g, " ")
      .trim();
  const judge = (text) => (text.trim() === "" ? null : plain(text) === plain(gap.dataset.answer));
  return [
    entry(item, "What fills the gap", { type: "text", size: 24 }, judge, "Type what belongs in the gap."),
  ];
}

/** Press the steps in the order in which they happen; a placed step can be taken back. */
function order(item, root) {
  const right = parts(root, "step");
  const placed = make("ol", { class: "placed", "aria-label": "Your order" });
  const pool = make("div", { class: "pool", role: "group", "aria-label": "Steps to place" });
  const settle = () => {
    if (pool.children.length) return;
    const mine = [...placed.querySelectorAll("button")];
    const wrong = mine.findIndex((control, i) => control.step !== right[i]);
    if (wrong < 0) return item.finish();
    const inPlace = ["", "The first step is in place. ", `The first ${wrong} steps are in place. `][
      Math.min(wrong, 2)
    ];
    item.miss(`${inPlace}Look at number ${wrong + 1}; press a step to take it back.`);
  };
  const takeBack = (control) => {
    const row = control.closest("li");
    const near = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    pool.append(control);
    (near ? near.querySelector("button") : control).focus();
  };
  const place = (control) => {
    const near = control.nextElementSibling || control.previousElementSibling;
    placed.append(make("li", {}, control));
    (near || control).focus();
    settle();
  };
  for (const step of shuffled(right)) {
    const control = labelled(
      "chip",
      () => !item.done && (control.closest("ol") ? takeBack : place)(control),
      step,
    );
    control.step = step;
    pool.append(control);
  }
  return [make("p", { class: "how" }, "Press the steps in the order in which they happen."), placed, pool];
}

/** Chips of which one at a time is held. */
function holder() {
  return {
    held: null,
    hold(control) {
      if (this.held) this.held.setAttribute("aria-pressed", "false");
      this.held = control === this.held ? null : control;
      if (this.held) this.held.setAttribute("aria-pressed", "true");
    },
  };
}

function match(item, root) {
  const hand = holder();
  const left = make("div", { class: "side", role: "group", "aria-label": "Left side" });
  const right = make("div", { class: "side", role: "group", "aria-label": "Right side" });
  const pairs = make("ul", { class: "pairs", "aria-label": "Pairs found" });
  const join = (other, control) => {
    if (other.pair !== control.pair) return item.miss("These two do not belong together.");
    const near = [...left.children].find((chip) => chip !== other);
    pairs.append(
      make(
        "li",
        {},
        ...other.childNodes,
        make("span", { class: "joint", "aria-label": "goes with" }, "↔"),
        ...control.childNodes,
      ),
    );
    other.remove();
    control.remove();
    hand.held = null;
    if (!near) return item.finish();
    item.say("part", `${left.children.length} to go.`);
    near.focus();
  };
  const chip = (pair, side, name) => {
    const control = labelled(
      "chip",
      () => {
        if (item.done) return;
        if (hand.held && hand.held.parentElement !== side) {
          if (side === right) join(hand.held, control);
          else join(control, hand.held);
        } else hand.hold(control);
      },
      parts(pair, name)[0],
    );
    control.setAttribute("aria-pressed", "false");
    control.pair = pair;
    return control;
  };
  const all = parts(root, "pair");
  left.append(...all.map((pair) => chip(pair, left, "left")));
  right.append(...shuffled(all).map((pair) => chip(pair, right, "right")));
  return [
    make("p", { class: "how" }, "Press one on the left, then what belongs to it on the right."),
    make("div", { class: "sides" }, left, right),
    pairs,
  ];
}

function sort(item, root) {
  const hand = holder();
  const pool = make("div", { class: "pool", role: "group", "aria-label": "Cards to sort" });
  const buckets = parts(root, "bucket").map((bucket) => {
    const cards = make("ul", {});
    const press = () => {
      if (item.done) return;
      if (!hand.held)
        return item.status.replaceChildren(
          make("p", { class: "verdict" }, "Press a card first, then where it goes."),
        );
      if (hand.held.bucket !== bucket) return item.miss("That card belongs elsewhere.");
      const card = hand.held;
      const near = card.nextElementSibling || card.previousElementSibling;
      hand.hold(card);
      cards.append(make("li", {}, ...card.childNodes));
      card.remove();
      if (!near) return item.finish();
      item.say("part", `${pool.children.length} to go.`);
      near.focus();
    };
    return make(
      "div",
      { class: "bucket" },
      labelled("bucket-name", press, parts(bucket, "name")[0]),
      cards,
    );
  });
  const chips = parts(root, "bucket").flatMap((bucket) =>
    parts(bucket, "card").map((card) => {
      const control = labelled("chip", () => !item.done && hand.hold(control), card);
      control.setAttribute("aria-pressed", "false");
      control.bucket = bucket;
      return control;
    }),
  );
  pool.append(...shuffled(chips));
  return [
    make("p", { class: "how" }, "Press a card, then the heading it belongs under."),
    pool,
    make("div", { class: "buckets" }, ...buckets),
  ];
}

const KINDS = { choice, true_false: choice, numeric, cloze, order, match, sort };

// -- a quiz: its items, one line of score

function quiz(box) {
  const frames = [...box.querySelectorAll(".item")].filter((frame) => frame.querySelector("template"));
  if (!frames.length) return;
  const score = make("p", { class: "score", role: "status" });
  const tell = () => {
    const done = all.filter((item) => item.done);
    const first = done.filter((item) => item.misses === 0).length;
    score.textContent = done.length
      ? `${done.length} of ${all.length} answered, ${first} right at the first try.`
      : `${all.length} questions.`;
  };
  const all = [];
  for (const frame of frames) all.push(new Item(frame, tell));
  const again = button(
    "quiet",
    () => {
      for (const item of all) item.start();
      tell();
      all[0].form.querySelector("button, input").focus();
    },
    "Start again",
  );
  box.append(make("div", { class: "foot" }, score, again), ...blockedNote());
  tell();
}

// -- a diagnostic: first tries by topic, and the pages they lead to

const FIRST_TRIES = "attnlab:diagnostic";

/** What the first try at each question was, by the question's id; kept apart from the practice results. */
const tries = {
  first: {},
  load() {
    try {
      const found = JSON.parse(localStorage.getItem(FIRST_TRIES) || "null");
      if (found && found.version === VERSION && found.first) this.first = found.first;
    } catch {
      this.first = {};
    }
  },
  keep(first) {
    this.first = first;
    try {
      localStorage.setItem(FIRST_TRIES, JSON.stringify({ version: VERSION, first }));
    } catch {
      store.kept = false;
    }
  },
};

/** One topic of a diagnostic: its questions, and the line that names what to read after a miss. */
class Topic {
  constructor(box, onFirst) {
    this.advice = [...box.querySelectorAll(":scope > p")].find((line) => line.querySelector("a"));
    this.items = [...box.querySelectorAll(".item")]
      .filter((frame) => frame.querySelector("template"))
      .map((frame) => new Item(frame, () => {}, onFirst));
  }

  count(right) {
    return this.items.filter((item) => tries.first[item.id] === right).length;
  }

  /** Says so where a question was answered on an earlier visit. */
  recall() {
    for (const item of this.items) {
      const before = tries.first[item.id];
      if (before === undefined) continue;
      const words = before ? "Right at the first try, earlier." : "Missed at the first try, earlier.";
      item.status.replaceChildren(make("p", { class: "verdict" }, words));
    }
  }

  update() {
    this.advice.hidden = this.count(false) === 0;
  }
}

function diagnostic(box) {
  tries.load();
  const result = make("div", { class: "diagnosis", role: "status" });
  const onFirst = (item, right) => {
    if (tries.first[item.id] === undefined) tries.keep({ ...tries.first, [item.id]: right });
    tell();
  };
  const topics = [...box.querySelectorAll(".diagnostic-topic")].map((part) => new Topic(part, onFirst));
  const tell = () => {
    topics.forEach((topic) => topic.update());
    result.replaceChildren(...diagnosis(topics));
  };
  const again = button(
    "quiet",
    () => {
      tries.keep({});
      topics.forEach((topic) => topic.items.forEach((item) => item.start()));
      tell();
      topics[0].items[0].form.querySelector("button, input").focus();
    },
    "Start again",
  );
  box.append(result, make("div", { class: "foot" }, again), ...blockedNote());
  topics.forEach((topic) => topic.recall());
  tell();
}

/** Where the answers so far lead: a sentence, and a list of the refreshers that are needed. */
function diagnosis(topics) {
  const all = topics.reduce((sum, topic) => sum + topic.items.length, 0);
  const missed = topics.filter((topic) => topic.count(false) > 0);
  const right = topics.reduce((sum, topic) => sum + topic.count(true), 0);
  const left = all - right - missed.reduce((sum, topic) => sum + topic.count(false), 0);
  const start = left === all ? `${all} questions; the first try counts.` : `${right} right, ${left} to go.`;
  const end = missed.length ? `${right} of ${all} right. Read before you start:` : `All ${all} right: start.`;
  const list = missed.map((topic) =>
    make(
      "li",
      {},
      topic.advice.querySelector("a").cloneNode(true),
      ` (missed ${topic.count(false)} of ${topic.items.length})`,
    ),
  );
  const line = make("p", { class: "score" }, left ? start + (missed.length ? " So far, read:" : "") : end);
  return list.length ? [line, make("ul", {}, ...list)] : [line];
}

function blockedNote() {
  return store.kept
    ? []
    : [
        make(
          "p",
          { class: "how" },
          "This browser does not let the page store anything: results last until you leave it.",
        ),
      ];
}

// -- cards: one at a time, flip, say whether you knew it

class Deck {
  constructor(box) {
    this.cards = [...box.querySelectorAll(".item-card")].map((frame) => this.read(frame));
    this.face = make("div", { class: "face", "aria-live": "polite" });
    this.controls = make("div", { class: "controls" });
    this.count = make("p", { class: "score", role: "status" });
    this.list = button("quiet", () => this.showList(box), "Show all as a list");
    this.list.setAttribute("aria-expanded", "false");
    this.deck = make(
      "div",
      { class: "deck", role: "group", "aria-label": "Flashcards" },
      this.face,
      this.controls,
    );
    box.classList.add("live");
    box
      .querySelector(".item-card")
      .before(this.deck, make("div", { class: "foot" }, this.count, this.list), ...blockedNote());
    this.start();
  }

  read(frame) {
    const details = frame.querySelector("details");
    const [head, ...body] = details.children;
    return {
      id: frame.dataset.item,
      front: () => contents(head),
      back: () =>
        body.flatMap((part) => {
          const copy = part.cloneNode(true);
          copy.removeAttribute("id");
          for (const node of copy.querySelectorAll("[id]")) node.removeAttribute("id");
          return [copy];
        }),
    };
  }

  start() {
    this.queue = [...this.cards];
    this.known = 0;
    this.show();
  }

  show(focus = false) {
    const card = this.queue[0];
    this.count.textContent = `${this.known} of ${this.cards.length} known.`;
    this.face.classList.remove("flipped");
    if (!card) return this.finished(focus);
    this.face.replaceChildren(make("div", { class: "front" }, ...card.front()));
    this.controls.replaceChildren(button("go", () => this.flip(card), "Show answer"));
    if (focus) this.controls.querySelector("button").focus();
  }

  flip(card) {
    this.face.append(make("div", { class: "back" }, ...card.back()));
    this.face.classList.add("flipped");
    this.controls.replaceChildren(
      button("go", () => this.grade(card, false), "Not yet"),
      button("go", () => this.grade(card, true), "Knew it"),
    );
    this.controls.querySelector("button").focus();
  }

  grade(card, knew) {
    store.record(card.id, knew);
    this.queue.shift();
    if (knew) this.known += 1;
    else this.queue.push(card);
    this.show(true);
  }

  finished(focus) {
    this.face.replaceChildren(
      make("div", { class: "front" }, "Every card known. Come back tomorrow: what is recalled late stays."),
    );
    this.controls.replaceChildren(
      button(
        "go",
        () => {
          this.start();
          this.controls.querySelector("button").focus();
        },
        "Start again",
      ),
    );
    if (focus) this.controls.querySelector("button").focus();
  }

  showList(box) {
    const open = box.classList.toggle("as-list");
    this.list.setAttribute("aria-expanded", String(open));
    this.list.textContent = open ? "One at a time" : "Show all as a list";
  }
}

store.load();
for (const box of document.querySelectorAll(".admonition.quiz"))
  if (box.matches(".diagnostic")) diagnostic(box);
  else quiz(box);
for (const box of document.querySelectorAll(".admonition.cards"))
  if (box.querySelector(".item-card")) new Deck(box);
