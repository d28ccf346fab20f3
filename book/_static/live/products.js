// y = W x in plain JavaScript, W in the blocks of the file: the definition that the WebAssembly of simd.js is compared with.
import { Q4_1 } from "./gguf.js";

export const BLOCK = 32; // weights with a scale of their own

// Every 16-bit number as a float: sign, five bits of exponent, ten of fraction.
export const HALF = Float32Array.from({ length: 65536 }, (_, bits) => {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits & 32768 ? -1 : 1;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
});

export class Products {
  // `file` is a Uint8Array over the whole file, at an even place of its buffer.
  constructor(file) {
    this.bytes = file;
    this.signed = new Int8Array(file.buffer, file.byteOffset);
    this.halves = new Uint16Array(file.buffer, file.byteOffset, file.byteLength >> 1);
    this.sums = new Float32Array(64);
  }

  // The x of the products that follow.
  take(x) {
    this.x = x;
    for (let block = 0; block < x.length / BLOCK; block++) {
      let sum = 0;
      for (let i = BLOCK * block; i < BLOCK * (block + 1); i++) sum += x[i];
      this.sums[block] = sum;
    }
  }

  // y = W x.
  times(matrix, y) {
    (matrix.type === Q4_1 ? this.#four : this.#eight).call(this, matrix, y);
  }

  // scale · Σ code x + least · Σ x in each block; the low halves of its bytes are codes 0 to 15, the high ones 16 to 31.
  #four({ rows, cols, at }, y) {
    const { bytes, halves, sums, x } = this;
    for (let row = 0; row < rows; row++) {
      let total = 0;
      for (let start = 0; start < cols; start += BLOCK, at += 20) {
        let low = 0, high = 0;
        for (let i = 4, k = start; i < 20; i++, k++) {
          const pair = bytes[at + i];
          low += (pair & 15) * x[k];
          high += (pair >> 4) * x[k + 16];
        }
        total += HALF[halves[at >> 1]] * (low + high) + HALF[halves[(at >> 1) + 1]] * sums[start / BLOCK];
      }
      y[row] = total;
    }
  }

  // scale · Σ code x in each block.
  #eight({ rows, cols, at }, y) {
    const { signed, halves, x } = this;
    for (let row = 0; row < rows; row++) {
      let total = 0;
      for (let start = 0; start < cols; start += BLOCK, at += 34) {
        let even = 0, odd = 0;
        for (let i = 2, k = start; i < 34; i += 2, k += 2) {
          even += signed[at + i] * x[k];
          odd += signed[at + i + 1] * x[k + 1];
        }
        total += HALF[halves[at >> 1]] * (even + odd);
      }
      y[row] = total;
    }
  }
}
