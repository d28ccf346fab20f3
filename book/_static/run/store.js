// What the reader typed into a page's cells, kept under `code:<page>:<cell number>-<hash of the committed text>`.
import { hear, names, read, remove, write } from "../practice/storage.js";

// A short hash of a text (FNV-1a, 32 bits).
export function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
}

export class Store {
  constructor(page) {
    this.prefix = `code:${page}:`;
  }

  // Saved texts for cells given as their keys "3-1x2y3z": key -> { text, key: where it was saved, changed }.
  // A cell that moved is known by its hash; one whose committed text changed, by its number.
  match(keys) {
    const free = new Set(names(this.prefix).map((name) => name.slice(this.prefix.length))), found = new Map();
    const part = (key, i) => key.split("-")[i];
    const rules = [(a, b) => a === b, (a, b) => part(a, 1) === part(b, 1), (a, b) => part(a, 0) === part(b, 0)];
    rules.forEach((same, rank) => {
      for (const key of keys) {
        if (found.has(key)) continue;
        const old = [...free].find((other) => same(key, other) && (rank < 1 || !keys.includes(other)));
        if (old === undefined) continue;
        free.delete(old);
        found.set(key, { key: old, text: read(this.prefix + old), changed: rank === 2 });
      }
    });
    return found;
  }

  // True where the text will be there after a reload.
  save(key, text) {
    return write(this.prefix + key, text);
  }

  remove(key) {
    remove(this.prefix + key);
  }

  // Call `changed` when another tab may have written a text of this page, or this page was slept through.
  hear(changed) {
    hear((name) => (name === null || name.startsWith(this.prefix)) && changed());
  }
}
