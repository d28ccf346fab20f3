// The reader's way through the course, if they chose one: then route.js leads it. Pages where one can be chosen have cards.
import { hear, read } from "./storage.js";

let led = null;

async function lead() {
  if (!led && read("mode") === null && !document.querySelector("[data-mode], [data-route], .due")) return;
  led ??= import("./route.js");
  (await led).lead(read("mode"));
}

lead();
hear((name) => (name === null || name === "mode") && lead());
document.addEventListener("attnlab:mode", lead);
