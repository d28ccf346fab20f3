// Guesses against what came true.
const short = (value) => new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 2 }).format(value);
const were = (count) => (count === 1 ? "1 was" : `${count} were`);

/** By which factor a guess is off, and to which side. */
export function off(guess, truth) {
  const factor = Math.max(guess / truth, truth / guess);
  return { factor, side: factor < 1 + 1e-9 ? "" : guess < truth ? "low" : "high" };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b), half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

/** Sentences on guesses `{ guess, right, truth }`, where truth is a number or NaN for a choice, out of `total`. */
export function summary(made, total) {
  if (!made.length) return [`You have made none of the ${total} predictions in this browser yet.`];
  const numbers = made.filter(({ truth }) => truth), chosen = made.filter(({ truth }) => !truth);
  const right = (list) => list.filter((one) => one.right).length;
  const said = [`You have made ${made.length} of the ${total} predictions. The first guess of each counts.`];
  if (chosen.length) said.push(`Choices: ${right(chosen)} of ${chosen.length} right.`);
  if (!numbers.length) return said;
  const found = numbers.map(({ guess, truth }) => off(guess, truth)), count = (side) => found.filter((one) => one.side === side).length;
  const typical = short(median(found.map(({ factor }) => factor)));
  const sides = `${were(count("low"))} too low, ${count("high")} too high`;
  return [...said, `Numbers: ${right(numbers)} of ${numbers.length} near; half of them are off by no more than a factor of ${typical}; ${sides}.`];
}
