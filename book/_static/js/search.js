// The search: in the dialog of Ctrl+K while one types, and on a page of its own. The library (MiniSearch) and what it reads are
// fetched when somebody first searches, by plain script tags, so that it works from a folder too.
(function () {
  "use strict";
  const ROOT = document.documentElement.dataset.content_root ?? "./";
  const SHOWN = { dialog: 8, page: 30 }, SECTIONS = 3, QUOTED = 190, NAMES = 20;
  const NUMBERED = /^\s*(claim|exercise|ex\.?|fig(?:ure|\.)?)?\s*((?:[a-z]|\d+)(?:\.\d+){1,2})\.?\s*$/i;
  const FIELDS = { title: 6, heading: 4, part: 0.2, text: 1, names: 1 };
  const SMALL = new Set(("a an the of to in on for and or by with is are be do does did how what why when where which who i it its my me we you our your " +
    "this that as at from can there not no use using between vs versus").split(" "));
  const ASIDE = { exercises: 0.4, remember: 0.4, "recall-first": 0.5, "where-next": 0.3 }; // sections that speak of what others explain
  const PLAIN = { problems: 0.55, claims: 0.25, exercises: 0.25, bibliography: 0.15, overview: 0.85, index: 0.6, how_to_use: 0.7, notation: 0.8 };

  // -- words: whole, in lower case, without accents, in one spelling, without their commonest endings

  const ENDINGS = [[/iz(?=e|ation|ing|er)/, "is"], [/ies$/, "y"], [/(?<=[^sui])s$/, ""], [/(?<=\w{3})(?:ing|ed)$/, ""], [/(?<=\w{3})e$/, ""],
    [/([bdglmnprt])\1$/, "$1"]];

  function stem(word) {
    return word.length < 4 || /\d/.test(word) ? word : ENDINGS.reduce((left, [ending, by]) => left.replace(ending, by), word);
  }

  function words(text) {
    const flat = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/√/g, " sqrt ").replace(/(?<=\p{L}{2})our(?=\b|s\b|ed\b|ing\b)/gu, "or");
    return flat.match(/[\p{L}\p{N}]+/gu) ?? [];
  }

  const stems = (text) => words(text).map(stem);

  function asked(text) {
    const all = words(text).filter((word) => word.length > 1 || /\d/.test(word)), telling = all.filter((word) => !SMALL.has(word));
    return (telling.length ? telling : all.length ? all : words(text)).map(stem);
  }

  // -- what is read, once

  let reading;

  function script(path) {
    return new Promise((done, failed) => {
      const tag = Object.assign(document.createElement("script"), { src: `${ROOT}_static/${path}`, onload: done, onerror: failed });
      document.head.append(tag);
    });
  }

  function ready() {
    reading ??= new Promise((done, failed) => {
      window.attnlabSearchDocs = (told) => done(told);
      script("minisearch/minisearch.js").then(() => script("search_docs.js")).catch(failed);
    }).then(indexed);
    reading.catch(() => { reading = undefined; });
    return reading;
  }

  function indexed(told) {
    const index = new window.MiniSearch({ fields: Object.keys(FIELDS), tokenize: (text) => words(text), processTerm: (word) => stem(word) });
    const sections = [], pages = told.pages.map(([url, title, part, found, names]) => ({ url, title, part, found, names, kind: url.replace(/^.*\/|\.html$/g, "") }));
    for (const page of pages) {
      for (const [anchor, heading, text, names] of page.found) {
        sections.push({ id: sections.length, page, anchor, title: anchor ? "" : page.title, heading: anchor ? heading : "", part: page.part, text, names });
      }
    }
    index.addAll(sections);
    const same = told.same.map((group) => group.map((name) => asked(name).join(" ")));
    const home = Object.entries(told.home).map(([name, place]) => [asked(name).join(" "), place]);
    return { index, sections, pages, same, home };
  }

  // -- ranking: a section counts by the words of the question that it holds, a page by its sections and by what its title says

  /** The question as groups of which each must be met by one of its phrases: [["rop"], ["rotari"]] for "rope". */
  function groups(question, same) {
    const left = asked(question), found = [];
    for (let at = 0; at < left.length;) {
      const [length, others] = known(left, at, same);
      found.push([left.slice(at, at + length), ...others]);
      at += length;
    }
    return found;
  }

  function known(all, at, same) {
    for (let length = Math.min(4, all.length - at); length > 0; length -= 1) {
      const phrase = all.slice(at, at + length).join(" "), group = same.find((names) => names.includes(phrase));
      if (group) return [length, group.filter((name) => name !== phrase).map((name) => name.split(" "))];
    }
    return [1, []];
  }

  function scores(index, word, last) {
    const options = { boost: FIELDS, prefix: last && word.length > 2, weights: { prefix: 0.25, fuzzy: 0.1 } };
    const met = index.search(word, { ...options, fuzzy: false });
    return new Map((met.length || word.length < 5 ? met : index.search(word, { ...options, fuzzy: 0.3 })).map(({ id, score }) => [id, score]));
  }

  function phraseScores(data, phrase, last) {
    const each = phrase.map((word, i) => scores(data.index, word, last && i === phrase.length - 1));
    const all = new Map();
    for (const [id, score] of each[0]) {
      if (each.every((one) => one.has(id))) all.set(id, each.reduce((sum, one) => sum + one.get(id), 0) / Math.sqrt(phrase.length) || score);
    }
    return all;
  }

  function groupScores(data, group, last) {
    const best = new Map();
    group.forEach((phrase, i) => {
      for (const [id, score] of phraseScores(data, phrase, last)) best.set(id, Math.max(best.get(id) ?? 0, score * (i ? 0.9 : 1)));
    });
    return best;
  }

  function homes(question, home) {
    const left = asked(question), joined = ` ${left.join(" ")} `, found = new Map();
    for (const [name, place] of home) {
      const share = name.split(" ").length / Math.max(left.length, 1);
      if (name && joined.includes(` ${name} `)) found.set(place, Math.max(found.get(place) ?? 0, share));
      else if (left.length && name.startsWith(left.join(" ")) && left.join(" ").length > 3) found.set(place, Math.max(found.get(place) ?? 0, 0.5));
    }
    return found;
  }

  /** What bears the number that was asked for ("claim 3.2.4", "3.2.4"), or a number that begins with it ("exercise 3.2"). */
  function numbered(data, question) {
    const [, word = "", number] = NUMBERED.exec(question) ?? [], kind = word.slice(0, 2).toLowerCase();
    const asked = ([name]) => {
      const [own, its] = name.toLowerCase().split(" ");
      return own.startsWith(kind) && `${its}.`.startsWith(`${number.toLowerCase()}.`);
    };
    const found = number ? data.pages.map((page) => ({ page, names: page.names.filter(asked) })) : [];
    return found.filter(({ names }) => names.length);
  }

  function ranked(data, question) {
    const exact = numbered(data, question);
    if (exact.length) return exact;
    const wanted = groups(question, data.same);
    const each = wanted.map((group, i) => groupScores(data, group, i === wanted.length - 1)), at = homes(question, data.home);
    const table = new Map();
    data.sections.forEach((section) => {
      const got = each.map((one) => one.get(section.id) ?? 0), covered = got.filter(Boolean).length / Math.max(each.length, 1);
      const own = at.get(`${section.page.url}${section.anchor ? `#${section.anchor}` : ""}`) ?? 0;
      const score = got.reduce((sum, one) => sum + one, 0) * covered ** 2 * (1 + 2 * own) * (ASIDE[section.anchor] ?? 1);
      if (!score && !own) return;
      const row = table.get(section.page) ?? { page: section.page, sections: [], best: each.map(() => 0), own: 0 };
      row.sections.push({ section, score: score + own });
      row.best = row.best.map((one, i) => Math.max(one, got[i]));
      row.own = Math.max(row.own, own);
      table.set(section.page, row);
    });
    return [...table.values()].map(weighed).sort((a, b) => b.score - a.score);
  }

  function weighed(row) {
    row.sections.sort((a, b) => b.score - a.score);
    const covered = row.best.filter(Boolean).length / Math.max(row.best.length, 1), together = row.best.reduce((sum, one) => sum + one, 0) * covered ** 2;
    const place = row.page.part === "Concepts" ? 0.5 : PLAIN[row.page.kind] ?? (row.page.kind.startsWith("refresher") ? 0.7 : 1);
    row.score = place * (row.sections[0].score + 0.5 * together) + 1000 * row.own * (row.own >= 0.5) + 20 * row.own;
    return row;
  }

  // -- quoting: the part of a section in which most of the words stand

  function quoted({ text, names }, found) {
    const spots = [...text.matchAll(/[\p{L}\p{N}]+/gu)].filter((match) => found.has(stem(words(match[0])[0] ?? ""))).map((match) => match.index);
    if (!spots.length) {
      const name = names.split(" ").find((one) => stems(one).some((word) => found.has(word)));
      return name ? { code: name } : { text: `${text.slice(0, QUOTED)}${text.length > QUOTED ? " …" : ""}` };
    }
    const held = (from) => spots.filter((spot) => spot >= from && spot < from + QUOTED - 20).length;
    const start = spots.reduce((best, spot) => (held(spot) > held(best) ? spot : best), spots[0]);
    const from = start < 60 ? 0 : text.indexOf(" ", start - 60) + 1, end = text.indexOf(" ", from + QUOTED);
    return { text: `${from ? "… " : ""}${text.slice(from, end < 0 ? undefined : end)}${end < 0 ? "" : " …"}` };
  }

  function marked(text, found) {
    const line = document.createElement("span");
    for (const piece of text.split(/([\p{L}\p{N}]+)/u)) {
      const hit = found.has(stem(words(piece)[0] ?? ""));
      line.append(hit ? Object.assign(document.createElement("mark"), { textContent: piece }) : piece);
    }
    return line;
  }

  // -- showing

  function element(name, properties, ...inside) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...inside);
    return made;
  }

  function named({ page, names }) {
    const links = names.slice(0, NAMES).map(([name, anchor, title]) => element("a", { href: `${ROOT}${page.url}#${anchor}` }, `${name} ${title}`));
    return element("li", {}, ...links.flatMap((link) => [link, element("br")]), element("span", { className: "search-part" }, `${page.title} · ${page.part}`));
  }

  function entry(row, found, full) {
    if (row.names) return named(row);
    const own = row.sections.find(({ section }) => !section.anchor), below = row.sections.filter(({ section }) => section.anchor);
    const link = element("a", { href: ROOT + row.page.url }, marked(row.page.title, found));
    const item = element("li", {}, link, element("span", { className: "search-part" }, row.page.part));
    const first = own && own.score >= (below[0]?.score ?? 0) ? own : below[0] ?? own;
    const shown = below.slice(0, full ? SECTIONS : 1);
    if (first === own) item.append(quote(own.section, found));
    for (const { section } of shown) {
      const to = element("a", { href: `${ROOT}${row.page.url}#${section.anchor}`, className: "search-section" }, marked(section.heading, found));
      item.append(to, ...(full || first.section === section ? [quote(section, found)] : []));
    }
    return item;
  }

  function quote(section, found) {
    const said = quoted(section, found);
    return element("p", { className: "context" }, said.code ? element("code", {}, said.code) : marked(said.text, found));
  }

  function listed(data, question, limit) {
    const rows = asked(question).length ? ranked(data, question) : [], found = new Set([...asked(question), ...groups(question, data.same).flat().filter((phrase) => phrase.length === 1).flat()]);
    const count = rows.length, list = element("ol", { className: "search" }, ...rows.slice(0, limit).map((row) => entry(row, found, limit > SHOWN.dialog)));
    const said = !question.trim() ? "" : count ? `${count} ${count === 1 ? "page" : "pages"}` : `Nothing found for “${question.trim()}”. Fewer words, or other ones, may find more.`;
    return { list, said };
  }

  /** Results under a field while one types; arrows go from link to link, and in the dialog Enter opens the first. */
  function attach(field, box, limit) {
    const said = element("p", { className: "search-count" });
    said.setAttribute("role", "status");
    let asking = 0;
    async function answer() {
      const question = field.value, mine = (asking += 1);
      if (!question.trim()) return box.replaceChildren();
      try {
        const data = await ready();
        if (mine !== asking) return;
        const { list, said: words } = listed(data, question, limit);
        said.textContent = words;
        box.replaceChildren(said, list);
      } catch {
        said.textContent = "The search could not be loaded. Is there a connection?";
        box.replaceChildren(said);
      }
    }
    field.addEventListener("input", answer);
    if (limit === SHOWN.dialog) field.addEventListener("focus", () => ready().catch(() => {}), { once: true }); // opened to search
    field.form.addEventListener("keydown", (event) => step(event, field, box));
    box.addEventListener("keydown", (event) => step(event, field, box));
    return answer;
  }

  function step(event, field, box) {
    const links = [...box.querySelectorAll("a")], stops = [field, ...links], at = stops.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to === undefined || at < 0 || !links.length) return;
    event.preventDefault();
    stops[Math.max(0, Math.min(to, stops.length - 1))].focus();
  }

  function inDialog() {
    const dialog = document.getElementById("pst-search-dialog"), field = dialog?.querySelector("input");
    if (!field) return;
    const box = element("div", { className: "search-live" });
    dialog.append(box);
    const answer = attach(field, box, SHOWN.dialog);
    field.form.addEventListener("submit", (event) => {
      const first = box.querySelector("ol.search a");
      if (!first || !field.value.trim()) return;
      event.preventDefault();
      location.href = first.href;
    });
    dialog.addEventListener("click", (event) => { if (event.target.closest(".search-live a")) dialog.close(); });
    if (field.value) answer();
  }

  function onPage() {
    const box = document.querySelector(".search-page #search-results"), field = document.querySelector(".search-page input[type=search]");
    if (!box) return;
    const answer = attach(field, box, SHOWN.page);
    field.form.addEventListener("submit", (event) => event.preventDefault());
    field.addEventListener("input", () => {
      try { history.replaceState(history.state, "", field.value ? `?q=${encodeURIComponent(field.value)}` : location.pathname); } catch { /* from a folder */ }
    });
    field.value = new URLSearchParams(location.search).get("q") ?? "";
    field.focus();
    answer();
  }

  /** What a test asks: the addresses found, best first. */
  window.attnlabSearch = async (question) => ranked(await ready(), question).map((row) => row.page.url);

  inDialog();
  onPage();
})();
