// What the reader typed, kept in this browser under attnlab:code:<page>:<cell number>-<hash of the committed text>.
const PREFIX = "attnlab:code:";

// A short hash of a text (FNV-1a, 32 bits).
export function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
}

export class Store {
  kept = new Map(); // key after the prefix -> text; the only copy where the browser stores nothing
  works = true;

  constructor(page) {
    this.prefix = `${PREFIX}${page}:`;
    try {
      for (let i = 0; i < localStorage.length; i++) {
        const key = localStorage.key(i);
        if (key.startsWith(this.prefix)) this.kept.set(key.slice(this.prefix.length), localStorage.getItem(key));
      }
    } catch {
      this.works = false;
    }
  }

  // Saved texts for cells given as their keys "3-1x2y3z": key -> { text, key: where it was saved, changed }.
  // A cell that moved is known by its hash; one whose committed text changed, by its number.
  match(keys) {
    const free = new Set(this.kept.keys()), found = new Map();
    const part = (key, i) => key.split("-")[i];
    const rules = [(a, b) => a === b, (a, b) => part(a, 1) === part(b, 1), (a, b) => part(a, 0) === part(b, 0)];
    rules.forEach((same, rank) => {
      for (const key of keys) {
        if (found.has(key)) continue;
        const old = [...free].find((other) => same(key, other) && (rank < 1 || !keys.includes(other)));
        if (old === undefined) continue;
        free.delete(old);
        found.set(key, { key: old, text: this.kept.get(old), changed: rank === 2 });
      }
    });
    return found;
  }

  // True where the text will be there after a reload.
  save(key, text) {
    this.kept.set(key, text);
    try {
      localStorage.setItem(this.prefix + key, text);
    } catch {
      this.works = false;
    }
    return this.works;
  }

  remove(key) {
    this.kept.delete(key);
    try {
      localStorage.removeItem(this.prefix + key);
    } catch {
      this.works = false;
    }
  }
}
