// The products of products.js in WebAssembly (simd.wat), eight at a time. The file lies in WebAssembly's own memory, once.
import { Q4_1 } from "./gguf.js";
import { BLOCK, HALF, Products } from "./products.js";

// Places in the memory: HALF at 0, then x as whole numbers, what their rounding left of it, y, and the file.
const X = 65536 * 4, LEFT = X + 8192, Y = LEFT + 8192, FILE = 1 << 19, PAGE = 65536;
const SCALES = 4096; // bytes from whole numbers to two numbers for each block of them: its scale and its sum
const LARGEST = 32767;

// True where `code`, the assembled simd.wat, can run here.
export const runs = (code) => globalThis.WebAssembly?.validate(code) ?? false;

// Room for a file of so many bytes, to be filled by who asks: { file, products }. Throws a RangeError where memory is short.
export async function room(code, bytes) {
  const { instance } = await WebAssembly.instantiate(code), { memory } = instance.exports;
  memory.grow(Math.ceil((FILE + bytes) / PAGE) - memory.buffer.byteLength / PAGE);
  const file = new Uint8Array(memory.buffer, FILE, bytes);
  return { file, products: new SimdProducts(file, instance.exports) };
}

class SimdProducts extends Products {
  constructor(file, { four, eight, memory: { buffer } }) {
    super(file);
    new Float32Array(buffer).set(HALF);
    const part = (at) => ({ at, whole: new Int16Array(buffer, at, SCALES / 2), scales: new Float32Array(buffer, at + SCALES, SCALES / 4) });
    Object.assign(this, { four, eight, main: part(X), left: part(LEFT), out: new Float32Array(buffer, Y, (FILE - Y) / 4) });
  }

  // x in whole numbers. `fine`: what rounding leaves of it is multiplied too.
  take(x, fine = false) {
    Object.assign(this, { blocks: x.length / BLOCK, fine });
    this.#round(x, this.main);
    if (fine) this.#round(rest(x, this.main), this.left);
    if (fine) for (let block = 0; block < this.blocks; block++) this.left.scales[2 * block + 1] = 0; // the sums were not rounded
  }

  times(matrix, y) {
    this.#product(matrix, X);
    y.set(this.out.subarray(0, matrix.rows));
    if (!this.fine) return;
    this.#product(matrix, LEFT);
    for (let row = 0; row < matrix.rows; row++) y[row] += this.out[row];
  }

  #product({ type, rows, at }, x) {
    (type === Q4_1 ? this.four : this.eight)(FILE + at, rows, this.blocks, x, x + SCALES, Y);
  }

  // The largest number of each block becomes 32767.
  #round(x, { whole, scales }) {
    for (let block = 0; block < this.blocks; block++) {
      const start = BLOCK * block, end = start + BLOCK;
      let largest = 0, sum = 0;
      for (let i = start; i < end; i++) {
        largest = Math.max(largest, Math.abs(x[i]));
        sum += x[i];
      }
      const scale = largest ? LARGEST / largest : 0;
      for (let i = start; i < end; i++) whole[i] = Math.round(x[i] * scale);
      scales[2 * block] = largest / LARGEST;
      scales[2 * block + 1] = sum;
    }
  }
}

const rest = (x, { whole, scales }) => x.map((value, i) => value - whole[i] * scales[2 * Math.floor(i / BLOCK)]);
