// The link at the foot of every page says where the course is kept on this device.
import { able, ask, listen, registered } from "./site.js";

const link = document.querySelector(".keep-link");
const registration = link && able ? await registered().catch(() => null) : null;
if (registration) {
  listen(({ kind, kept }) => {
    if (kind === "state") link.textContent = kept ? "Kept on this device" : "Keep this course on my device";
    if (kind === "removed") link.textContent = "Keep this course on my device";
  });
  ask(registration, { kind: "state" });
}
