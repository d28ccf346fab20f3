// Explorable: a pool of pages while texts come, grow, are evicted and go.
import { announcer, change, frame, make, set, slider, table, watch } from "./common.js";

// ---- arithmetic -------------------------------------------------------------------------------

/** Serves `jobs` ([arrives, prompt, writes]) from n_pages pages, at most `width` at a time; the state after each step.
 * As attnlab.reference.serving.serve, with the tables: runs are [job, place, start, end, done], frames {tables, lengths, waiting}. */
export function serve(jobs, width, n_pages, page_size) {
  const free = Array.from({ length: n_pages }, (_, i) => n_pages - 1 - i),
    written = jobs.map(() => 0),
    waiting = jobs.map((_, i) => i),
    frames = [],
    runs = [];
  let running = []; // {job, place, start, table, length}
  const grow = (text, n) => {
    const needed = Math.ceil((text.length + n) / page_size) - text.table.length;
    if (needed > free.length) return false;
    for (let i = 0; i < needed; i++) text.table.push(free.pop());
    text.length += n;
    return true;
  };
  const stop = (text, end, done) => {
    running = running.filter((one) => one !== text);
    free.push(...text.table);
    if (end > text.start) runs.push([text.job, text.place, text.start, end, done]);
  };
  const admit = (now) => {
    while (waiting.length && running.length < width && jobs[waiting[0]][0] <= now) {
      const job = waiting[0],
        tokens = jobs[job][1] + written[job];
      if (Math.ceil((tokens + 1) / page_size) > free.length) return;
      waiting.shift();
      const taken = running.map((one) => one.place),
        place = Array.from({ length: width }, (_, i) => i).find((i) => !taken.includes(i));
      const text = { job, place, start: now, table: [], length: 0 };
      grow(text, tokens);
      running.push(text);
    }
  };
  const write = (text, now) => {
    while (running.includes(text)) {
      if (grow(text, 1)) {
        written[text.job] += 1;
        return;
      }
      const last = running.at(-1);
      stop(last, now, false);
      waiting.unshift(last.job);
    }
  };
  while (waiting.length || running.length) {
    const now = frames.length;
    admit(now);
    for (const text of [...running]) write(text, now);
    frames.push({
      texts: running.map(({ job, table, length }) => ({ job, table: [...table], length })),
      waiting: waiting.filter((job) => jobs[job][0] <= now),
      written: [...written],
    });
    for (const text of running.filter((one) => written[one.job] === jobs[one.job][2])) stop(text, now + 1, true);
  }
  return { runs, frames, held: frames.map((one) => one.texts.reduce((sum, text) => sum + text.table.length, 0)) };
}

/** Rows held and rows with a token, of one frame. */
export function filled(texts, page_size) {
  return {
    rows: texts.reduce((sum, text) => sum + text.table.length * page_size, 0),
    tokens: texts.reduce((sum, text) => sum + text.length, 0),
  };
}

// ---- controls ---------------------------------------------------------------------------------

const KEYS = ["jobs", "page_size", "n_tokens", "width", "step"];
const SIZES = [1, 2, 4, 8, 16],
  ROOMS = [16, 32, 48];
let groups = 0;

function choice(model, key, legend, values) {
  const name = `attnx-pages-${++groups}`;
  const inputs = values.map((value) =>
    make("input", { type: "radio", name, value, onchange: () => change(model, { [key]: value }) }),
  );
  const chips = inputs.map((input, i) => make("label", { class: "attnx-chip" }, input, make("span", {}, `${values[i]}`)));
  const element = make(
    "fieldset",
    { class: "attnx-choice", "data-choice": key },
    make("legend", {}, legend),
    make("div", { class: "attnx-chips" }, chips),
  );
  return { element, update: (state) => inputs.forEach((input, i) => (input.checked = values[i] === state[key])) };
}

const letter = (job) => String.fromCharCode(65 + job);

// ---- picture ----------------------------------------------------------------------------------

const WIDTH = 512,
  TOP = 4,
  CELL = 30,
  HIGH = 26,
  ACROSS = 16,
  ROW = 19;

/** The pool row by row, 16 tokens across: a frame round each page, its letter, filled rows in colour. */
function pool(state, texts) {
  const size = state.page_size,
    owner = new Map(texts.flatMap((text) => text.table.map((page, i) => [page, { job: text.job, rows: Math.min(size, text.length - i * size) }])));
  const shapes = [];
  for (let page = 0; page < state.n_tokens / size; page++) {
    const at = page * size,
      x = (at % ACROSS) * CELL + 17,
      y = TOP + Math.floor(at / ACROSS) * (HIGH + 4),
      held = owner.get(page);
    if (held) shapes.push(make("svg:rect", { class: `attnx-page attnx-page-${held.job}`, x: x + 1, y: y + 1, width: held.rows * CELL - 2, height: HIGH - 2 }));
    shapes.push(make("svg:rect", { class: `attnx-pageframe${held ? " attnx-held" : ""}`, x: x + 1, y: y + 1, width: size * CELL - 2, height: HIGH - 2, rx: 3 }));
    if (held) shapes.push(make("svg:text", { x: x + 7, y: y + 18 }, letter(held.job)));
  }
  return shapes;
}

/** A line a text: waiting thin, running thick, up to the step. */
function lines(state, { runs, frames }, top) {
  const across = (WIDTH - 60) / Math.max(frames.length, 1),
    x = (step) => 40 + step * across,
    shapes = [];
  state.jobs.forEach(([arrives], job) => {
    const y = top + job * ROW,
      own = runs.filter((run) => run[0] === job),
      end = own.at(-1)?.[3] ?? frames.length;
    shapes.push(make("svg:text", { x: 14, y: y + 5 }, letter(job)));
    shapes.push(make("svg:line", { class: "attnx-wait", x1: x(arrives), x2: x(end), y1: y, y2: y }));
    for (const [, , from, to] of own) shapes.push(make("svg:rect", { class: `attnx-page attnx-page-${job}`, x: x(from), y: y - 6, width: (to - from) * across - 1, height: 12 }));
  });
  const now = x(state.step);
  shapes.push(make("svg:line", { class: "attnx-now", x1: now, x2: now, y1: top - 12, y2: top + state.jobs.length * ROW - 6 }));
  return shapes;
}

function picture() {
  const svg = make("svg:svg", { class: "attnx-chart attnx-widechart attnx-pool", role: "img", "data-picture": "", "aria-label": "The pool of pages, and below it when each text ran; the numbers are in the tables" });
  const update = (state, served, texts) => {
    const below = TOP + (state.n_tokens / ACROSS) * (HIGH + 4) + 16;
    set(svg, { viewBox: `0 0 ${WIDTH} ${below + state.jobs.length * ROW - 4}` });
    svg.replaceChildren(...pool(state, texts), ...lines(state, served, below));
  };
  return { svg, update };
}

// ---- numbers ----------------------------------------------------------------------------------

function textTable(state, frame) {
  const rows = frame.texts;
  return table({
    caption: `Block tables after step ${state.step}`,
    corner: "text",
    columns: ["tokens", "pages"],
    rows: rows.map((text) => ({ text: letter(text.job) })),
    cells: rows.map((text) => [{ text: `${text.length}` }, { text: text.table.join(", ") || "none" }]),
    attributes: { class: "attnx-table", "data-table": "tables" },
  });
}

/** What is held after the step, who waits, and how long it all takes. */
export function verdict(state, { runs, frames }, frame) {
  const { rows, tokens } = filled(frame.texts, state.page_size),
    empty = rows - tokens,
    evicted = runs.filter((run) => !run[4]).length;
  const waits = frame.waiting.length ? ` Waiting: ${frame.waiting.map(letter).join(", ")}.` : "";
  const out = evicted === 0 ? "no text is evicted" : evicted === 1 ? "one eviction" : `${evicted} evictions`;
  return `After step ${state.step}: ${tokens} tokens in ${rows} reserved rows, ${empty} empty.${waits} All six texts take ${frames.length} steps, ${out}.`;
}

const EMPTY = { texts: [], waiting: [], written: [] };
const GOALS = [
  ["tight", "a page size: no reserved row is ever empty", (state) => state.page_size === 1],
  ["calm", "a pool: nobody is evicted and nobody is left waiting at step 9", (state, { runs, frames }) => runs.every((run) => run[4]) && (frames[8] ?? EMPTY).waiting.length === 0],
  ["slow", "a pool in which pages of 16 take at least 10 steps more than pages of 1", (state) => state.page_size === 16 && steps(state, 16) >= steps(state, 1) + 10],
];
const steps = (state, size) => serve(state.jobs, state.width, state.n_tokens / size, size).frames.length;

function render({ model, el }) {
  const { root, body, status, more, ask } = frame(model, "Pages and texts over time", KEYS, GOALS);
  const size = choice(model, "page_size", "Tokens a page", SIZES),
    room = choice(model, "n_tokens", "Rows in the pool", ROOMS),
    step = slider({ label: "Step", min: 0, max: 60, step: 1, digits: 0, onchange: (value) => change(model, { step: value }) });
  const stepper = make("div", { class: "attnx-control" }, make("span", { class: "attnx-label" }, "Step"), step.range, step.box);
  const chart = picture(),
    tables = make("div", { class: "attnx-tables" }),
    announce = announcer(status);
  body.append(make("div", { class: "attnx-controls attnx-side" }, size.element, room.element, stepper), chart.svg);
  more.append(
    make("p", { class: "attnx-quiet" }, "At most four texts run at a time. A text starts when its prompt and one token find pages; where one cannot grow, the one that started last gives up its pages and is read again later."),
    tables,
  );
  el.append(root);
  return watch(model, KEYS, () => {
    const state = Object.fromEntries(KEYS.map((key) => [key, model.get(key)]));
    const served = serve(state.jobs, state.width, state.n_tokens / state.page_size, state.page_size);
    state.step = Math.min(state.step, served.frames.length);
    for (const one of [step.range, step.box]) set(one, { max: served.frames.length });
    const now = state.step ? served.frames[state.step - 1] : EMPTY;
    size.update(state);
    room.update(state);
    step.update(state.step);
    chart.update(state, served, now.texts);
    tables.replaceChildren(textTable(state, now));
    ask(state, served);
    announce(verdict(state, served, now));
  });
}

export default { render };
