// Where a cell's output goes: the committed one stays until a new one comes.
const VERDICTS = {
  passed: ["✓", "Passed"],
  failed: ["✗", "Not yet"],
  open: ["○", "Not attempted yet"],
};
const OPENING = /^(passed|not yet|not attempted yet)\b[:.,]?\s*/i; // the heading says it already

const make = (tag, className = "", text = "") => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
};

// A place in the book, which stands as it does below the site's root.
function link(words, place) {
  const made = make("a", "", words);
  made.href = new URL(`../../${place}`, import.meta.url);
  return made;
}

function image({ text, detail }, alt) {
  const [width, ...words] = detail.split(" ");
  const picture = make("img");
  Object.assign(picture, { src: `data:image/png;base64,${text}`, alt: alt || words.join(" "), width: Number(width) });
  return picture;
}

export class Output {
  constructor(cell) {
    this.cell = cell;
    this.committed = [...cell.querySelectorAll(".cell_output")];
    this.box = make("div", "cell_output run-output docutils container");
    this.box.hidden = true;
    this.list = [];
    this.place = "";
  }

  // Begin anew: what comes is collected, and shown at once unless `quiet`.
  begin({ quiet = false, unchanged = true } = {}) {
    if (!this.box.hidden) quiet ? this.reset() : this.vanish(); // what an earlier run left is not this run's
    this.list = [];
    this.fresh = false;
    this.quiet = quiet;
    this.unchanged = unchanged;
  }

  hear(message) {
    this.list.push(message);
    if (!this.quiet || message.kind === "error") this.show();
  }

  show() {
    const from = this.fresh ? this.list.length - 1 : 0;
    if (!this.fresh) this.clear();
    this.fresh = true;
    this.box.hidden = false;
    for (const message of this.list.slice(from)) this.add(message);
  }

  clear() {
    this.empty();
    for (const old of this.committed) old.hidden = true;
  }

  empty() {
    this.box.replaceChildren();
    delete this.box.dataset.verdict;
    if (this.anchor) this.committed.map((output) => output.querySelector("figure")).find(Boolean).id = this.anchor;
    this.anchor = "";
  }

  // The run is over. A cell that printed nothing has no output; a quiet one keeps what was there.
  end() {
    if (!this.fresh && !this.quiet) this.vanish();
  }

  vanish() {
    this.clear();
    this.box.hidden = true;
  }

  add(message) {
    const { kind, text } = message;
    if (kind === "stdout" || kind === "stderr") return this.stream(kind, text);
    if (kind === "verdict") return this.verdict(message);
    if (kind === "html" || kind === "svg") return this.rich(text);
    if (kind === "png") return this.figure(message);
    this.box.append(make(kind === "capped" ? "p" : "pre", `run-${kind}`, text));
  }

  stream(kind, text) {
    const last = this.box.lastElementChild;
    if (last?.className === "run-verdict") this.said(text);
    else if (last?.classList.contains(`run-${kind}`)) last.append(text);
    else if (last?.className === "run-said" && !text.trim()) return;
    else this.box.append(make("pre", `run-${kind}`, text));
  }

  // The check's own words: one paragraph a line, without the line breaks meant for a terminal.
  said(text) {
    const lines = text.replace(OPENING, "").replace(/\n {2}(?=\S)/g, " ").split("\n");
    for (const line of lines.filter((line) => line.trim())) {
      const [, topic = "", words] = line.match(/^([A-Z]\w+(?: \([^)]*\))?:)?(.*)$/);
      const said = make("p", "run-said");
      if (topic) said.append(make("strong", "", topic));
      if (topic === "Read:" && this.place.includes("#")) said.append(" ", link(words.trim(), this.place));
      else said.append(topic ? words : words.replace(/^./, (first) => first.toUpperCase()));
      this.box.append(said);
    }
  }

  rich(html) {
    const place = make("div", "output text_html");
    place.innerHTML = html;
    this.box.append(place);
    window.attnlabMount?.(place);
  }

  // A committed figure's caption, number and anchor stay with the new picture.
  figure(message) {
    const old = this.committed.map((output) => output.querySelector("figure")).find(Boolean);
    const alt = this.unchanged && this.committed.map((output) => output.querySelector("img")?.alt).find(Boolean);
    if (!old || this.box.querySelector("figure")) return this.box.append(image(message, alt));
    const copy = old.cloneNode(true);
    copy.querySelector("img").replaceWith(image(message, alt));
    this.box.append(copy);
    this.anchor = old.id;
    old.removeAttribute("id");
  }

  verdict({ text: state, detail: place }) {
    const [sign, words] = VERDICTS[state];
    this.box.dataset.verdict = state;
    this.place = place ?? "";
    const head = make("p", "run-verdict");
    const mark = make("span", "", sign);
    mark.setAttribute("aria-hidden", "true");
    head.append(mark, ` ${words}`);
    this.box.append(head);
  }

  reset() {
    this.box.hidden = true;
    this.empty();
    for (const old of this.committed) old.hidden = false;
  }
}
