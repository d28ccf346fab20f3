// Search results quote a page as a person would read it aloud: each formula once, no listing of code or numbers, nothing that is
// only there to be pressed.
const FURNITURE = ".headerlink, .eqno, .copybtn, .run-bar, pre, table, template, script, style, noscript, button, nav";

function readable(html, anchor) {
  const page = new DOMParser().parseFromString(html, "text/html"), article = page.querySelector(".bd-article");
  const part = (anchor && article?.querySelector(anchor)) || article;
  if (!part) return "";
  for (const extra of part.querySelectorAll(FURNITURE)) extra.remove();
  for (const formula of part.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("math")?.getAttribute("alttext") ?? "");
  }
  return part.textContent.replace(/\s+/g, " ").trim();
}

document.addEventListener("DOMContentLoaded", () => (Search.htmlToText = readable)); // before the search begins
