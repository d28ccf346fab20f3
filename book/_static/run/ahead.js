// Python before a run asks for it. A tab that has one holds it, for it ends a minute or two after its last page. Where its files
// are in this browser already, it starts when the reader touches an editor or an exercise comes into view: nothing big is fetched
// for that, and nothing at all where the connection is metered or the reader has asked to save data.
import { outlives, remembered } from "./line.js";

const metered = () => navigator.connection?.saveData || navigator.connection?.type === "cellular";

export async function ahead(cells, steps) {
  const open = async () => (await steps()).session.open();
  if (outlives() && remembered()) return open();
  if (metered()) return;
  const once = () => {
    watcher.disconnect();
    document.removeEventListener("focusin", touched);
    open();
  };
  const touched = ({ target }) => target.closest?.(".run-cell") && once();
  const watcher = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && once());
  document.addEventListener("focusin", touched);
  for (const { element, role } of cells) if (role === "exercise-slot") watcher.observe(element);
}
