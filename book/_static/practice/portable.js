// Progress as the text of a file, and back: the file that notebooks write too (src/attnlab/exercises/_progress.py), with what
// only the site knows beside its exercises. A file is understood whole or not at all.
import { merged } from "./merge.js";
import { all, quietly, sound } from "./progress.js";
import { names, read, write } from "./storage.js";

const FORMAT = "attnlab-progress", VERSION = 1;
const GROUPS = { exercises: "exercise", items: "item", goals: "goal", pages: "page", answers: "answer", scores: "score",
  stars: "star", thoughts: "thought", times: "best", played: "played" };
const CODE = "code:";
const NOTHING = "Nothing was changed.";

const isGroup = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const bare = ({ version, ...entry }) => entry;
const rows = (found) => Object.fromEntries(found.map(([id, entry]) => [id, bare(entry)]));

/** Everything this browser knows, as the text of a file. */
export function written() {
  const groups = Object.entries(GROUPS).map(([group, kind]) => [group, rows(all(kind))]);
  const code = names(CODE).map((name) => [name.slice(CODE.length), read(name)]);
  const document = { format: FORMAT, version: VERSION, ...Object.fromEntries(groups), code: Object.fromEntries(code) };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first entry that is not as it should be, by its name; undefined where all are. */
function unsound(document) {
  for (const [group, kind] of Object.entries(GROUPS)) {
    if (!isGroup(document[group] ?? {})) return group;
    const bad = Object.entries(document[group] ?? {}).find(([id, entry]) => !id || !isGroup(entry) || !sound(kind, entry));
    if (bad) return bad[0];
  }
  if (!isGroup(document.code ?? {})) return "code";
  return Object.entries(document.code ?? {}).find(([, text]) => typeof text !== "string")?.[0];
}

/** A sentence that says why the text of a file is refused; "" where it is not. */
export function refusal(text) {
  const document = parsed(text);
  if (document === undefined) return `This file is damaged, or is no file of progress. ${NOTHING}`;
  if (document?.format !== FORMAT) return `This is no file of progress in this course. ${NOTHING}`;
  if (document.version > VERSION) return `A later version of the course wrote this file: reload the page, then try again. ${NOTHING}`;
  const bad = document.version === VERSION ? unsound(document) : "version";
  return bad === undefined ? "" : `This file is damaged at “${bad.slice(0, 60)}”. ${NOTHING}`;
}

function added(kind, group) {
  const change = ([id, other]) => {
    let news = false;
    quietly(kind, id, (own) => {
      const both = merged(kind, own, bare(other));
      news = both !== own;
      return both;
    });
    return news;
  };
  return Object.entries(group ?? {}).filter(change).length;
}

/** Texts of cells: one that was edited here stays as it is. */
function typed(group = {}) {
  const differ = Object.entries(group).filter(([name, text]) => read(CODE + name) !== text);
  const fresh = differ.filter(([name]) => read(CODE + name) === null);
  for (const [name, text] of fresh) write(CODE + name, text);
  return { cells: fresh.length, stay: differ.length - fresh.length };
}

/** Take over what a file (one that is not refused) has to add: how many entries of each kind that were. */
export function taken(text) {
  const document = parsed(text);
  const counts = Object.entries(GROUPS).map(([group, kind]) => [group, added(kind, document[group])]);
  return { ...Object.fromEntries(counts), ...typed(document.code) };
}
