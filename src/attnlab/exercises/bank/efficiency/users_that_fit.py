"""How many readers share one accelerator's memory."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise
from attnlab.kernels import cost


def _reference(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return max((memory - weights) // cost.cache_bytes(tokens, layers, kv_heads, d_head, bytes_each), 0)


EXERCISE = Exercise(
    id="efficiency.users_that_fit",
    title="How many users fit?",
    level="apply",
    minutes=10,
    difficulty=1,
    page="efficiency/problems",
    statement=r"""
    A server has `memory` bytes. The model's parameters take `weights` of them, once for all. Every user has a conversation of up to `tokens` tokens, whose keys and values are kept for each of `layers` layers and `kv_heads` heads of width `d_head`, `bytes_each` bytes a number. How many users can be served at the same time, when nothing else needs memory? If the weights alone do not fit, nobody can be.

    A tiny example: 100 bytes, 40 of them for the weights, and one token, one layer, one head of width 4 with one byte a number give 7.
    """,
    slot='''
    def users_that_fit(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
        """How many conversations fit into the memory beside the weights.

        result: one whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    hints=(
        "With one more user than your answer it must not fit; with your answer it must.",
        r"First the bytes of one user's cache, both tables of it, then the memory that the weights leave, then how often the one goes into the other.",
        "```python\ncache = ____ * layers * kv_heads * d_head * bytes_each * ____\nfree = ____\nreturn max(free // cache, ____)\n```",
    ),
    parsons=("keys_without_values", "weights_for_every_user"),
    why=r"""
    The weights are shared, the caches are not. For a 16-bit model of 7 billion parameters on 80 GB, with 32 layers of 32 heads of width 128, a user of 4,096 tokens takes 2 GiB: about thirty fit.

    **The two most common mistakes.** One table instead of two. Counting the weights once for each user, or not at all.

    **Cost.** Three multiplications, and worth doing before anything is bought.
    """,
    verified="eight servers: with a remainder of almost a whole cache, with none, without room for a single user, and without room for the weights.",
    next_thought="which of the seven numbers would you change first, and what would it cost?",
    reference=_reference,
)

EXERCISE.probe("a small server", 100_000, 20_000, 11, 3, 2, 7, 2)
EXERCISE.probe("a server with a remainder", 1_000_003, 30_000, 13, 5, 3, 11, 4)
EXERCISE.probe("a model of 7 billion parameters on 80 GB", 80 * 10**9, 14 * 10**9, 4096, 32, 32, 128, 2)
EXERCISE.probe("a cache more would fit but for one byte", 1_000 + 2 * 360 - 1, 1_000, 9, 2, 2, 5, 1)
EXERCISE.probe("two caches to the last byte", 1_000 + 2 * 360, 1_000, 9, 2, 2, 5, 1)
EXERCISE.probe("room for less than one", 5_000, 4_990, 3, 2, 1, 5, 2)
EXERCISE.probe("weights that fill the memory", 1_500, 1_500, 3, 1, 1, 5, 2)
EXERCISE.probe("weights that do not fit", 1_000, 1_500, 3, 1, 1, 5, 2)


@EXERCISE.solve
def users_that_fit_solution(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    cache = 2 * layers * kv_heads * d_head * bytes_each * tokens
    free = memory - weights
    return max(free // cache, 0)


@EXERCISE.mutant
def keys_without_values(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    cache = layers * kv_heads * d_head * bytes_each * tokens
    free = memory - weights
    return max(free // cache, 0)


@EXERCISE.mutant
def weights_for_every_user(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    cache = 2 * layers * kv_heads * d_head * bytes_each * tokens
    return memory // (cache + weights)


@EXERCISE.mutant
def weights_forgotten(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return memory // cost.cache_bytes(tokens, layers, kv_heads, d_head, bytes_each)


@EXERCISE.mutant
def one_user_too_many(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return max(-(-(memory - weights) // cost.cache_bytes(tokens, layers, kv_heads, d_head, bytes_each)), 0)


@EXERCISE.mutant
def fewer_than_no_users(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return (memory - weights) // cost.cache_bytes(tokens, layers, kv_heads, d_head, bytes_each)


@EXERCISE.mutant
def one_layer_only(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return max((memory - weights) // cost.cache_bytes(tokens, 1, kv_heads, d_head, bytes_each), 0)


@EXERCISE.mutant
def heads_ignored(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return max((memory - weights) // cost.cache_bytes(tokens, layers, 1, d_head, bytes_each), 0)


@EXERCISE.mutant
def numbers_instead_of_bytes(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return max((memory - weights) // cost.cache_bytes(tokens, layers, kv_heads, d_head, 1), 0)


@EXERCISE.mutant
def tokens_squared(memory, weights, tokens, layers, kv_heads, d_head, bytes_each):
    return max((memory - weights) // (cost.cache_bytes(tokens, layers, kv_heads, d_head, bytes_each) * tokens), 0)


@EXERCISE.holds("your answer fits, and one user more does not")
def just_fits(call):
    memory, weights, cache = 10_000, 1_000, cost.cache_bytes(3, 2, 5, 7, 2)
    users = int(call(memory, weights, 3, 2, 5, 7, 2))
    if weights + users * cache > memory:
        return f"{users} users need {weights + users * cache} of {memory} bytes"
    if weights + (users + 1) * cache <= memory:
        return f"{users + 1} users would need only {weights + (users + 1) * cache} of {memory} bytes"


@EXERCISE.holds("the answer is a whole number")
def whole(call):
    users = float(call(10_000, 1_000, 3, 2, 5, 7, 2))
    if users != round(users):
        return f"it is {users:.2f}"


@EXERCISE.holds("where the weights do not fit, nobody can be served")
def nobody(call):
    users = float(call(1_000, 5_000, 3, 2, 5, 7, 2))
    return None if users == 0 else f"1,000 bytes, 5,000 of them for the weights: {users:.0f} users"


def _doubled(place):
    def test(call):
        numbers = [10**6, 0, 4, 4, 4, 4, 4]
        before = float(call(*numbers))
        numbers[place] *= 2
        after = float(call(*numbers))
        return None if (before, after) == (488, 244) else f"of {before:.0f} users {after:.0f} are left"
    return test


for _place, _name in ((2, "tokens"), (3, "layers"), (4, "heads"), (5, "width of a head"), (6, "bytes for a number")):
    EXERCISE.holds(f"of 488 users 244 are left with twice the {_name}")(_doubled(_place))
