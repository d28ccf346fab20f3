// A field above a page of reference: an entry that does not hold every word that was typed steps aside, and a section left without any.

const ARTICLE = document.querySelector(".bd-article");
const place = ARTICLE.querySelector(".look-up");
const entries = [...ARTICLE.querySelectorAll(".reference-entry")].map((entry) => ({ entry, text: entry.textContent.toLowerCase() }));
const groups = [...ARTICLE.querySelectorAll("section")].filter((one) => one.parentElement.closest("section") && one.querySelector(".reference-entry"));

/** How many entries are left; the others, and the groups that they leave empty, are hidden. */
function show(question) {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { entry, text } of entries) entry.hidden = !words.every((word) => text.includes(word));
  for (const group of groups) group.hidden = !group.querySelector(".reference-entry:not([hidden])");
  const left = entries.filter(({ entry }) => !entry.hidden).length;
  return words.length ? `${left} of ${entries.length}` : "";
}

function field() {
  const label = document.createElement("label"), input = document.createElement("input"), said = document.createElement("output");
  Object.assign(label, { htmlFor: "look-up", textContent: place.dataset.words });
  Object.assign(input, { type: "search", id: "look-up", autocomplete: "off", spellcheck: false });
  input.addEventListener("input", () => { said.textContent = show(input.value); });
  place.append(label, input, said);
  place.classList.add("claims-filter");
  place.hidden = false;
}

field();
