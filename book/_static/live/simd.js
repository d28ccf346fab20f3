// The products of products.js in WebAssembly (simd.wat), eight at a time. The file lies in WebAssembly's own memory, once.
import { Q4_1 } from "./gguf.js";
import { BLOCK, HALF, Products } from "./products.js";

// Places in the memory: HALF at 0, then x as whole numbers, 32767 times what their rounding left, two numbers for each block (its scale
// and its sum), y, and the file.
const X = 65536 * 4, LEFT = X + 8192, SCALES = LEFT + 8192, Y = SCALES + 8192, FILE = 1 << 19, PAGE = 65536;
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
  constructor(file, { memory: { buffer }, ...functions }) {
    super(file);
    new Float32Array(buffer).set(HALF);
    const [whole, left] = [X, LEFT].map((at) => new Int16Array(buffer, at, 4096));
    const [scales, out] = [SCALES, Y].map((at) => new Float32Array(buffer, at));
    Object.assign(this, { functions, whole, left, scales, out });
  }

  // x in whole numbers: the largest of each block becomes 32767.
  take(x) {
    const { whole, left, scales } = this;
    this.blocks = x.length / BLOCK;
    for (let block = 0; block < this.blocks; block++) {
      const start = BLOCK * block, end = start + BLOCK;
      let largest = 0, sum = 0;
      for (let i = start; i < end; i++) {
        largest = Math.max(largest, Math.abs(x[i]));
        sum += x[i];
      }
      const scale = largest ? LARGEST / largest : 0;
      for (let i = start; i < end; i++) {
        whole[i] = Math.round(x[i] * scale);
        left[i] = Math.round((x[i] * scale - whole[i]) * LARGEST);
      }
      scales[2 * block] = largest / LARGEST;
      scales[2 * block + 1] = sum;
    }
  }

  times({ type, rows, at }, y, fine = false) {
    const { four, four_fine: better, eight } = this.functions;
    (type !== Q4_1 ? eight : fine ? better : four)(FILE + at, rows, this.blocks, X, SCALES, Y);
    y.set(this.out.subarray(0, rows));
  }
}
