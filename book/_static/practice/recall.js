// Above the questions from earlier chapters, which are the same for all, this reader is asked what they missed there.
import { button, focusOn, make } from "./dom.js";
import { entry } from "./progress.js";
import { pages } from "./shares.js";
import { names } from "./storage.js";

const OWN = document.querySelector("script[data-way-page]")?.dataset.wayPage;
const MOST = 2, AGAIN = 1;

/** Ids of what was missed last time on the pages before this one, the latest miss first. */
export function missed(pages, own, entryOf) {
  const before = pages.slice(0, Math.max(0, pages.findIndex(({ page }) => page === own)));
  const last = before.flatMap(({ quiz, cards }) => [...quiz, ...cards]).map((id) => [id, entryOf(id).log.at(-1)]);
  const wrong = last.filter(([, row]) => row?.[1] === AGAIN).sort(([, [one]], [, [other]]) => (one < other ? 1 : -1));
  return wrong.map(([id]) => id);
}

async function ask(place, ids) {
  const [{ Turn }, { index }] = await Promise.all([import("./turn.js"), import("./shelf.js")]), known = new Map((await index()).map((item) => [item.id, item]));
  const next = async () => {
    const item = known.get(ids.shift());
    if (!item) return place.replaceChildren(make("p", { class: "how", role: "status" }, "That was all. The chapter's own questions stand below."));
    const turn = await new Turn(item, next).ask();
    place.replaceChildren(turn.box);
    return focusOn(turn.box);
  };
  await next();
}

function offer(box) {
  const ids = missed(pages, OWN, (id) => entry("item", id)).slice(0, MOST);
  if (!ids.length) return;
  const place = make("div", { class: "panel recall-missed" }), words = ids.length === 1 ? "One thing that you missed in earlier chapters: " : "Two things that you missed in earlier chapters: ";
  const press = () => ask(place, [...ids]).catch(() => place.replaceChildren(make("p", {}, "They cannot be fetched now.")));
  place.append(make("p", {}, words, button("quiet", press, ids.length === 1 ? "ask me now" : "ask me now, one after the other")));
  box.before(place);
}

if (OWN && names("item:").length) [document.querySelector(".admonition.recall")].filter(Boolean).forEach(offer);
