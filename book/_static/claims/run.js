// "run" in a claim's line: the folded cell opens and runs, with the same Python as every other cell of the page.

function button(cell, fold) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "claim-run", textContent: "run" });
  made.setAttribute("aria-label", `Run ${fold.querySelector(".claim-name").textContent}`);
  made.addEventListener("click", () => {
    fold.open = true;
    cell.querySelector(".run-button.run-run").click();
  });
  return made;
}

for (const cell of document.querySelectorAll(".claim-box > .cell.run-cell")) {
  const fold = cell.querySelector(".claim-code");
  if (fold) fold.after(button(cell, fold));
}
