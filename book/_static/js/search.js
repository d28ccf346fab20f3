// Search results quote a page as a person would read it aloud: each formula once, no listing, nothing that is only there to be
// pressed. What stands in a listing alone is quoted as the line of code that it is.
const FURNITURE = ".headerlink, .eqno, .copybtn, .run-bar, pre, table, template, script, style, noscript, button, nav";

function partOf(html, anchor) {
  const page = new DOMParser().parseFromString(html, "text/html"), article = page.querySelector(".bd-article");
  return (anchor && article?.querySelector(anchor)) || article;
}

function readable(html, anchor) {
  const part = partOf(html, anchor);
  if (!part) return "";
  for (const extra of part.querySelectorAll(FURNITURE)) extra.remove();
  for (const formula of part.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("math")?.getAttribute("alttext") ?? "");
  }
  return part.textContent.replace(/\s+/g, " ").trim();
}

/** The first line of a listing that holds one of the words. */
function lineOfCode(html, words, anchor) {
  const lines = [...(partOf(html, anchor)?.querySelectorAll("pre") ?? [])].flatMap((box) => box.textContent.split("\n"));
  return lines.find((line) => words.some((word) => line.toLowerCase().includes(word)))?.trim();
}

function quoting(prose) {
  return (html, words, anchor) => {
    const said = readable(html, anchor).toLowerCase(), all = [...words].map((word) => word.toLowerCase());
    const line = all.some((word) => said.includes(word)) ? "" : lineOfCode(html, all, anchor);
    if (!line) return prose(html, words, anchor);
    const quoted = Object.assign(document.createElement("p"), { className: "context" });
    quoted.append(Object.assign(document.createElement("code"), { textContent: line }));
    return quoted;
  };
}

document.addEventListener("DOMContentLoaded", () => {
  Search.htmlToText = readable; // before the search begins
  Search.makeSearchSummary = quoting(Search.makeSearchSummary);
});
