// How an open answer is scored by who wrote it, and what that means for the log.
export const points = (ticked, of) => `${ticked} of ${of} points.`;

/** One of the four grades of FSRS: 1 again, 2 hard, 3 good; an answer that one scores oneself is never easy. */
export const gradeOf = (ticked, of) => (ticked === of ? 3 : 2 * ticked >= of ? 2 : 1);
