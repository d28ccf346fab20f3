"""Bytes of the keys and values that are kept while generating."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.kernels import cost

EXERCISE = Exercise(
    id="efficiency.cache_bytes",
    title="How large is the cache?",
    level="apply",
    minutes=5,
    difficulty=1,
    page="efficiency/overview",
    headings=("Bytes",),
    statement=r"""
    While generating, a model keeps the keys and the values of all tokens so far: for each layer and each key-value head, a key and a value of `d_head` numbers for each token. How many **bytes** is that, with `bytes_each` bytes a number?

    A tiny example: 1 token, 1 layer, 1 head of width 1 and two bytes a number make 4 bytes.
    """,
    slot='''
    def cache_bytes(tokens, layers, kv_heads, d_head, bytes_each):
        """Bytes of the keys and values kept for so many tokens.

        result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("bytes",),
    hints=(
        "Doubling any one of the five numbers doubles the result.",
        r"Two tables (keys and values), for each layer, each key-value head, each token, of $d_{\text{head}}$ numbers.",
        "```python\nkey = ____ * ____\nper_token = ____ * key * ____\nreturn per_token * ____ * ____\n```",
    ),
    parsons=("keys_without_values", "one_layer_only"),
    why=r"""
    A product of six factors, and the first is 2: one for keys, one for values.

    **The two most common mistakes.** Forgetting one factor, most often the layers or the 2. Putting in the number of *query* heads where the model shares keys and values among them.

    **Cost.** For Llama-3-8B it is 128 KiB a token, so that a text of 8,192 tokens keeps 1 GiB.
    """,
    verified="five products, among them three published models.",
    next_thought="which of the five numbers can a finished model still change?",
    reference=cost.cache_bytes,
)

for _name, _sizes in {
    "3 tokens": (3, 5, 7, 11, 2),
    "OPT-13B, one token": (1, 40, 40, 128, 2),
    "Llama-3-8B, 8192 tokens": (8192, 32, 8, 128, 2),
    "four bytes a number": (13, 2, 3, 5, 4),
    "one of everything": (1, 1, 1, 1, 1),
}.items():
    EXERCISE.probe(_name, *_sizes)


@EXERCISE.solve
def cache_bytes_solution(tokens, layers, kv_heads, d_head, bytes_each):
    key = kv_heads * d_head
    per_token = 2 * key * layers
    return per_token * bytes_each * tokens


@EXERCISE.mutant
def keys_without_values(tokens, layers, kv_heads, d_head, bytes_each):
    key = kv_heads * d_head
    per_token = key * layers
    return per_token * bytes_each * tokens


@EXERCISE.mutant
def one_layer_only(tokens, layers, kv_heads, d_head, bytes_each):
    key = kv_heads * d_head
    per_token = 2 * key
    return per_token * bytes_each * tokens


@EXERCISE.mutant
def numbers_instead_of_bytes(tokens, layers, kv_heads, d_head, bytes_each):
    return 2 * layers * kv_heads * d_head * tokens


@EXERCISE.mutant
def tokens_squared(tokens, layers, kv_heads, d_head, bytes_each):
    return 2 * layers * kv_heads * d_head * bytes_each * tokens**2


@EXERCISE.mutant
def heads_ignored(tokens, layers, kv_heads, d_head, bytes_each):
    return 2 * layers * d_head * bytes_each * tokens


@EXERCISE.mutant(same_as="keys_without_values")
def keys_without_values_of_all_but_bytes(tokens, layers, kv_heads, d_head, bytes_each):
    return layers * kv_heads * d_head * tokens


@EXERCISE.holds("doubling the tokens doubles the bytes")
def proportional_to_tokens(call):
    once, twice = call(7, 5, 3, 11, 2), call(14, 5, 3, 11, 2)
    if twice != 2 * once:
        return f"the bytes grow by a factor of {float(twice / once):.1f}"


@EXERCISE.holds("four times as many key-value heads need four times as many bytes")
def proportional_to_heads(call):
    few, many = call(7, 5, 2, 11, 2), call(7, 5, 8, 11, 2)
    if many != 4 * few:
        return f"the bytes grow by a factor of {float(many / few):.1f}"


def _in_proportion(place):
    def test(call):
        numbers = [7, 5, 3, 11, 2]
        before = float(call(*numbers))
        numbers[place] *= 3
        after = float(call(*numbers))
        return None if after == 3 * before else f"they grow by a factor of {after / before:.1f}"
    return test


for _place, _name in ((1, "layers"), (3, "features"), (4, "bytes a number")):
    EXERCISE.holds(f"three times as many {_name} are three times the bytes")(_in_proportion(_place))


@EXERCISE.holds("one of everything makes a key and a value of one byte")
def two_bytes(call):
    found = float(call(1, 1, 1, 1, 1))
    return None if found == 2 else f"it makes {found:.0f} bytes"
