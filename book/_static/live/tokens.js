// The tokenizer of a GGUF file: a byte-level BPE as in attnlab.tokens.published. A byte is written as a letter: itself where it
// prints, else one from U+0100 on, so that a space is Ġ. Bytes that no token spells are dropped, and that is told.
import { Trouble } from "./trouble.js";

const PRINTS = (byte) => (byte > 32 && byte < 127) || (byte > 160 && byte < 256 && byte !== 173);
const CONTROL = 3; // the file's number for tokens that stand for themselves
// White space is spelled out: \s of JavaScript has U+FEFF, which the published pattern has not, and lacks U+0085.
const SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const OTHER = `[^${SPACE}\\p{L}\\p{N}]`;
const WORD = new RegExp(`'(?:s|t|re|ve|m|ll|d)| ?\\p{L}+| ?\\p{N}+| ?${OTHER}+|[${SPACE}]+(?![^${SPACE}])|[${SPACE}]+`, "gu");
const DIGIT_OR_RUN = /\p{N}|\P{N}+/gu;

// Two passes: each digit alone, then what stands between digits is cut as GPT-2 does. In "a  1" both spaces stay together.
export function words(text) {
  return (text.match(DIGIT_OR_RUN) ?? []).flatMap((run) => run.match(WORD) ?? []);
}

const LETTERS = letters();

function letters() {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(PRINTS(byte) ? byte : next++));
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

export class Tokenizer {
  #known = new Map(); // word -> { ids, lost }: most words of a text come again
  #bytes = new TextEncoder();
  #whole = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  // `says` is what the file says of itself.
  constructor(says) {
    const own = (name) => says[`tokenizer.ggml.${name}`];
    this.tokens = own("tokens");
    this.ids = new Map(this.tokens.map((token, id) => [token, id]));
    this.rank = new Map(own("merges").map((merge, rank) => [merge, rank]));
    this.spells = new Map(LETTERS.map((letter, byte) => [letter, byte]));
    this.special = new Set(this.tokens.filter((_, id) => own("token_type")[id] === CONTROL));
    const longest = [...this.special].sort((one, other) => other.length - one.length);
    this.cut = new RegExp(`(${longest.map(escaped).join("|")})`, "u");
  }

  // The ids alone. The names of special tokens become those tokens.
  encode(text) {
    return this.parts(text).flatMap(({ ids }) => ids);
  }

  // Each token of the text: { id, text, lost }. `text` is what it decodes to alone; bytes that are no whole characters stand as hex.
  // `lost` are the bytes of the text in front of it that no token spells; the last token has those behind it too.
  tell(text) {
    const told = [];
    let lost = [];
    for (const part of this.parts(text)) {
      part.ids.forEach((id, place) => {
        told.push({ id, text: this.shown(id), lost: [...lost, ...part.lost[place]] });
        lost = [];
      });
      lost.push(...part.lost[part.ids.length]);
    }
    told.at(-1)?.lost.push(...lost);
    return told;
  }

  // The bytes that the ids spell, read as UTF-8; special tokens by name.
  decode(ids) {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(ids.flatMap((id) => [...this.spelled(id)])));
  }

  // What one token decodes to alone.
  shown(id) {
    const bytes = this.spelled(id);
    try {
      return this.#whole.decode(bytes);
    } catch {
      return hex(bytes);
    }
  }

  spelled(id) {
    const token = this.tokens[id];
    if (token === undefined) throw new Trouble("refused", `The id ${id} is none of the ${this.tokens.length} tokens.`);
    return this.special.has(token) ? this.#bytes.encode(token) : Uint8Array.from(token, (letter) => this.spells.get(letter));
  }

  // The text word by word: { ids, lost }, where lost[place] are the bytes dropped in front of ids[place], the last those behind.
  parts(text) {
    const whole = (name) => [{ ids: [this.ids.get(name)], lost: [[], []] }];
    return text.split(this.cut).flatMap((part) => (this.special.has(part) ? whole(part) : words(part).map((word) => this.word(word))));
  }

  word(word) {
    if (!this.#known.has(word)) this.#known.set(word, this.joined(word));
    return this.#known.get(word);
  }

  // The pair that was learned earliest is joined first, wherever it stands, until none is left that was learned.
  joined(word) {
    const pieces = [], lost = [[]];
    for (const byte of this.#bytes.encode(word)) {
      if (!this.ids.has(LETTERS[byte])) lost.at(-1).push(byte);
      else pieces.push(LETTERS[byte]) && lost.push([]);
    }
    for (let place = this.earliest(pieces); place >= 0; place = this.earliest(pieces)) {
      pieces.splice(place, 2, pieces[place] + pieces[place + 1]);
      lost.splice(place, 2, [...lost[place], ...lost[place + 1]]);
    }
    return { ids: pieces.map((piece) => this.ids.get(piece)), lost };
  }

  // The place of the pair that was learned first, -1 where none was.
  earliest(pieces) {
    let best = Infinity, found = -1;
    for (let place = 0; place + 1 < pieces.length; place++) {
      const rank = this.rank.get(`${pieces[place]} ${pieces[place + 1]}`);
      if (rank < best) [best, found] = [rank, place];
    }
    return found;
  }
}
