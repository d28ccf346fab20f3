// How much is due today, beside the link to the review in the header of every page: counted from one short entry (dues.js makes it).
import { hear, names, read, write } from "./storage.js";

function kept() {
  try {
    return JSON.parse(read("due")) ?? {};
  } catch {
    return {};
  }
}

/** The ids of what is due before the reader's day ends. */
export function dueNow(now = Date.now()) {
  const ends = new Date(now).setHours(24, 0, 0, 0);
  return Object.entries(kept().due ?? {}).filter(([, due]) => due < ends).map(([id]) => id);
}

function show() {
  const count = dueNow().length;
  for (const link of document.querySelectorAll(".today-link")) {
    link.querySelector(".today-count").textContent = count || "";
    link.setAttribute("aria-label", count ? `Review: ${count} due today` : "Review: nothing is due today");
  }
}

const idle = globalThis.requestIdleCallback ?? ((act) => setTimeout(act, 200));
let waiting = null;

/** Count what changed, soon; should the page be left before, the next one finds it marked. */
function mend(id) {
  const { stale = [], ...rest } = kept();
  if (id) write("due", JSON.stringify({ ...rest, stale: [...new Set([...stale, id])] }));
  waiting ??= idle(async () => {
    waiting = null;
    const { recount, recounted } = await import("./dues.js"), { version, stale } = kept();
    if (version) recounted(stale ?? []);
    else recount();
    show();
    document.dispatchEvent(new CustomEvent("attnlab:due"));
  });
}

show();
const { version, stale } = kept();
if (stale?.length || (!version && names("item:").length)) mend();
document.addEventListener("attnlab:kept", ({ detail }) => detail?.kind === "item" && mend(detail.id));
document.addEventListener("attnlab:taken", () => {
  write("due", "{}");
  mend();
});
document.addEventListener("attnlab:due", show);
hear((name) => (name === null || name === "due") && show());
