"""How many layers of a modern decoder a budget of parameters allows."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _size(n_layers, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    looks = 2 * d_model * n_heads * d_head + 2 * d_model * n_kv_heads * d_head
    layer = looks + 3 * d_model * d_ff + 2 * d_model
    return (1 if tied else 2) * vocab_size * d_model + n_layers * layer + d_model


def _reference(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    n_layers = 0
    while _size(n_layers + 1, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, bool(tied)) <= budget:
        n_layers += 1
    return n_layers


EXERCISE = Exercise(
    id="variants.deepest_decoder",
    title="As deep as the budget allows",
    level="apply",
    minutes=15,
    difficulty=2,
    page="variants/modern_decoders",
    headings=("The mathematics", "What each step costs"),
    statement=r"""
    You may spend at most `budget` parameters on a decoder of the Llama kind: rotary positions, **no biases anywhere**, grouped heads, a gated feed-forward network with three matrices, an RMSNorm (gains only) in front of each of the two sublayers, and one more after the last layer. Every width is fixed but the number of layers.

    The width of a head, `d_head`, need **not** be `d_model / n_heads`: queries have `n_heads * d_head` features, keys and values `n_kv_heads * d_head` each, and the output projection leads back to `d_model`. If `tied` is true the table of tokens also gives the logits; if not, there is a second matrix of the same size.

    Return the largest number of layers that fits, as a whole number; 0 if not even one does.

    A tiny example: `deepest_decoder(100, 3, 2, 1, 1, 2, 4, True)` is `2`: the table has 6 parameters, the last norm 2, and a layer $4 \cdot 4 + 3 \cdot 8 + 4 = 44$; 96 of 100 are used.
    """,
    slot='''
    def deepest_decoder(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
        """The largest number of layers whose model has at most `budget` parameters.

        all but tied: whole numbers above 0; tied: True or False
        result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "The model's size is a constant plus the number of layers times the size of one layer. With the result it fits, with one layer more it does not, unless the result is 0 because nothing fits.",
        r"With $H$ heads of queries and $G$ of keys, one layer: $2\, d H d_{\text{head}}$ for queries and output, $2\, d G\, d_{\text{head}}$ for keys and values, $3\, d\, d_{\text{ff}}$, and two gains of $d$. Constant: the table, once or twice, and one more gain.",
        "```python\nheads = n_heads + ____\nlayer = 2 * d_model * heads * d_head + ____ * d_model * d_ff + ____\nrest = budget - (2 - tied) * vocab_size * d_model - ____\nreturn max(0, rest // ____)\n```",
    ),
    parsons=("deep_without_the_last_norm", "deep_keys_as_many_as_queries"),
    why=r"""
    Everything outside the layers is paid once; what is left is divided by the price of a layer and rounded down. With a large vocabulary the table can be most of a small model.

    **The two most common mistakes.** Forgetting the norm after the last layer, or counting one norm a layer. Deriving `d_head` from `d_model / n_heads`: in several published families it is wider, so that the queries together are wider than the stream.

    **Cost.** A few operations.
    """,
    verified="the number of layers for two dozen budgets, among them exact fits, budgets of one parameter less, and none that fits.",
    next_thought="at which vocabulary does the tied table of a model with d_model = 576 and 30 layers hold half of all parameters?",
    reference=_reference,
)

_SHAPES = ((3, 2, 1, 1, 2, 4, True), (11, 5, 4, 2, 3, 7, True), (11, 5, 4, 2, 3, 7, False), (29, 6, 3, 3, 2, 17, False),
           (101, 8, 8, 1, 5, 23, True), (7, 13, 2, 1, 19, 5, False))  # fmt: skip
for _shape in _SHAPES:
    _exact = _size(3, *_shape)
    for _budget, _word in ((_exact, "an exact fit of three layers"), (_exact - 1, "one parameter less than three layers"), (_exact + 1, "one parameter more")):
        EXERCISE.probe(f"vocabulary {_shape[0]}, width {_shape[1]}, {'tied' if _shape[-1] else 'untied'}: {_word}", _budget, *_shape)
EXERCISE.probe("an exact fit of one layer", _size(1, *_SHAPES[1]), *_SHAPES[1])
EXERCISE.probe("nothing fits, not even the table", 10, *_SHAPES[2])
EXERCISE.probe("the table fits and no layer", _size(0, *_SHAPES[3]) + 1, *_SHAPES[3])
EXERCISE.probe("the table fits, all but one parameter of a layer too", _size(1, *_SHAPES[1]) - 1, *_SHAPES[1])
EXERCISE.probe("a hundred layers and a bit", _size(100, *_SHAPES[4]) + 5, *_SHAPES[4])
EXERCISE.probe("three hundred layers", _size(300, *_SHAPES[4]), *_SHAPES[4])
EXERCISE.probe("a published size: 8,030,261,248", 8_030_261_248, 128_256, 4096, 32, 8, 128, 14_336, False)
EXERCISE.probe("a small tied model: 134,515,008", 134_515_008, 49_152, 576, 9, 3, 64, 1536, True)
EXERCISE.probe("five thousand layers, one parameter less", _size(5000, *_SHAPES[4]) - 1, *_SHAPES[4])
EXERCISE.probe("one parameter less than 36 large layers", _size(36, 151_936, 4096, 32, 8, 128, 12_288, False) - 1, 151_936, 4096, 32, 8, 128, 12_288, False)
EXERCISE.probe("one layer beside a large table", _size(1, 5001, 4, 2, 1, 3, 7, True), 5001, 4, 2, 1, 3, 7, True)
EXERCISE.probe("three layers and most of a fourth", _size(3, *_SHAPES[4]) + 9 * (_size(1, *_SHAPES[4]) - _size(0, *_SHAPES[4])) // 10, *_SHAPES[4])


@EXERCISE.solve
def deepest_decoder_solution(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    tables = vocab_size * d_model if tied else 2 * vocab_size * d_model
    looks = 2 * d_model * (n_heads + n_kv_heads) * d_head
    layer = looks + 3 * d_model * d_ff + 2 * d_model
    rest = budget - tables - d_model
    return max(0, rest // layer)


@EXERCISE.mutant
def deep_without_the_last_norm(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    tables = vocab_size * d_model if tied else 2 * vocab_size * d_model
    looks = 2 * d_model * (n_heads + n_kv_heads) * d_head
    layer = looks + 3 * d_model * d_ff + 2 * d_model
    rest = budget - tables
    return max(0, rest // layer)


@EXERCISE.mutant
def deep_keys_as_many_as_queries(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    tables = vocab_size * d_model if tied else 2 * vocab_size * d_model
    looks = 4 * d_model * n_heads * d_head
    layer = looks + 3 * d_model * d_ff + 2 * d_model
    rest = budget - tables - d_model
    return max(0, rest // layer)


@EXERCISE.mutant
def deep_one_norm_a_layer(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    tables = (2 - bool(tied)) * vocab_size * d_model
    layer = 2 * d_model * (n_heads + n_kv_heads) * d_head + 3 * d_model * d_ff + d_model
    return max(0, (budget - tables - d_model) // layer)


@EXERCISE.mutant
def deep_two_matrices_in_the_network(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    tables = (2 - bool(tied)) * vocab_size * d_model
    layer = 2 * d_model * (n_heads + n_kv_heads) * d_head + 2 * d_model * d_ff + 2 * d_model
    return max(0, (budget - tables - d_model) // layer)


@EXERCISE.mutant
def deep_tied_table_counted_twice(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    return _reference(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, False)


@EXERCISE.mutant
def deep_second_table_forgotten(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    return _reference(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, True)


@EXERCISE.mutant
def deep_head_width_from_the_model(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    tables = (2 - bool(tied)) * vocab_size * d_model
    layer = 2 * d_model * d_model + 2 * d_model * d_model * n_kv_heads // n_heads + 3 * d_model * d_ff + 2 * d_model
    return max(0, (budget - tables - d_model) // layer)


@EXERCISE.mutant
def deep_rounded_up(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    tables = (2 - bool(tied)) * vocab_size * d_model
    layer = 2 * d_model * (n_heads + n_kv_heads) * d_head + 3 * d_model * d_ff + 2 * d_model
    return max(0, -((tables + d_model - budget) // layer))


@EXERCISE.mutant
def deep_layers_below_zero(budget, vocab_size, d_model, n_heads, n_kv_heads, d_head, d_ff, tied):
    tables = (2 - bool(tied)) * vocab_size * d_model
    layer = 2 * d_model * (n_heads + n_kv_heads) * d_head + 3 * d_model * d_ff + 2 * d_model
    return (budget - tables - d_model) // layer


EXERCISE.holds("2 comes out for the example")(comes_out(2, 100, 3, 2, 1, 1, 2, 4, True))


@EXERCISE.holds("the model fits, and with one layer more it would not")
def fits(call):
    for shape in ((17, 7, 3, 1, 5, 11, True), (17, 7, 3, 1, 5, 11, False)):
        n_layers = int(call(5000, *shape))
        if not 0 < n_layers < 1000 or not _size(n_layers, *shape) <= 5000 < _size(n_layers + 1, *shape):
            return f"with a budget of 5000 you say {n_layers} layers: {_size(n_layers, *shape)} parameters, one more has {_size(n_layers + 1, *shape)}"
    return None
