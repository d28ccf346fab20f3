// An item that is asked anew, whatever was answered before: what is kept of it stays as it is until the first answer.
import { Item } from "./item.js";
import { begun, entry, update } from "./progress.js";

export class Asked extends Item {
  opening() {
    return begun(entry("item", this.id));
  }

  /** Another tab may answer it too: both answers are kept, and this one goes on. */
  follow() {}

  keep(change) {
    const opens = !this.begun;
    this.begun = true;
    this.known = update("item", this.id, (old) => change(opens ? begun(old) : old));
  }
}
