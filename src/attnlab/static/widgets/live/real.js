// The real model: offered, loaded, and asked. What it answers has the form of a kept reading (texts.js), so that one picture serves both.
import { make, set, write } from "../common.js";
import { failure, isChanged, LONGEST, optionsOf, PUBLISHED, WRITES } from "./changes.js";
import { square } from "./texts.js";

const ENDS = [0, 2]; // the tokens that end a text or an answer
const NAMED = 200,
  BIN = 0.02; // of the next token that many have a logit of their own; the others share those of bins
const megabytes = (bytes) => Math.round(bytes / 1e6);

/** { bytes, sha256, url } of the model's file on this site, or null where there is none. */
export async function offered() {
  try {
    const place = new URL("../../live/file.json", import.meta.url);
    const answer = await fetch(place);
    const file = answer.ok ? await answer.json() : null;
    return file && { ...file, url: new URL(file.url, place).href };
  } catch {
    return null; // not on the site: a notebook, or a page opened as a file
  }
}

const parts = () => Promise.all(["engine", "sampling"].map((name) => import(new URL(`../../live/${name}.js`, import.meta.url))));

/** Logits, the likeliest first: each of the first NAMED alone, the others in bins. */
export function grouped(logits) {
  const sorted = Float32Array.from(logits).sort().reverse();
  const bins = new Map();
  for (const logit of sorted.subarray(NAMED)) {
    const bin = Math.round(logit / BIN);
    bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  const first = [...sorted.subarray(0, NAMED)];
  return { logits: [...first, ...[...bins.keys()].map((bin) => Math.min(bin * BIN, first.at(-1)))], counts: [...first.map(() => 1), ...bins.values()] };
}

/** The ids of the `count` largest logits, the largest first. */
export function largest(logits, count) {
  const order = Array.from(logits, (_, id) => id);
  return order.sort((a, b) => logits[b] - logits[a] || a - b).slice(0, count);
}

/** An open engine as something that reads texts: one at a time, the last one asked for. */
export function reader(engine, sampling) {
  let turn = 0,
    stopped = new AbortController(),
    running = Promise.resolve(),
    written = null, // what was written on: its ids are those of the model, whatever the text would be cut into
    plain = null; // the last text as the published model reads it
  const alone = (work) => {
    stopped.abort();
    stopped = new AbortController();
    const mine = ++turn, { signal } = stopped;
    const current = async (found) => {
      if (mine !== turn) throw new Superseded();
      return found;
    };
    running = running
      .catch(() => {})
      .then(() => current(null))
      .then(() => work(signal))
      .then(current, (error) => current(null).then(() => Promise.reject(error)));
    return running;
  };
  const cut = async (text) => (written?.text === text ? written : { text, tokens: await engine.tokenize(text) });
  const texts = (ids) => Promise.all(ids.map((id) => engine.detokenize([id])));
  const next = async (logits) => ({ ...grouped(logits), texts: await texts(largest(logits, 40)) });

  const whole = async ({ text, tokens }, state, right, how) => {
    const ids = tokens.map(({ id }) => id), options = optionsOf(state);
    if (isChanged(state) && plain?.key !== String(ids)) {
      const { logits, loss } = await engine.read(ids, { ...PUBLISHED, attention: false }, how);
      plain = { key: String(ids), losses: [...loss], next: await next(logits) };
    }
    const { logits } = await engine.read(ids, { ...options, attention: false }, how);
    const goal = right === null ? largest(logits, 1)[0] : (await engine.tokenize(right))[0].id;
    const { loss, attention, ranks } = await engine.read(ids, { ...options, attention: true, rankOf: goal }, how);
    const found = { text, tokens: tokens.map((one) => one.text), losses: [...loss], next: await next(logits), logits };
    if (!isChanged(state)) plain = { key: String(ids), losses: found.losses, next: found.next };
    return { ...found, right: await engine.detokenize([goal]), ranks: [...ranks], weights: square(attention, ids.length), lost: tokens.reduce((all, one) => all + one.lost.length, 0), plain: isChanged(state) ? plain : null };
  };

  /** The reading of a text, or an error that says why it is not read. */
  const read = (text, state, right, onstep) =>
    alone(async (signal) => {
      const found = await cut(text), count = found.tokens.length;
      if (count === 0) throw new Refused("There is nothing to read yet: type a text.");
      if (count > LONGEST) throw new Refused(`Your text has ${count} tokens; here it may have at most ${LONGEST}.`);
      return whole(found, state, right, { signal, onstep });
    });

  /** The text and up to WRITES tokens more; `drawn` or always the likeliest. `ontext` is told after each. */
  const writeOn = (text, state, { random, ontext }) =>
    alone(async (signal) => {
      const { tokens } = await cut(text), all = [...tokens];
      if (all.length === 0) throw new Refused("There is nothing to go on from: type a beginning.");
      let { logits } = await engine.read(all.map(({ id }) => id), { ...optionsOf(state), attention: false }, { signal });
      let so = text;
      for (let i = 0; i < WRITES && all.length < LONGEST && !signal.aborted; i++) {
        const id = random ? drawn(sampling, logits, state, random) : largest(logits, 1)[0];
        if (ENDS.includes(id)) break;
        all.push({ id, text: await engine.detokenize([id]), lost: [] });
        const ids = all.map((one) => one.id);
        so = await engine.detokenize(ids);
        written = { text: so, tokens: [...all] };
        ontext(so);
        try {
          ({ logits } = await engine.read(ids, { ...optionsOf(state), attention: false }, { signal }));
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      }
      return so;
    });
  const stop = () => stopped.abort();
  return { read, writeOn, stop, close: () => engine.close() };
}

/** A text that is not read, for a reason that is said. */
export class Refused extends Error {}

/** A text that is not read since another one was asked for. */
export class Superseded extends Error {}

function drawn(sampling, logits, { temperature, k, p }, random) {
  let left = sampling.temperature(logits, temperature);
  if (k !== null) left = sampling.topK(left, k);
  if (p !== null) left = sampling.topP(left, p);
  return sampling.draw(sampling.softmax(left), random);
}

/** The button that loads the model, its progress, and the one that removes it. `onopen(reader)` is told once. */
export function door({ onopen, onclose }) {
  const load = make("button", { type: "button", class: "attnx-button attnx-main", "data-load": "", hidden: true }),
    cancel = make("button", { type: "button", class: "attnx-button", "data-cancel": "", hidden: true }, "Cancel"),
    remove = make("button", { type: "button", class: "attnx-button", "data-remove": "", hidden: true }),
    bar = make("progress", { class: "attnx-liveprogress", "aria-label": "Loading the model", max: 1, value: 0, hidden: true }),
    said = make("p", { class: "attnx-quiet", role: "status", "data-said": "" });
  const element = make("div", { class: "attnx-livedoor" }, load, bar, cancel, remove, said);
  let file = null,
    stopped = null;
  const phase = async (now) => {
    const kept = file && (await parts().then(([{ stored }]) => stored(file.url)).catch(() => false));
    load.hidden = now !== "offered";
    bar.hidden = cancel.hidden = now !== "loading";
    remove.hidden = !kept || now === "loading";
    write(load, kept ? "Start the real model, kept in this browser" : `Load the real model, ${megabytes(file.bytes)} MB`);
    write(remove, `Remove the ${megabytes(file.bytes)} MB`);
  };
  const onprogress = (got, total) => {
    bar.value = got / total;
    write(said, `${megabytes(got)} of ${megabytes(total)} MB`);
  };
  load.addEventListener("click", async () => {
    stopped = new AbortController();
    bar.value = 0;
    write(said, "Loading…");
    await phase("loading");
    try {
      const [{ openEngine }, sampling] = await parts();
      const notices = [];
      const engine = await openEngine({ ...file, kind: "auto", signal: stopped.signal, onprogress, onnotice: (text) => notices.push(text) });
      const slow = engine.kind === "plain" ? "This browser runs the slower version of the model: some words a second at best." : "";
      write(said, [...notices, slow].filter(Boolean).join(" "));
      onopen(reader(engine, sampling));
      await phase("open");
    } catch (error) {
      write(said, failure(error));
      await phase("offered");
    }
  });
  cancel.addEventListener("click", () => stopped?.abort());
  remove.addEventListener("click", async () => {
    const [{ forget }] = await parts();
    await forget();
    write(said, "The file was removed from this browser.");
    onclose();
    await phase("offered");
  });
  const wanted = (yes) => {
    if (yes && !load.hidden && said.textContent === "") write(said, "This view is one of the real model. Until it is loaded, a prepared text is shown as the published model reads it.");
  };
  const failed = (error) => {
    write(said, failure(error));
    return phase("offered");
  };
  const start = async () => {
    file = await offered();
    set(element, { "data-offered": file !== null });
    if (file) await phase("offered");
  };
  return { element, start, wanted, failed };
}
