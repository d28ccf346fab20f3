// The decoder of attnlab.models.smollm2, one token at a time: RMSNorm, nine heads on three of keys and values, rotary positions,
// a gated network, thirty layers, and the table of tokens once more at the end. The weights stay in the file's blocks: only the
// products (products.js, or simd.js in its place) look at them.
import { BLOCK, HALF } from "./products.js";

// For the products of simd.js, where a few numbers of x are far larger than the others, or the scores of heads depend on it.
const FINE = true;

export class Decoder {
  // `header` is what gguf.read gives of `file`; `context` is the longest text.
  constructor(file, header, products, context) {
    const own = (name) => header.says[`llama.${name}`];
    Object.assign(this, { file, products, context, tensors: header.tensors, length: 0 });
    this.layers = own("block_count");
    this.heads = own("attention.head_count");
    this.shared = this.heads / own("attention.head_count_kv"); // heads that share keys and values
    this.wide = own("rope.dimension_count"); // of one head
    this.epsilon = own("attention.layer_norm_rms_epsilon");
    this.base = own("rope.freq_base");
    this.gains = new Map();
    this.makeRoom(own("embedding_length"), own("feed_forward_length"));
  }

  makeRoom(width, inner) {
    const room = (...lengths) => lengths.map((length) => new Float32Array(length)), all = this.heads * this.wide;
    const kept = () => Array.from({ length: this.layers }, () => new Float32Array((this.context * all) / this.shared));
    [this.x, this.normed, this.added, this.gate, this.up] = room(width, width, width, inner, inner);
    [this.query, this.mixed, this.weights] = room(all, all, this.context);
    [this.logits] = room(this.tensors["token_embd.weight"].rows);
    this.streams = room(...Array(this.layers + 1).fill(width)); // what entered each layer with the last token, and what left
    [this.keys, this.values] = [kept(), kept()];
  }

  // Read one more token; the logits of the next one stand in `logits`. `how`: { turn, visible, silent }: the turning of queries and
  // keys by their place (`turning`), the places that may be looked at, in order, and a Set of layer * heads + head that write nothing.
  // `watch(layer, head, weights)` is told the weights of the visible places, which it has to copy.
  step(token, how, watch = () => {}) {
    this.embed(token);
    const angles = how.turn.at(this.length);
    for (let layer = 0; layer < this.layers; layer++) {
      this.streams[layer].set(this.x);
      this.attend(layer, how, angles, watch);
      this.think(layer);
    }
    this.streams[this.layers].set(this.x);
    this.length += 1;
    this.unembed(this.x, this.logits);
  }

  // What a stream says of the next token: the last norm, then the table.
  unembed(stream, logits) {
    this.norm("output_norm", stream);
    this.products.take(this.normed);
    this.products.times(this.matrix("token_embd"), logits);
  }

  matrix(name) { return this.tensors[`${name}.weight`]; }

  embed(token) {
    const { at, cols } = this.matrix("token_embd"), { bytes, signed, halves } = this.products;
    const perBlock = 34, row = at + token * (cols / BLOCK) * perBlock;
    for (let i = 0; i < cols; i++) {
      const block = row + Math.floor(i / BLOCK) * perBlock;
      this.x[i] = HALF[halves[block >> 1]] * signed[block + 2 + (i % BLOCK)];
    }
  }

  // x · gain / sqrt(mean of x² + epsilon)
  norm(name, x) {
    const gain = this.gain(name);
    let squares = 0;
    for (const value of x) squares += value * value;
    const scale = 1 / Math.sqrt(squares / x.length + this.epsilon);
    for (let i = 0; i < x.length; i++) this.normed[i] = x[i] * scale * gain[i];
  }

  gain(name) {
    const { at, cols } = this.matrix(name), { buffer, byteOffset } = this.file;
    if (!this.gains.has(name)) this.gains.set(name, new Float32Array(buffer, byteOffset + at, cols));
    return this.gains.get(name);
  }

  // project, score, scale, mask, normalise, mix, merge: x + output(heads(norm(x)))
  attend(layer, how, angles, watch) {
    const name = (part) => this.matrix(`blk.${layer}.attn_${part}`), wide = (this.heads / this.shared) * this.wide;
    const here = (kept) => kept[layer].subarray(this.length * wide, (this.length + 1) * wide);
    const key = here(this.keys);
    this.norm(`blk.${layer}.attn_norm`, this.x);
    this.products.take(this.normed);
    this.products.times(name("q"), this.query, FINE);
    this.products.times(name("k"), key, FINE);
    this.products.times(name("v"), here(this.values));
    how.turn.apply(this.query, angles);
    how.turn.apply(key, angles);
    this.mixed.fill(0);
    for (let head = 0; head < this.heads; head++) {
      this.look(layer, head, how.visible, wide);
      watch(layer, head, this.weights);
      if (!how.silent.has(layer * this.heads + head)) this.mix(layer, head, how.visible, wide);
    }
    this.add(this.mixed, name("output"));
  }

  // The weights of one head: softmax over the visible places of q · k / sqrt(width).
  look(layer, head, visible, wide) {
    const { weights, query, keys: { [layer]: keys } } = this, d = this.wide;
    const q = head * d, from = Math.floor(head / this.shared) * d, scale = 1 / Math.sqrt(d);
    let largest = -Infinity, sum = 0;
    for (let place = 0; place < visible.length; place++) {
      const k = visible[place] * wide + from;
      let score = 0;
      for (let i = 0; i < d; i++) score += query[q + i] * keys[k + i];
      weights[place] = score * scale;
      if (weights[place] > largest) largest = weights[place];
    }
    for (let place = 0; place < visible.length; place++) sum += weights[place] = Math.exp(weights[place] - largest);
    for (let place = 0; place < visible.length; place++) weights[place] /= sum;
  }

  // What one head writes: its weights times the values.
  mix(layer, head, visible, wide) {
    const { weights, mixed, values: { [layer]: values } } = this, d = this.wide;
    const out = head * d, from = Math.floor(head / this.shared) * d;
    for (let place = 0; place < visible.length; place++) {
      const v = visible[place] * wide + from, weight = weights[place];
      for (let i = 0; i < d; i++) mixed[out + i] += weight * values[v + i];
    }
  }

  // x + down(silu(gate(norm(x))) · up(norm(x)))
  think(layer) {
    const name = (part) => this.matrix(`blk.${layer}.ffn_${part}`), { gate, up } = this;
    this.norm(`blk.${layer}.ffn_norm`, this.x);
    this.products.take(this.normed);
    this.products.times(name("gate"), gate);
    this.products.times(name("up"), up);
    for (let i = 0; i < gate.length; i++) gate[i] *= up[i] / (1 + Math.exp(-gate[i]));
    this.add(gate, name("down"), FINE);
  }

  // x + W y
  add(y, matrix, fine) {
    this.products.take(y);
    this.products.times(matrix, this.added, fine);
    for (let i = 0; i < this.x.length; i++) this.x[i] += this.added[i];
  }
}

// How queries and keys are turned by their place: pairs of features by place · base^(-2 i / width). pairing: the two of a pair are
// neighbours ("adjacent", as the file has them) or half a head apart ("halves"), or nothing is turned ("none").
export class Turning {
  constructor(base, pairing, wide) {
    this.speeds = Float64Array.from({ length: wide / 2 }, (_, i) => base ** ((-2 * i) / wide));
    Object.assign(this, { wide, none: pairing === "none", step: pairing === "halves" ? 1 : 2, apart: pairing === "halves" ? wide / 2 : 1 });
  }

  // Cosine and sine of every angle at this place.
  at(place) {
    return { cos: this.speeds.map((speed) => Math.cos(place * speed)), sin: this.speeds.map((speed) => Math.sin(place * speed)) };
  }

  // Turn every head that stands in x.
  apply(x, { cos, sin }) {
    for (let head = 0; head < x.length && !this.none; head += this.wide) {
      for (let i = 0; i < this.speeds.length; i++) {
        const one = head + i * this.step, other = one + this.apart, a = x[one], b = x[other];
        x[one] = a * cos[i] - b * sin[i];
        x[other] = a * sin[i] + b * cos[i];
      }
    }
  }
}
