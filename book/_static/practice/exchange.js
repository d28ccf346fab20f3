// Progress leaves this browser as a file, and comes in from one.
import { button, make } from "./dom.js";
import { refusal, taken, written } from "./portable.js";

const NAME = "attnlab-progress.json";
const LARGEST = 10e6; // bytes; what a browser keeps of a site is less
const WORDS = {
  exercises: ["exercise", "exercises"], items: ["card or question", "cards and questions"],
  goals: ["goal of an explorable", "goals of explorables"], pages: ["page", "pages"], cells: ["cell", "cells"],
  answers: ["kept answer", "kept answers"], scores: ["score", "scores"], stars: ["star", "stars"],
  thoughts: ["written thought", "written thoughts"], times: ["best time", "best times"], played: ["game played", "games played"],
};

const listed = (parts) => [parts.slice(0, -1).join(", "), parts.at(-1)].filter(Boolean).join(" and ");

/** "2 exercises and 1 page" for the kinds of which there are any. */
export function told(counts) {
  const some = Object.entries(WORDS).filter(([kind]) => counts[kind]);
  return listed(some.map(([kind, [one, many]]) => `${counts[kind]} ${counts[kind] === 1 ? one : many}`));
}

function counted(text) {
  const { code, ...groups } = JSON.parse(text);
  return Object.fromEntries(Object.entries({ ...groups, cells: code }).map(([kind, group]) => [kind, Object.keys(group).length]));
}

function save() {
  const text = written(), link = make("a", { download: NAME, href: URL.createObjectURL(new Blob([text], { type: "application/json" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return `Saved as ${NAME}: ${told(counted(text)) || "nothing yet, for nothing is kept so far"}.`;
}

async function take(file) {
  if (file.size > LARGEST) return `This file has ${Math.ceil(file.size / 1e6)} MB; no file of progress in this course has more than ${LARGEST / 1e6}. Nothing was changed.`;
  const text = await file.text(), refused = refusal(text);
  if (refused) return refused;
  const counts = taken(text), stay = counts.stay ? " A cell that you have edited here keeps its text." : "";
  for (const event of ["attnlab:taken", "attnlab:kept"]) document.dispatchEvent(new CustomEvent(event));
  const unkept = document.documentElement.hasAttribute("data-unkept");
  return (told(counts) ? `Added or brought up to date: ${told(counts)}.` : "Everything in this file was here already.") + stay +
    (unkept ? " This browser cannot keep it: it lasts until you leave the page." : "");
}

function panel(box) {
  const said = make("p", { class: "how", role: "status" });
  const tell = (words) => (said.textContent = words);
  const chosen = async ({ target }) => {
    if (target.files[0]) tell(await take(target.files[0]).catch(() => "This file cannot be read. Nothing was changed."));
    target.value = "";
  };
  const input = make("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: chosen });
  const buttons = [
    button("go", () => tell(save()), "Save my progress to a file"),
    button("go second", () => input.click(), "Add progress from a file"),
  ];
  box.replaceChildren(make("div", { class: "panel-buttons" }, ...buttons, input), said);
}

for (const box of document.querySelectorAll(".progress-file")) panel(box);
