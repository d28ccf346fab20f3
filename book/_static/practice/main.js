// Quiz and cards. The build left each item in a <template>; here it becomes a form. Everything works by keyboard alone;
// feedback is announced (role="status") and never given by colour alone.
import { Deck } from "./deck.js";
import { diagnostic } from "./diagnostic.js";
import { frames, quiz } from "./quiz.js";

for (const box of document.querySelectorAll(".admonition.quiz"))
  if (box.matches(".diagnostic")) diagnostic(box);
  else if (frames(box).length) quiz(box);
for (const box of document.querySelectorAll(".admonition.cards"))
  if (box.querySelector(".item-card")) new Deck(box);
