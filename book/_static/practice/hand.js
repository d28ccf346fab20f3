// Chips of which one at a time is held.
import { labelled } from "./dom.js";

export class Hand {
  held = null;

  hold(control) {
    this.held?.setAttribute("aria-pressed", "false");
    this.held = control === this.held ? null : control;
    this.held?.setAttribute("aria-pressed", "true");
  }
}

export function chip(part, press) {
  const control = labelled("chip", () => press(control), part);
  control.setAttribute("aria-pressed", "false");
  return control;
}
