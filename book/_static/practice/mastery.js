// What the reader knows: every card and question as a square that fills with the chance of recalling it now; concepts, ways of studying,
// each card by itself, and what keeps going wrong. All of it follows from the logs.
import { told, troubles } from "./cures.js";
import { button, make, unkeptNote } from "./dom.js";
import { replays } from "./dues.js";
import { recall, span } from "./schedule.js";
import { mastery } from "./session.js";
import { ROOT } from "./shares.js";
import { index, part as shelved, frame } from "./shelf.js";
import { hear, names, remove } from "./storage.js";
import { taken, written } from "./portable.js";

const FIRM = 0.8; // a chance of recall that counts as knowing
const SMALL = 5; // a concept with fewer items is no measure
const WORST = 6;
const KINDS = ["item:", "exercise:", "goal:", "page:", "score:", "star:", "thought:", "best:", "played:", "review", "due", "recall"];
const percent = (share) => `${Math.round(100 * share)} %`;
const many = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
const grouped = (rows, key) => rows.reduce((found, row) => found.set(key(row), [...(found.get(key(row)) ?? []), row]), new Map());

class Panel {
  constructor(box) {
    this.box = box;
    this.said = make("p", { class: "how", role: "status" });
    this.views = make("div", {});
    box.replaceChildren(this.views, this.said, unkeptNote());
    hear((name) => (name === null || name.startsWith("item:")) && this.tell());
    document.addEventListener("attnlab:taken", () => this.tell());
  }

  async start() {
    try {
      this.items = await index();
    } catch {
      return this.views.replaceChildren(make("p", {}, "The list of cards and questions cannot be fetched now. "), button("go", () => this.start(), "Try again"));
    }
    return this.tell();
  }

  async tell() {
    const now = Date.now(), found = replays();
    this.rows = this.items.map((item) => {
      const [log, card] = found.get(item.id) ?? [[], null];
      return { ...item, log, card, recall: card ? recall(card, now) : 0 };
    });
    const wrong = await troubles().catch(() => []);
    this.views.replaceChildren(this.sum(), ...this.parts(), this.concepts(), ...this.wrong(wrong), this.modes(), this.cards(), this.files());
  }

  sum() {
    const asked = this.rows.filter(({ card }) => card), firm = asked.filter(({ recall }) => recall >= FIRM);
    const words = asked.length
      ? `You have answered ${asked.length} of ${this.rows.length} cards and questions, and would know ${firm.length} of them now.`
      : `None of the ${this.rows.length} cards and questions has been answered in this browser yet.`;
    return make("p", { class: "today-sum" }, words);
  }

  parts() {
    const chapter = ([page, rows]) => make("li", {},
      make("a", { href: new URL(page, ROOT).href }, rows[0].title),
      make("span", { class: "squares", role: "img", "aria-label": saidOf(rows) }, ...rows.map(square)));
    const part = ([label, rows]) => make("div", { class: "mastery-part" },
      make("h2", {}, `${label || "Elsewhere"} `, meter(mastery(rows.map((row) => row.recall)))),
      make("ul", {}, ...[...grouped(rows, (row) => row.page)].map(chapter)));
    return [...grouped(this.rows, (row) => row.part)].map(part);
  }

  concepts() {
    const tags = grouped(this.rows.flatMap((row) => row.tags.map((tag) => ({ ...row, tag }))), (row) => row.tag);
    const begun = [...tags].filter(([, rows]) => rows.length >= SMALL).map(([tag, rows]) => ({ tag, rows, share: mastery(rows.map((row) => row.recall)) }));
    const row = ({ tag, rows, share }) => make("li", {}, `${tag} `, meter(share), make("span", { class: "how" }, ` ${saidOf(rows)}`));
    begun.sort((one, other) => other.share - one.share || other.rows.length - one.rows.length);
    return fold(`By concept (${begun.length})`, make("ul", { class: "mastery-concepts" }, ...begun.map(row)));
  }

  wrong(found) {
    const cured = found.filter(({ weight }) => weight > 0).slice(0, WORST);
    const none = "No misconception has shown in your answers and exercises so far.";
    return [make("h2", {}, "What keeps going wrong"), ...(cured.length ? cured.map((one) => make("div", { class: "trouble" }, ...told(one))) : [make("p", {}, none)])];
  }

  /** By the way of studying in which the answer was given. */
  modes() {
    const answers = this.rows.flatMap(({ log, kind }) => log.map(([, grade, mode]) => ({ mode: mode ?? "in the chapters", right: grade > 1, kind })));
    const line = ([mode, rows]) => [mode, rows.length, percent(rows.filter(({ right }) => right).length / rows.length)];
    const body = [...grouped(answers, ({ mode }) => mode)].map(line);
    return fold("By way of practising", answers.length ? table("By way of practising", ["Way", "Answers", "Right"], body) : make("p", {}, "Nothing yet."));
  }

  /** Every card and question of a part, once it is opened. */
  cards() {
    const parts = [...grouped(this.rows, (row) => row.chapter.split("/")[0])];
    const one = ([name, rows]) => {
      const box = fold(`${rows[0].part || name} (${rows.length})`);
      box.addEventListener("toggle", () => box.open && this.list(box, name, rows).catch(() => box.append(make("p", {}, "This list cannot be fetched now."))), { once: true });
      return box;
    };
    return fold("Every card and question", ...parts.map(one));
  }

  async list(box, name, rows) {
    const texts = await shelved(name), now = Date.now();
    const asks = (id) => promptOf(frame(texts.get(id)));
    const line = ({ id, card, recall: chance, page }) => [
      make("a", { href: new URL(`${page}#item-${id}`, ROOT).href }, ...asks(id)), card?.reviews ?? 0, card?.lapses ?? 0,
      card ? percent(chance) : "", card ? (card.due <= now ? "due" : `in ${span(card.due - now)}`) : "new",
    ];
    box.append(table(`Cards and questions of ${rows[0].part || name}`, ["Asks", "Answers", "Lapses", "Recall", "Next"], rows.map(line)));
  }

  // -- as files

  files() {
    const buttons = [button("go second", () => this.save(), "Save all answers as a table (CSV)"), button("go second", () => this.doubt(), "Forget everything")];
    this.row = make("div", { class: "panel-buttons" }, ...buttons);
    return this.row;
  }

  save() {
    const csv = csvOf(this.rows), link = make("a", { download: "attnlab-reviews.csv", href: URL.createObjectURL(new Blob([csv], { type: "text/csv" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.said.textContent = `Saved as attnlab-reviews.csv: ${many(csv.split("\r\n").length - 2, "answer")}.`;
  }

  doubt() {
    this.said.replaceChildren("All answers, passed exercises, places, stars, written thoughts, best times and scores would be gone from this browser; the text of your cells, and of the answers to exercises that you have kept, stays. ",
      button("go second", () => this.forget(), "Forget them"), " ", button("quiet", () => (this.said.textContent = "Nothing was changed."), "Keep them"));
    this.said.querySelector("button").focus();
  }

  forget() {
    const before = written(), all = KINDS.flatMap((kind) => names(kind));
    for (const name of all) remove(name);
    document.dispatchEvent(new CustomEvent("attnlab:taken"));
    const back = () => {
      taken(before);
      document.dispatchEvent(new CustomEvent("attnlab:taken"));
      this.said.textContent = "Everything is back.";
    };
    this.said.replaceChildren("Everything is forgotten. ", button("quiet", back, "Undo, as long as this page is open"));
    this.said.querySelector("button").focus();
  }
}

/** One line an answer, as spreadsheets read it. */
export function csvOf(rows) {
  const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = rows.flatMap(({ id, chapter, kind, log }) => log.map(([time, grade, mode = "chapter"]) => [time, id, kind, chapter, String(grade), mode]));
  lines.sort(([one], [other]) => (one < other ? -1 : 1));
  return [["time", "item", "kind", "chapter", "grade", "way"], ...lines].map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

const saidOf = (rows) => `${rows.filter(({ card }) => card).length} of ${rows.length} answered, ${rows.filter((row) => row.recall >= FIRM).length} known now`;
const square = ({ card, recall: chance }) => make("i", { class: card ? "square begun" : "square", style: `--r:${chance.toFixed(2)}` });
const meter = (share) => make("span", { class: "mastery-meter", style: `--r:${share.toFixed(3)}` }, percent(share));
const fold = (title, ...children) => make("details", { class: "wishes" }, make("summary", {}, title), ...children);

function table(name, head, rows) {
  const cells = (tag, values, ...more) => values.map((value) => make(tag, ...more, ...(tag === "th" ? [{ scope: "col" }, value] : [{}, value])));
  const body = rows.map((row) => make("tr", {}, ...cells("td", row)));
  const found = make("table", { class: "table" }, make("thead", {}, make("tr", {}, ...cells("th", head))), make("tbody", {}, ...body));
  return make("div", { class: "mastery-table", tabindex: "0", role: "region", "aria-label": name }, found);
}

/** What an item asks, as nodes. */
function promptOf(box) {
  const prompt = box.querySelector("template")?.content.querySelector('[data-part="prompt"]') ?? box.querySelector("summary");
  return [...document.importNode(prompt, true).childNodes];
}

for (const box of globalThis.document?.querySelectorAll(".mastery") ?? []) new Panel(box).start();
