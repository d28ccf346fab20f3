// Which module plays which kind of item.
import { choice } from "./choice.js";
import { cloze } from "./cloze.js";
import { match } from "./match.js";
import { numeric } from "./numeric.js";
import { order } from "./order.js";
import { sort } from "./sort.js";

const KINDS = { choice, true_false: choice, numeric, cloze, order, match, sort };

export const kindOf = (frame) => KINDS[frame.querySelector("template").dataset.kind];
