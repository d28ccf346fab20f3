// The site's host for explorables. <div data-afm="name" data-state="json">fallback table</div>
// becomes alive by importing ./name.js and calling its default export's render({ model, el }),
// the same call that anywidget makes in JupyterLab. Without JavaScript the table stays.
import { entry, found, update } from "../practice/progress.js";

/** Which goals of an explorable the reader has reached, as a set that is kept with the rest of the progress. */
function goalsOf(name) {
  const at = (goal) => `${name}:${goal}`;
  return { has: (goal) => "found" in entry("goal", at(goal)), add: (goal) => update("goal", at(goal), found) };
}

class Model {
  constructor(state, goals) {
    this.state = state;
    this.goals = goals;
    this.listeners = new Map();
  }
  get(key) {
    return this.state[key];
  }
  set(key, value) {
    if (this.state[key] === value) return;
    this.state[key] = value;
    for (const listener of this.listeners.get(`change:${key}`) ?? []) listener();
  }
  save_changes() {}
  on(event, listener) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event).add(listener);
  }
  off(event, listener) {
    this.listeners.get(event)?.delete(listener);
  }
}

const styles = new Map();
/** Loads a style sheet once, unless the page's head holds its rules already, which say so by a property. */
function loadStyle(name, property) {
  if (getComputedStyle(document.documentElement).getPropertyValue(property)) return Promise.resolve();
  if (!styles.has(name)) styles.set(name, new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(`./${name}.css`, import.meta.url);
    link.onload = link.onerror = resolve;
    document.head.append(link);
  }));
  return styles.get(name);
}

async function mountOne(place) {
  if (place.dataset.ready !== undefined) return;
  place.dataset.ready = "loading";
  const name = place.dataset.afm;
  try {
    if (!/^\w+$/.test(name)) throw new Error(`not the name of an explorable: ${name}`);
    const sheets = [loadStyle("explore", "--attnx-here"), place.hasAttribute("data-sheet") && loadStyle(name, `--attnx-here-${name}`)];
    const [module] = await Promise.all([import(new URL(`./${name}.js`, import.meta.url)), ...sheets]);
    const el = document.createElement("div");
    await module.default.render({ model: new Model(JSON.parse(place.dataset.state), goalsOf(name)), el });
    place.replaceChildren(el);
    place.dataset.ready = "yes";
  } catch (error) {
    place.dataset.ready = "failed";
    console.error(`The explorable ${name} stays a table:`, error);
  }
}

/** Brings every explorable inside `element` to life, once each. */
function mount(element = document) {
  return Promise.all([...element.querySelectorAll("[data-afm]")].map(mountOne));
}

window.attnlabMount = mount;
mount();
