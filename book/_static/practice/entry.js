// An answer to type.
import { make, verdict } from "./dom.js";

/** `judge(text)` is true, false, or null where the text cannot be read; `because(text)` is said to a wrong one. */
export function entry(item, { label, attributes, judge, because, unreadable, answer, plain }) {
  const input = make("input", { id: `in-${item.id}`, autocomplete: "off", spellcheck: "false", ...attributes });
  const check = (event) => {
    event.preventDefault();
    if (item.done) return;
    const right = judge(input.value);
    input.setAttribute("aria-invalid", String(!right));
    if (right === null) item.status.replaceChildren(verdict("", unreadable));
    else if (right) item.finish();
    else item.miss(input.value.trim(), ...because(input.value));
  };
  const form = make(
    "form",
    { class: "entry", onsubmit: check, novalidate: true },
    make("label", { for: input.id }, label),
    input,
    make("button", { class: "go", type: "submit" }, "Check"),
    item.reveal(),
  );
  const finish = () => {
    if (judge(input.value) !== true) input.value = plain;
    input.removeAttribute("aria-invalid");
  };
  return { nodes: [form], finish, answer };
}
