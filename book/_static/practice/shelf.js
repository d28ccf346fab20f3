// The item bank, a part at a time: _ext/shelf.py took it from the built pages.
import { ROOT } from "./shares.js";

const fetched = new Map();

/** The content of a file of the bank, asked for once; rejects where it cannot be had. */
function file(name) {
  if (!fetched.has(name)) {
    const asked = fetch(new URL(`_static/bank/${name}.json`, ROOT)).then((answer) => {
      if (!answer.ok) throw new Error(`the bank answers ${answer.status}`);
      return answer.json();
    });
    asked.catch(() => fetched.delete(name)); // to be asked again, once the network is back
    fetched.set(name, asked);
  }
  return fetched.get(name);
}

/** What is known of every item without its text, in the order of the course: {id, chapter, title, page, part, kind, level, tags, mistakes}. */
export async function index() {
  const { pages, items } = await file("index");
  return items.map(([id, at, kind, level, tags, mistakes]) => {
    const [chapter, title, page, part] = pages[at];
    return { id, chapter, title, page, part, kind, level, tags, mistakes };
  });
}

/** id -> item of a part ("self_attention"), each with its `html`. */
export async function part(name) {
  const { items } = await file(name);
  return new Map(items.map((item) => [item.id, item]));
}

/** A new frame for an item of a part, as the chapter's page has it: for `new Item(…)`, or the faces of a card. */
export function frame({ html }) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return document.importNode(holder.content.firstElementChild, true);
}

/** The frame of an item that `index` knows. */
export async function laid({ id, chapter }) {
  return frame((await part(chapter.split("/")[0])).get(id));
}
