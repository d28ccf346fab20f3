// A GGUF file: what it says of itself, and where each of its tensors lies. Nothing is copied; the weights stay in their few bits.
// As in attnlab.weights.gguf, with the same two oddities: the axis that runs fastest is named first, and in Q4_1 the low
// halves of the 16 bytes are the weights 0 to 15 of a block, the high halves 16 to 31.
export const F32 = 0, Q4_1 = 3, Q8_0 = 8;

const BLOCKS = { [F32]: [1, 4], [Q4_1]: [32, 20], [Q8_0]: [32, 34] }; // weights and bytes of one block
const MAGIC = 0x46554747, VERSION = 3, ALIGNMENT = 32; // the letters GGUF
const TEXT = 8, LIST = 9;
const NUMBERS = { // number of a type -> how a DataView reads it, and its bytes
  0: ["getUint8", 1], 1: ["getInt8", 1], 2: ["getUint16", 2], 3: ["getInt16", 2], 4: ["getUint32", 4], 5: ["getInt32", 4],
  6: ["getFloat32", 4], 7: ["getUint8", 1], 10: ["getBigUint64", 8], 11: ["getBigInt64", 8], 12: ["getFloat64", 8],
};

// A place in the file that moves on as values are read.
class Cursor {
  at = 0;
  #letters = new TextDecoder();

  constructor(file) {
    Object.assign(this, { file, view: new DataView(file.buffer, file.byteOffset, file.byteLength) });
  }

  number(type) {
    const [read, bytes] = NUMBERS[type];
    this.at += bytes;
    return this.view[read](this.at - bytes, true);
  }

  count() { return Number(this.number(10)); }

  text() {
    const length = this.count();
    this.at += length;
    return this.#letters.decode(this.file.subarray(this.at - length, this.at));
  }

  value(type) {
    if (type === TEXT) return this.text();
    if (type !== LIST) return this.number(type);
    const inner = this.number(4), length = this.count();
    return Array.from({ length }, () => this.value(inner));
  }
}

// `file` is a Uint8Array over the whole file, or over its beginning. Gives { says, tensors }: a tensor is { type, rows, cols, at,
// bytes }, counted from the beginning of the file. Throws where it is no GGUF of version 3, or holds a type that is not known here.
export function read(file) {
  const cursor = new Cursor(file);
  if (cursor.number(4) !== MAGIC || cursor.number(4) !== VERSION) throw new Error("The file is no GGUF of version 3.");
  const tensors = cursor.count(), values = cursor.count(), says = {};
  for (let i = 0; i < values; i++) {
    const name = cursor.text();
    says[name] = cursor.value(cursor.number(4));
  }
  const places = Array.from({ length: tensors }, () => place(cursor));
  const alignment = says["general.alignment"] ?? ALIGNMENT, start = Math.ceil(cursor.at / alignment) * alignment;
  return { says, tensors: Object.fromEntries(places.map(({ name, ...one }) => [name, { ...one, at: start + one.at }])) };
}

function place(cursor) {
  const name = cursor.text();
  const axes = Array.from({ length: cursor.number(4) }, () => cursor.count()), type = cursor.number(4);
  if (!(type in BLOCKS)) throw new Error(`The tensor ${name} is kept as type ${type}, which cannot be read here.`);
  const [weights, bytes] = BLOCKS[type], [cols, rows = 1] = axes;
  return { name, type, rows, cols, at: cursor.count(), bytes: (rows * cols / weights) * bytes };
}
