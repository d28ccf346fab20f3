// Numbers as people type them: 0.25, .25, 0,25, −3, 1e-3, 1 000, 1,000, 1/4, 25 %.

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const value = (text) => (NUMBER.test(text) ? Number(text) : NaN);

/** A quotient or a plain number, NaN for anything else. */
function quotient(text) {
  const [over, under = "1", more] = text.split("/").map(value);
  return more === undefined ? over / under : NaN;
}

/** Every number that a text can mean (a comma may stand for the point or part thousands); none where it is none. */
export function readings(text, { percent = false } = {}) {
  const bare = text.replace(/\s/g, "").replaceAll("−", "-");
  const unit = bare.endsWith("%") && !percent ? 100 : 1;
  const digits = bare.replace(/%$/, "");
  const parted = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(digits) ? [digits.replaceAll(",", "")] : [];
  const point = digits.replace(/,(?=\d*(\/|e|$))/gi, ".");
  return [...new Set([...parted, point].map((one) => quotient(one) / unit))].filter(Number.isFinite);
}

/** Whether a text means the number, within the tolerance. */
export const means = (text, number, tolerance, unit) =>
  readings(text, unit).some((found) => Math.abs(found - number) <= tolerance + 1e-12 * Math.max(1, Math.abs(number)));
