// A field above the page of all claims: what does not hold every word that was typed steps aside, headings left empty with it.

const ARTICLE = document.querySelector(".bd-article");
const claims = [...ARTICLE.querySelectorAll("ul.claims > li")].map((entry) => ({ entry, text: entry.textContent.toLowerCase() }));

function field() {
  const box = document.createElement("p"), label = document.createElement("label");
  const input = document.createElement("input"), said = document.createElement("output");
  Object.assign(box, { className: "claims-filter" });
  Object.assign(label, { htmlFor: "claims-filter", textContent: "Filter the claims" });
  Object.assign(input, { type: "search", id: "claims-filter", autocomplete: "off", spellcheck: false });
  box.append(label, input, said);
  input.addEventListener("input", () => { said.textContent = show(input.value); });
  return box;
}

function show(question) {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { entry, text } of claims) entry.hidden = !words.every((word) => text.includes(word));
  for (const list of ARTICLE.querySelectorAll("ul.claims")) list.hidden = !list.querySelector(":scope > li:not([hidden])");
  for (const head of ARTICLE.querySelectorAll(".claims-page")) head.hidden = head.nextElementSibling.hidden;
  for (const head of ARTICLE.querySelectorAll(".claims-part")) head.hidden = !below(head).some((one) => !one.hidden);
  const left = claims.filter(({ entry }) => !entry.hidden).length;
  return words.length ? `${left} of ${claims.length}` : "";
}

/** The headings of the pages in a part. */
function below(part) {
  const found = [];
  for (let next = part.nextElementSibling; next && !next.matches(".claims-part"); next = next.nextElementSibling) {
    if (next.matches(".claims-page")) found.push(next);
  }
  return found;
}

ARTICLE.querySelector(".claims-part, .claims-page")?.before(field());
