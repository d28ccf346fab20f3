// A route on the map of the course: its chapters stand out, a tick marks what was read.
import { button, make } from "./dom.js";
import { entry } from "./progress.js";
import { ROOT } from "./shares.js";
import { read } from "./storage.js";

const fileOf = ({ page }) => page.replace(/#.*$/, "");

/** How far a route was read. */
export const walked = (pages, isRead) => ({ read: pages.filter((step) => isRead(fileOf(step))).length, of: pages.length, next: pages.find((step) => !isRead(fileOf(step))) });

const isRead = (page) => Boolean(entry("page", page).read);

function mark(map, mode) {
  const on = new Set(mode?.pages.map(fileOf));
  map.classList.toggle("map-routed", Boolean(mode));
  for (const link of map.querySelectorAll("[data-map]")) {
    const own = on.has(link.dataset.map);
    link.classList.toggle("map-on-route", own);
    link.querySelector(".map-tick")?.remove();
    if (!own || !isRead(link.dataset.map)) continue;
    const frame = link.querySelector("rect");
    if (frame) {
      const tick = document.createElementNS("http://www.w3.org/2000/svg", "text");
      const at = { x: Number(frame.getAttribute("x")) + Number(frame.getAttribute("width")) - 8, y: Number(frame.getAttribute("y")) + 12, class: "map-tick" };
      for (const [name, value] of Object.entries(at)) tick.setAttribute(name, value);
      tick.textContent = "✓";
      link.append(tick);
    } else link.append(make("span", { class: "map-tick" }, " ✓"));
  }
}

function show(box, modes, name) {
  const mode = modes.find((one) => one.name === name), map = document.querySelector(".map");
  for (const one of box.querySelectorAll("button[data-path]")) one.setAttribute("aria-pressed", String(one.dataset.path === name));
  if (map) mark(map, mode);
  const said = box.querySelector(".path-said");
  if (!mode) return said.replaceChildren();
  const { read: done, of, next } = walked(mode.pages, isRead);
  const on = next ? ["Next: ", make("a", { href: new URL(next.page, ROOT).href }, next.title), `, ${next.minutes} minutes.`] : ["You have read all of it."];
  said.replaceChildren(`${mode.title}: ${done} of ${of} read. `, ...on);
}

const box = document.querySelector('[data-study="paths"]');
const modes = box ? await fetch(new URL("_static/modes.json", ROOT)).then((answer) => answer.json()).catch(() => []) : [];
const routes = modes.filter((mode) => mode.steps && !mode.due);
if (routes.length) {
  const fallback = box.querySelector("p");
  const press = (mode) => {
    const control = button("chip", () => show(box, routes, control.getAttribute("aria-pressed") === "true" ? null : mode.name), mode.title);
    control.dataset.path = mode.name;
    control.setAttribute("aria-pressed", "false");
    return control;
  };
  box.replaceChildren(make("div", { class: "pool play", role: "group", "aria-label": "Routes" }, ...routes.map(press)), make("p", { class: "path-said", role: "status" }), fallback);
  box.classList.add("live");
  show(box, routes, read("mode"));
}
