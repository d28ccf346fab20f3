"""What a head writes if it looks at a token: does it raise that token's own score most?"""

from __future__ import annotations

import numpy as np

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out, left_alone


def _table(embed, value, output, unembed):
    return np.asarray(embed, float) @ np.asarray(value, float) @ np.asarray(output, float) @ np.asarray(unembed, float)


def _share(table, axis=1):
    return float((table.argmax(axis=axis) == np.arange(len(table))).mean())


def _reference(embed, value, output, unembed):
    return _share(_table(embed, value, output, unembed))


EXERCISE = Exercise(
    id="theory.copying_share",
    title="Does this head copy?",
    level="analyse",
    minutes=15,
    difficulty=2,
    page="theory/circuits",
    headings=("Two circuits of a head",),
    statement=r"""
    A head that looks at a token passes on what its value and output matrices make of it. Norms left out, that is a table over the vocabulary,

    $$
    M = E\, W_V\, W_O\, U ,
    $$

    with the tokens' rows $E$ (v × d), $W_V$ (d × h), $W_O$ (h × d) and the unembedding $U$ (d × v), whose columns give the logits. Row $i$ of $M$ says by how much each logit moves if the head looks at token $i$ alone.

    The head **copies** token $i$ if of all the logits in row $i$ it raises that of token $i$ most: if $M_{ii}$ is the largest number of the row, be it above 0 or not, as only differences count in a softmax. Return the share of the vocabulary that it copies. No two numbers of a row are equal.

    A tiny example: with two tokens, $E$, $W_V$, $W_O$ the identity and $U$ = `[[2, 1], [3, 1]]`, the rows of $M$ are $(2, 1)$ and $(3, 1)$. Token 0 is copied; for token 1 the logit of token 0 is raised more. The share is `0.5`.
    """,
    slot='''
    def copying_share(embed, value, output, unembed):
        """The share of tokens whose own logit the head raises most.

        embed: (v, d); value: (d, h); output: (h, d); unembed: (d, v)
        result: a number from 0 to 1
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "A head for which $M$ is the identity copies everything; one for which it is minus the identity copies nothing.",
        "Multiply the four matrices in the order in which a row passes them. Then ask in each row for the place of the largest number.",
        "```python\ntable = embed @ value @ output @ unembed\nbest = table.argmax(axis=____)\nreturn float((best == np.arange(____)).mean())\n```",
    ),
    parsons=("ovc_best_of_each_column", "ovc_own_logit_raised_at_all"),
    why=r"""
    A row of $M$ is what one token would write. Which logit it raises *most* is what counts in the softmax, where a number added to all logits changes nothing.

    **The two most common mistakes.** The largest of each *column*: that asks which token raises this logit most, another question. A positive diagonal: the own logit may rise, and another one more.

    **Cost.** $v^2 d$ products for the whole table; with a vocabulary of 50,000 one takes some of its rows.
    """,
    verified="equal to loops for vocabularies of 1 to 40, heads of width 1 to 8, whole numbers and float32.",
    next_thought="an induction head should copy. Should a previous-token head?",
    reference=_reference,
)


def _case(seed, v, d, h, copies=1.0):
    rng = np.random.default_rng(seed)
    embed, value, output = rng.normal(size=(v, d)), rng.normal(size=(d, h)) / d, rng.normal(size=(h, d)) / h
    unembed = copies * (embed @ value @ output).T + 0.15 * rng.normal(size=(d, v)) + 0.12 * rng.normal(size=v)
    return embed, value, output, unembed


EXERCISE.probe("17 tokens, width 7, head 3", *_case(1, 17, 7, 3))
EXERCISE.probe("29 tokens, width 11, head 5", *_case(2, 29, 11, 5))
EXERCISE.probe("11 tokens, width 5, head 2, the other way round", *_case(3, 11, 5, 2, -1.0))
EXERCISE.probe("square matrices", *_case(4, 6, 6, 6))
EXERCISE.probe("one token", *_case(5, 1, 3, 2))
EXERCISE.probe("whole numbers", np.array([[2, 0], [0, 1], [1, 1]]), np.array([[1, 0], [2, 1]]), np.array([[1, 3], [0, 1]]), np.array([[3, 0, 1], [-1, 5, 1]]))
EXERCISE.probe("single precision", *(one.astype(np.float32) for one in _case(6, 13, 5, 4)))
EXERCISE.probe("a head of width 1", *_case(7, 13, 5, 1))
EXERCISE.probe("every logit falls", np.eye(3), np.eye(3), np.eye(3), np.array([[-1.0, -2, -3], [-5, -4, -6], [-7, -8, -9]]))
EXERCISE.probe("another square head", *_case(8, 9, 9, 9))


@EXERCISE.solve
def copying_share_solution(embed, value, output, unembed):
    table = embed @ value @ output @ unembed
    best = table.argmax(axis=1)
    return float((best == np.arange(len(table))).mean())


@EXERCISE.mutant
def ovc_best_of_each_column(embed, value, output, unembed):
    table = embed @ value @ output @ unembed
    best = table.argmax(axis=0)
    return float((best == np.arange(len(table))).mean())


@EXERCISE.mutant
def ovc_own_logit_raised_at_all(embed, value, output, unembed):
    table = embed @ value @ output @ unembed
    return float((np.diag(table) > 0).mean())


@EXERCISE.mutant
def ovc_largest_without_its_sign(embed, value, output, unembed):
    return _share(np.abs(_table(embed, value, output, unembed)))


@EXERCISE.mutant
def ovc_rows_of_the_table_for_the_logits(embed, value, output, unembed):
    return _share(_table(embed, value, output, np.asarray(embed).T))


@EXERCISE.mutant
def ovc_own_share_of_the_rise(embed, value, output, unembed):
    table = _table(embed, value, output, unembed)
    powers = np.exp(table - table.max(axis=1, keepdims=True))
    return float(np.diag(powers / powers.sum(axis=1, keepdims=True)).mean())


@EXERCISE.mutant
def ovc_without_the_head(embed, value, output, unembed):
    return _share(np.asarray(embed, float) @ np.asarray(unembed, float))


@EXERCISE.mutant
def ovc_token_added_to_what_is_written(embed, value, output, unembed):
    return _share(_table(embed, value, output, unembed) + np.asarray(embed, float) @ np.asarray(unembed, float))


@EXERCISE.mutant
def ovc_counted_and_not_shared(embed, value, output, unembed):
    return float((_table(embed, value, output, unembed).argmax(axis=1) == np.arange(len(embed))).sum())


EXERCISE.holds("the example of the statement comes out")(
    comes_out(0.5, np.eye(2), np.eye(2), np.eye(2), np.array([[2.0, 1.0], [3.0, 1.0]])))


@EXERCISE.holds("a head that passes one-hot rows on copies all of them, and with the other sign none")
def passes_on(call):
    for sign, right in ((1, 1.0), (-1, 0.0)):
        out = float(call(np.eye(5), np.eye(5), sign * np.eye(5), np.eye(5)))
        if abs(out - right) > 1e-6:
            return f"yours is {text.number(out)}, expected {text.number(right)}"
    return None


EXERCISE.holds("the given arrays stay as they are")(left_alone(*_case(1, 17, 7, 3)))
