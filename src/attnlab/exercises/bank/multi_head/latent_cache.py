"""Bytes that latent attention keeps."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out

EXERCISE = Exercise(
    id="multi_head.latent_cache",
    title="What a latent cache keeps",
    level="apply",
    minutes=5,
    difficulty=1,
    page="multi_head/sharing",
    headings=("The bytes that are kept",),
    statement=r"""
    In latent attention each layer keeps, for each token, one latent vector of `latent` numbers, from which the keys and values of all heads can be unfolded, and one key of `rotary` numbers, shared by all heads. How many bytes is that for a text?

    A tiny example: 1 token, 1 layer, `latent` = 3, `rotary` = 1, two bytes a number: 8 bytes, whatever the heads.
    """,
    slot='''
    def latent_cache(tokens, layers, n_heads, d_head, latent, rotary, size):
        """Bytes that are kept for so many tokens, with `size` bytes a number.

        result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("bytes",),
    hints=(
        "Two of the seven numbers do not appear in the answer. Which ones would a cache of keys and values need?",
        r"Tokens, times layers, times $d_{\text{latent}} + d_{\text{rotary}}$, times the bytes of a number.",
        "```python\nkept = ____ + ____\nper_token = ____ * kept\nreturn tokens * ____ * size\n```",
    ),
    parsons=("latent_counted_twice", "shared_key_for_each_head"),
    why=r"""
    The heads read the cache, but they do not own parts of it. That is the whole point.

    **The two most common mistakes.** The factor 2 of keys and values, which has no place here. Forgetting the shared key, or counting it for each head.

    **Cost.** DeepSeek-V2 keeps 576 numbers a token and layer; keys and values of its 128 heads of width 128 would be 32,768.
    """,
    verified="eight products, among them DeepSeek-V2 with its 60 layers.",
    next_thought="how many shared heads of width 128 could grouped attention afford with the same bytes?",
    reference=lambda tokens, layers, n_heads, d_head, latent, rotary, size: (
        tokens * layers * size * latent + tokens * layers * size * rotary
    ),
)

for _name, _sizes in {
    "3 tokens": (3, 5, 7, 11, 13, 2, 2),
    "DeepSeek-V2, one token": (1, 60, 128, 128, 512, 64, 2),
    "DeepSeek-V2, 4096 tokens": (4096, 60, 128, 128, 512, 64, 2),
    "one byte a number": (5, 2, 3, 7, 11, 13, 1),
    "no shared key": (2, 3, 5, 7, 11, 0, 2),
    "one head": (2, 3, 1, 5, 7, 4, 4),
    "one token, one layer": (1, 1, 5, 7, 3, 1, 2),
    "no token": (0, 3, 5, 7, 11, 2, 2),
}.items():
    EXERCISE.probe(_name, *_sizes)


@EXERCISE.solve
def latent_cache_solution(tokens, layers, n_heads, d_head, latent, rotary, size):
    kept = latent + rotary
    per_token = layers * kept
    return tokens * per_token * size


@EXERCISE.mutant
def latent_counted_twice(tokens, layers, n_heads, d_head, latent, rotary, size):
    kept = 2 * latent + rotary
    per_token = layers * kept
    return tokens * per_token * size


@EXERCISE.mutant
def shared_key_for_each_head(tokens, layers, n_heads, d_head, latent, rotary, size):
    kept = latent + n_heads * rotary
    per_token = layers * kept
    return tokens * per_token * size


@EXERCISE.mutant
def shared_key_forgotten(tokens, layers, n_heads, d_head, latent, rotary, size):
    return tokens * layers * latent * size


@EXERCISE.mutant
def unfolded_keys_and_values(tokens, layers, n_heads, d_head, latent, rotary, size):
    return tokens * layers * 2 * n_heads * d_head * size


@EXERCISE.mutant
def latent_for_each_head(tokens, layers, n_heads, d_head, latent, rotary, size):
    return tokens * layers * (n_heads * latent + rotary) * size


@EXERCISE.mutant
def one_layer_only(tokens, layers, n_heads, d_head, latent, rotary, size):
    return tokens * (latent + rotary) * size


@EXERCISE.mutant
def numbers_instead_of_bytes(tokens, layers, n_heads, d_head, latent, rotary, size):
    return tokens * layers * (latent + rotary)


@EXERCISE.holds("more heads need no more bytes")
def heads_are_free(call):
    few, many = call(3, 5, 2, 7, 11, 13, 2), call(3, 5, 64, 7, 11, 13, 2)
    return None if few == many else f"2 heads need {int(few)} bytes, 64 heads {int(many)}"


@EXERCISE.holds("twice the tokens need twice the bytes")
def tokens_count(call):
    once, twice = call(3, 5, 2, 7, 11, 13, 2), call(6, 5, 2, 7, 11, 13, 2)
    return None if twice == 2 * once else f"{float(once):.0f} bytes become {float(twice):.0f}"


EXERCISE.holds("one token, one layer, a latent of 3 and a key of 1, two bytes a number: 8 bytes")(comes_out(8, 1, 1, 5, 7, 3, 1, 2))
EXERCISE.holds("three layers keep three times as much")(comes_out(24, 1, 3, 5, 7, 3, 1, 2))
EXERCISE.holds("a latent wider by one costs two bytes more, as does a shared key wider by one")(
    lambda call: comes_out(10, 1, 1, 5, 7, 4, 1, 2)(call) or comes_out(10, 1, 1, 5, 7, 3, 2, 2)(call))
