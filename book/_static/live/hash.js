// SHA-256 of what comes in parts: the browser's own wants all of it at once, which here would be 98 MB twice.
// Source: FIPS 180-4, section 6.2; the constants are the first 32 bits of the fractional parts of roots of the first primes.
const PRIMES = primes(64);
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) >>> 0;
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const CHUNK = 64;

function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
}

export class Sha256 {
  #state = Int32Array.from(START);
  #words = new Int32Array(64);
  #rest = new Uint8Array(CHUNK); // of the last chunk what has come
  #length = 0;

  // More bytes.
  add(bytes) {
    const held = this.#length % CHUNK, first = Math.min(bytes.length, (CHUNK - held) % CHUNK);
    this.#rest.set(bytes.subarray(0, first), held);
    if (held && held + first === CHUNK) this.#mix(this.#rest, 0);
    let at = first;
    for (; at + CHUNK <= bytes.length; at += CHUNK) this.#mix(bytes, at);
    if (at < bytes.length) this.#rest.set(bytes.subarray(at), 0);
    this.#length += bytes.length;
  }

  // The hash of all that came, in hexadecimal digits; afterwards nothing more can be added.
  digest() {
    const bits = this.#length * 8, filler = (2 * CHUNK - 9 - (this.#length % CHUNK)) % CHUNK, end = new DataView(new ArrayBuffer(filler + 9));
    end.setUint8(0, 128);
    end.setUint32(end.byteLength - 8, Math.floor(bits / 2 ** 32));
    end.setUint32(end.byteLength - 4, bits >>> 0);
    this.add(new Uint8Array(end.buffer));
    return [...this.#state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #mix(bytes, at) {
    const w = this.#words, state = this.#state;
    for (let i = 0; i < 16; i++, at += 4) w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15], b = w[i - 2];
      const one = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
      const two = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
      w[i] = (w[i - 16] + one + w[i - 7] + two) | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
      const three = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + three + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
      const two = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const next = (one + two + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g, g = f, f = e, e = (d + one) | 0; // one place on
      d = c, c = b, b = a, a = next;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] += value; });
  }
}
