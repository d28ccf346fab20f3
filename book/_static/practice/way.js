// How far the reader has come: a ring by every page and part of the sidebar, a line under the title, and on the landing page a
// link to where they were. A page is `page:<address>`: when it was opened, when its end was seen, and the last section seen.
import { make } from "./dom.js";
import { entry, update, watch } from "./progress.js";
import { done, pages, ring, ROOT, share, told } from "./shares.js";
import { names } from "./storage.js";

const OWN = document.querySelector("script[data-way-page]").dataset.wayPage;
const now = () => new Date().toISOString();

/** Where a link leads, below the site's root and without its section; Sphinx writes the present page's own as `#`. */
const addressOf = (link) => new URL(link.href).href.replace(/#.*$/, "").slice(ROOT.href.length);

class Way {
  constructor(pages) {
    this.pages = pages;
    this.links = new Map();
    for (const link of document.querySelectorAll(".bd-links li > a")) {
      const address = addressOf(link);
      this.links.set(address, [...(this.links.get(address) ?? []), link]);
    }
  }

  show() {
    const shares = new Map(this.pages.map((page) => [page.page, done(page)]));
    for (const [address, counts] of shares) {
      for (const link of this.links.get(address) ?? []) ring(link, share(counts), told(counts));
      if (address === OWN) this.strip(counts);
    }
    for (const box of document.querySelectorAll(".way-part")) this.part(box, shares);
    this.onward();
  }

  part(box, shares) {
    const inside = [...box.querySelectorAll("li > a")].map(addressOf).filter((address) => shares.has(address));
    const all = inside.map((address) => share(shares.get(address))), finished = all.filter((one) => one > 0.999).length;
    const sum = all.reduce((total, one) => total + one, 0);
    ring(box.querySelector("summary"), all.length ? sum / all.length : 0, `${finished} of ${all.length} chapters done`);
  }

  strip(counts) {
    const line = document.querySelector(".way-here");
    if (!line || !share(counts)) return;
    let said = line.querySelector(".way-done");
    if (!said) line.append((said = make("span", { class: "way-done" })));
    said.textContent = told(counts);
  }

  /** On the landing page: on to where the reader was. */
  onward() {
    const list = document.querySelector(".hero ul"), last = this.last();
    if (!list || !last || list.querySelector(".way-onward")) return;
    const { page, title } = this.pages.find((one) => one.page === last.page), { at, heading } = last.entry;
    const words = heading ? `Continue: ${title}, “${heading}”` : `Continue: ${title}`;
    list.prepend(make("li", { class: "way-onward" }, make("a", { href: new URL(page + (at ? `#${at}` : ""), ROOT).href }, words)));
  }

  last() {
    const seen = this.pages.map(({ page }) => ({ page, entry: entry("page", page) })).filter((one) => one.entry.opened);
    return seen.sort((a, b) => (a.entry.updated < b.entry.updated ? 1 : -1))[0];
  }
}

/** The words of a heading, its formulas read, without the sign that links to it. */
function named(head) {
  const copy = head.cloneNode(true);
  copy.querySelectorAll(".headerlink").forEach((link) => link.remove());
  copy.querySelectorAll(".katex").forEach((formula) => formula.replaceWith(formula.querySelector("math")?.getAttribute("alttext") ?? ""));
  return copy.textContent.replace(/\s+/g, " ").trim();
}

/** Keep which section the reader reached; the page counts as read when its last one was on the screen. */
function follow(way) {
  const heads = [...document.querySelectorAll(".bd-article h2")], own = way.pages.some(({ page }) => page === OWN);
  if (!own || !heads.length) return;
  const keep = (change) => update("page", OWN, (old) => ({ opened: now(), ...old, updated: now(), ...change }));
  let scrolled = false;
  const begin = () => { // what is in sight already counts from now on
    scrolled = true;
    for (const head of heads) { eye.unobserve(head); eye.observe(head); }
  };
  const eye = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting || !scrolled) continue;
      const at = target.closest("section")?.id ?? "", ended = target === heads.at(-1);
      keep({ at, heading: named(target), ...(ended && { read: entry("page", OWN).read ?? now() }) });
      if (ended) way.show();
    }
  });
  for (const head of heads) eye.observe(head);
  if (document.documentElement.scrollHeight <= innerHeight + 1) begin();
  else addEventListener("scroll", begin, { passive: true, once: true });
  keep({});
}

const way = new Way(pages);
follow(way);
if (["item:", "exercise:", "page:"].some((kind) => names(kind).length)) way.show();
document.addEventListener("attnlab:check", () => way.show());
document.addEventListener("attnlab:kept", () => way.show());
for (const page of pages) watch("page", page.page, () => way.show());
