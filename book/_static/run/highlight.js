// Colours for Python while it is edited: the class names of Pygments, so that the page's own theme applies.
const words = (text) => new Set(text.split(" "));
const KEYWORDS = words("as assert async await break case class continue def del elif else except finally for global if " +
  "lambda match nonlocal pass raise return try while with yield");
const OPERATORS = words("and in is not or");
const CONSTANTS = words("True False None");
const BUILTINS = words("abs all any bool dict enumerate filter float int isinstance len list map max min object open print " +
  "range repr reversed round set sorted str sum super tuple type zip Exception IndexError KeyError TypeError ValueError");
const TOKEN = new RegExp([
  String.raw`(?<comment>#[^\n]*)`,
  String.raw`(?<string>[rbfuRBFU]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))`,
  String.raw`(?<number>\b0[xX][\da-fA-F]+|\b\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?j?)`,
  String.raw`(?<name>[^\W\d]\w*)`,
  String.raw`(?<operator>[-+*/%@=<>!&|^~]+)`,
].join("|"), "g");

function nameClass(name, before) {
  if (before === "def") return "nf";
  if (before === "class") return "nc";
  if (name === "import" || name === "from") return "kn";
  if (before === "import" || before === "from") return "nn";
  if (KEYWORDS.has(name)) return "k";
  if (OPERATORS.has(name)) return "ow";
  if (CONSTANTS.has(name)) return "kc";
  return BUILTINS.has(name) ? "nb" : "n";
}

const CLASSES = { comment: "c1", string: "s2", number: "mi", operator: "o" };

// A fragment with one <span> a token.
export function highlight(code) {
  const fragment = document.createDocumentFragment();
  let end = 0, before = "";
  for (const match of code.matchAll(TOKEN)) {
    const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined);
    fragment.append(code.slice(end, match.index));
    const span = document.createElement("span");
    span.className = kind === "name" ? nameClass(match[0], before) : CLASSES[kind];
    span.textContent = match[0];
    fragment.append(span);
    end = match.index + match[0].length;
    before = kind === "name" ? match[0] : "";
  }
  fragment.append(code.slice(end));
  return fragment;
}
