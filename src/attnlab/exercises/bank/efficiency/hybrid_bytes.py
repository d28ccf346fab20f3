"""What a model that mixes attention with memories of fixed size keeps while it writes."""

from __future__ import annotations

from attnlab.exercises._exercise import Exercise


def _reference(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    full = pattern.count("A")
    return bytes_each * (full * 2 * tokens * kv_heads * d_head + (len(pattern) - full) * heads * d_k * d_v)


EXERCISE = Exercise(
    id="efficiency.hybrid_bytes",
    title="What a hybrid keeps",
    level="apply",
    minutes=10,
    difficulty=1,
    page="efficiency/memory_that_erases",
    headings=("Hybrids",),
    statement=r"""
    `pattern` has a letter for each layer: `A` for attention, which keeps a key and a value of `d_head` numbers for each of its `kv_heads` and each token; `M` for a memory, which keeps one matrix of `d_k` times `d_v` numbers for each of its `heads`. How many **bytes** does the model keep after so many tokens, with `bytes_each` bytes a number?

    A tiny example: 10 tokens, pattern `"MA"`, 1 key-value head of width 2, 1 memory head of 3 x 4 and two bytes a number make $2 \cdot (2 \cdot 10 \cdot 2 + 12) = 104$ bytes.
    """,
    slot='''
    def hybrid_bytes(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
        """Bytes that are kept after so many tokens.

        pattern: a text of the letters A and M
        result: a whole number
        """
        # YOUR CODE HERE
        ...
    ''',
    imports=(),
    parts=("bytes",),
    hints=(
        "Without an `A` the result does not depend on the tokens; without an `M` it is the cache of any transformer.",
        r"For each `A`: $2 \cdot \text{tokens} \cdot \text{kv\_heads} \cdot d_{\text{head}}$ numbers. For each `M`: $\text{heads} \cdot d_k d_v$.",
        '```python\ncache = 2 * ____ * kv_heads * d_head\nstate = heads * ____\nnumbers = pattern.count("A") * ____ + pattern.count("M") * ____\nreturn numbers * bytes_each\n```',
    ),
    parsons=("memory_that_grows", "keys_of_attention_alone"),
    why=r"""
    The cache grows with the text, the memories do not. With one attention layer in four, a long text keeps a quarter of the cache.

    **The two most common mistakes.** Letting the matrix grow with the tokens. Counting keys without values, or one matrix for all heads.

    **Cost.** Six products.
    """,
    verified="patterns with one kind of layer, with both and with none, and texts of no token.",
    next_thought="from how many tokens on does a memory of 32 heads of 128 x 128 keep less than 8 key-value heads of width 128?",
    reference=_reference,
)

for _name, _sizes in {
    "3 tokens, MMA": (3, "MMA", 2, 5, 3, 7, 11, 2),
    "a long text, MMMAMMMA": (10_000, "MMMAMMMA", 2, 128, 16, 128, 64, 2),
    "memories alone": (13, "MMM", 2, 3, 5, 7, 2, 4),
    "attention alone": (13, "AA", 2, 3, 5, 7, 2, 4),
    "no token": (0, "AM", 2, 3, 5, 7, 2, 2),
    "no layer": (5, "", 2, 3, 5, 7, 2, 2),
    "one of everything": (1, "AM", 1, 1, 1, 1, 1, 1),
}.items():
    EXERCISE.probe(_name, *_sizes)


@EXERCISE.solve
def hybrid_bytes_solution(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    cache = 2 * tokens * kv_heads * d_head
    state = heads * d_k * d_v
    numbers = pattern.count("A") * cache + pattern.count("M") * state
    return numbers * bytes_each


@EXERCISE.mutant
def memory_that_grows(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    cache = 2 * tokens * kv_heads * d_head
    state = heads * d_k * d_v * tokens
    numbers = pattern.count("A") * cache + pattern.count("M") * state
    return numbers * bytes_each


@EXERCISE.mutant
def keys_of_attention_alone(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    cache = tokens * kv_heads * d_head
    state = heads * d_k * d_v
    numbers = pattern.count("A") * cache + pattern.count("M") * state
    return numbers * bytes_each


@EXERCISE.mutant
def one_matrix_for_all_heads(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    return bytes_each * (pattern.count("A") * 2 * tokens * kv_heads * d_head + pattern.count("M") * d_k * d_v)


@EXERCISE.mutant
def every_layer_caches(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    return bytes_each * (len(pattern) * 2 * tokens * kv_heads * d_head + pattern.count("M") * heads * d_k * d_v)


@EXERCISE.mutant
def memories_cost_nothing(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    return bytes_each * pattern.count("A") * 2 * tokens * kv_heads * d_head


@EXERCISE.mutant
def rows_and_columns_added(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    return bytes_each * (pattern.count("A") * 2 * tokens * kv_heads * d_head + pattern.count("M") * heads * (d_k + d_v))


@EXERCISE.mutant
def letters_exchanged(tokens, pattern, kv_heads, d_head, heads, d_k, d_v, bytes_each):
    return bytes_each * (pattern.count("M") * 2 * tokens * kv_heads * d_head + pattern.count("A") * heads * d_k * d_v)


@EXERCISE.holds("without attention the bytes do not depend on the tokens")
def constant(call):
    few, many = float(call(3, "MM", 2, 5, 3, 7, 11, 2)), float(call(3000, "MM", 2, 5, 3, 7, 11, 2))
    return None if few == many else f"3 tokens make {few:.0f} bytes and 3,000 make {many:.0f}"


@EXERCISE.holds("the order of the layers does not matter")
def order(call):
    one, other = float(call(5, "AMM", 2, 5, 3, 7, 11, 2)), float(call(5, "MMA", 2, 5, 3, 7, 11, 2))
    return None if one == other else f"AMM makes {one:.0f} bytes and MMA {other:.0f}"
