// Small helpers for building what the reader presses.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export const button = (css, onclick, ...children) =>
  make("button", { type: "button", class: css, onclick }, ...children);

/** What a screen reader should call a control whose label holds formulas (their HTML is hidden from it). */
export function spoken(label) {
  const copy = label.cloneNode(true);
  for (const formula of copy.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("annotation")?.textContent ?? "");
  }
  return copy.textContent.trim();
}

/** A button that shows a part; with a formula in it, it also gets the formula as its name. */
export function labelled(css, onclick, part, ...before) {
  const control = button(css, onclick, ...before, make("span", {}, ...contents(part)));
  if (part.querySelector(".katex")) control.setAttribute("aria-label", spoken(part));
  return control;
}

/** A copy of a part without ids, which would be there twice. */
export function copied(part) {
  const copy = document.importNode(part, true);
  for (const node of [copy, ...copy.querySelectorAll("[id]")]) node.removeAttribute("id");
  return copy;
}

/** The contents of one part, without the part's own tag. */
export const contents = (part) => [...copied(part).childNodes];

export const parts = (root, name) => [...root.querySelectorAll(`[data-part="${name}"]`)];

/** What a part is called: its label, where it has more to say than that. */
export const labelOf = (part) => parts(part, "label")[0] ?? part;

/** What a template says under a name, as one list of nodes; nothing where it is silent. */
export const words = (root, name) => parts(root, name).flatMap(contents);

export const verdict = (kind, ...children) => make("p", { class: `verdict verdict-${kind}` }, ...children);

/** A copy in another order, never the one given when there are two or more. */
export function shuffled(values) {
  const mixed = [...values];
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  const same = mixed.every((value, i) => value === values[i]);
  return same && values.length > 1 ? [...mixed.slice(1), mixed[0]] : mixed;
}

/** Seen only where this browser keeps nothing (the style sheet looks at <html data-unkept>). */
export const unkeptNote = () =>
  make("p", { class: "how unkept" }, "This browser cannot keep your results: they last until you leave the page.");

/** Focus moves on from a control that goes away. */
export const focusOn = (place) => place.querySelector("button, input")?.focus();
