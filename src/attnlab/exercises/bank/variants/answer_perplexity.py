"""The perplexity of answers, prompts and padding left out."""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _log_p(logits):
    z = np.asarray(logits, dtype=float)
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def _surprises(logits, ids, n_prompt, n_real, first=0, shift=1, log_p=_log_p):
    """A list a text: the surprise of each token that is judged."""
    found = []
    for rows, row, begin, end in zip(log_p(logits), np.asarray(ids), n_prompt, n_real):
        at = range(max(int(begin) + first, shift), int(end))
        found.append(np.array([-rows[t - shift, row[t]] for t in at]))
    return found


def _reference(logits, ids, n_prompt, n_real):
    return float(np.exp(np.concatenate(_surprises(logits, ids, n_prompt, n_real)).mean()))


EXERCISE = Exercise(
    id="variants.answer_perplexity",
    title="The perplexity of an answer",
    level="evaluate",
    minutes=15,
    difficulty=2,
    page="variants/a_real_language_model",
    headings=("Perplexity, done honestly",),
    statement=r"""
    A model that answers questions is judged by its answers alone. Text $b$ has `n_real[b]` tokens, of which the first `n_prompt[b]` are the question, at least one; the rest of the row is padding. Row $t$ of `logits[b]` scores the token **after** token $t$.

    Return the perplexity of all answers together: $e$ to the power of the mean surprise, in nats, **each answer's token counting once**, whichever text it stands in. Questions and padding are not judged. Logits of $\pm 1000$ occur. Each answer has at least one token.

    A tiny example: two texts over two tokens, ids `[[0, 1, 1], [1, 0, 0]]`, `n_prompt = [1, 2]`, `n_real = [3, 3]`, all logits 0. Three tokens are judged, each with probability $\tfrac12$: the perplexity is 2.
    """,
    slot='''
    def answer_perplexity(logits, ids, n_prompt, n_real):
        """exp of the mean surprise of the answers' tokens.

        logits: (texts, n, V); ids: (texts, n) whole numbers; n_prompt, n_real: (texts,) whole numbers
        result: one number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "With all logits equal the perplexity is $V$, whatever the texts. And other logits in the last row of a text change nothing.",
        r"$\exp\!\Bigl(\frac1N \sum_b \sum_{t = p_b}^{n_b - 1} -\ln \operatorname{softmax}(z_{b,\,t-1})_{x_{b,t}}\Bigr)$ with $p_b$ the length of question $b$, $n_b$ that of its text, places counted from 0, and $N$ the number of terms.",
        "```python\nz = logits - logits.max(axis=-1, keepdims=True)\nlog_p = z - np.log(____)\nchosen = np.take_along_axis(log_p[:, ____], ids[:, ____, None], axis=-1)[..., 0]\nat = np.arange(1, ids.shape[1])\n"
        "judged = (at >= ____[:, None]) & (at < ____[:, None])\nreturn np.exp(-chosen[judged].mean())\n```",
    ),
    parsons=("answer_rows_not_shifted", "answer_counts_the_question"),
    why=r"""
    The first token of an answer is predicted by the *last row of the question*: that row is judged, although its own token is not.

    **The two most common mistakes.** Averaging perplexities: the mean of exponentials is ruled by the worst text, and a short answer counts as much as a long one. Judging the question too: it is easy or hard for reasons of its own, and a change in the answers drowns in it.

    **Cost.** One pass over the logits.
    """,
    verified="texts of one length and of many, questions of one token and long ones, answers of one token, large logits, other logits at padding, single precision.",
    next_thought="why can two models with different tokenizers not be compared by this number, and by which one could they?",
    reference=_reference,
)

_rng = np.random.default_rng(83)


def _drawn(prompts, reals, n, n_words, size=1.5):
    return size * _rng.normal(size=(len(prompts), n, n_words)), _rng.integers(0, n_words, (len(prompts), n)), np.array(prompts), np.array(reals)


EXERCISE.probe("three texts of other lengths", *_drawn((2, 1, 4), (7, 3, 9), 9, 5))
EXERCISE.probe("one text", *_drawn((3,), (11,), 11, 7))
EXERCISE.probe("a question of one token", *_drawn((1, 1), (5, 8), 8, 3))
EXERCISE.probe("answers of one token", *_drawn((4, 6, 2), (5, 7, 3), 7, 11))
EXERCISE.probe("a short and a long answer", *_drawn((5, 1), (6, 13), 13, 5, 2.5))
EXERCISE.probe("much padding", *_drawn((2, 3), (4, 5), 17, 7))
EXERCISE.probe("logits of 1000", np.array([[[1000.0, 999.0, -1000.0]] * 5]), np.array([[0, 1, 0, 1, 1]]), np.array([2]), np.array([4]))
EXERCISE.probe("two words, all texts full", *_drawn((1, 2, 3), (5, 5, 5), 5, 2))
EXERCISE.probe("all logits equal", np.zeros((2, 7, 13)), _rng.integers(0, 13, (2, 7)), np.array([3, 1]), np.array([5, 7]))
EXERCISE.probe("single precision", *(one.astype(np.float32) if one.dtype.kind == "f" else one for one in _drawn((2, 2), (6, 4), 6, 5)))
EXERCISE.probe("40 texts", *_drawn(_rng.integers(1, 6, 40), _rng.integers(6, 24, 40), 23, 19))
EXERCISE.probe("one answer is far worse than the others", np.concatenate([np.zeros((2, 6, 3)), np.tile([9.0, 0.0, 0.0], (1, 6, 1))]),
               np.array([[0, 1, 2, 0, 1, 2], [2, 1, 0, 2, 1, 0], [0, 1, 2, 1, 0, 0]]), np.array([2, 1, 1]), np.array([6, 5, 4]))


@EXERCISE.solve
def answer_perplexity_solution(logits, ids, n_prompt, n_real):
    z = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p[:, :-1], ids[:, 1:, None], axis=-1)[..., 0]
    at = np.arange(1, ids.shape[1])
    judged = (at >= n_prompt[:, None]) & (at < n_real[:, None])
    return np.exp(-chosen[judged].mean())


@EXERCISE.mutant
def answer_rows_not_shifted(logits, ids, n_prompt, n_real):
    z = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p, ids[:, :, None], axis=-1)[..., 0]
    at = np.arange(ids.shape[1])
    judged = (at >= n_prompt[:, None]) & (at < n_real[:, None])
    return np.exp(-chosen[judged].mean())


@EXERCISE.mutant
def answer_counts_the_question(logits, ids, n_prompt, n_real):
    z = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p[:, :-1], ids[:, 1:, None], axis=-1)[..., 0]
    at = np.arange(1, ids.shape[1])
    judged = (at >= 1) & (at < n_real[:, None])
    return np.exp(-chosen[judged].mean())


@EXERCISE.mutant
def answer_counts_padding(logits, ids, n_prompt, n_real):
    n = np.shape(ids)[1]
    return float(np.exp(np.concatenate(_surprises(logits, ids, n_prompt, np.full(len(n_real), n))).mean()))


@EXERCISE.mutant
def answer_without_its_first_token(logits, ids, n_prompt, n_real):
    found = np.concatenate(_surprises(logits, ids, n_prompt, n_real, first=1))
    return float(np.exp(found.mean())) if len(found) else 1.0


@EXERCISE.mutant
def answer_perplexities_averaged(logits, ids, n_prompt, n_real):
    return float(np.mean([np.exp(one.mean()) for one in _surprises(logits, ids, n_prompt, n_real)]))


@EXERCISE.mutant
def answer_means_averaged(logits, ids, n_prompt, n_real):
    return float(np.exp(np.mean([one.mean() for one in _surprises(logits, ids, n_prompt, n_real)])))


@EXERCISE.mutant
def answer_logits_for_log_probabilities(logits, ids, n_prompt, n_real):
    found = np.concatenate(_surprises(logits, ids, n_prompt, n_real, log_p=lambda z: np.asarray(z, dtype=float)))
    return float(np.exp(np.clip(found.mean(), -500, 500)))


@EXERCISE.mutant
def answer_two_to_the_nats(logits, ids, n_prompt, n_real):
    return float(2 ** np.concatenate(_surprises(logits, ids, n_prompt, n_real)).mean())


@EXERCISE.mutant
def answer_mean_surprise(logits, ids, n_prompt, n_real):
    return float(np.concatenate(_surprises(logits, ids, n_prompt, n_real)).mean())


@EXERCISE.mutant
def answer_divided_by_all_tokens(logits, ids, n_prompt, n_real):
    return float(np.exp(np.concatenate(_surprises(logits, ids, n_prompt, n_real)).sum() / np.sum(n_real)))


@EXERCISE.mutant
def answer_shifted_twice(logits, ids, n_prompt, n_real):
    found = np.concatenate(_surprises(logits, ids, n_prompt, n_real, shift=2))
    return float(np.exp(found.mean())) if len(found) else 1.0


@EXERCISE.holds("a model that cannot tell 7 words apart has the perplexity 7")
def even_model(call):
    out = float(call(np.zeros((2, 5, 7)), np.array([[0, 6, 2, 1, 3], [5, 5, 4, 0, 0]]), np.array([1, 3]), np.array([4, 5])))
    return None if abs(out - 7) < 1e-3 else f"it is {text.number(out)}"


@EXERCISE.holds("other logits in the last row of each text change nothing")
def last_row(call):
    logits = np.sin(np.arange(30.0)).reshape(1, 6, 5)
    other = logits.copy()
    other[0, 5] = [3.0, -2.0, 0.0, 1.0, 5.0]
    ids, begin, end = np.array([[0, 3, 1, 4, 2, 2]]), np.array([2]), np.array([6])
    one, two = (float(call(z, ids, begin, end)) for z in (logits, other))
    return None if abs(one - two) < 1e-4 else f"before {text.number(one)}, after {text.number(two)}"


EXERCISE.holds("the example of the statement gives 2")(
    comes_out(2.0, np.zeros((2, 3, 2)), np.array([[0, 1, 1], [1, 0, 0]]), np.array([1, 2]), np.array([3, 3])))
