"""How many numbers a later encoder-decoder learns: norms in front, no biases, shared keys, gates, a tied table or two."""

from __future__ import annotations

from attnlab.exercises import _text as text
from attnlab.exercises._exercise import Exercise
from attnlab.exercises._probes import comes_out


def _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    """Summed block by block, as they stand in the model."""
    look = d * d + d * d + 2 * d * (kv_heads * d // heads)
    think = d * d_ff * (3 if gated else 2)
    encoder = sum(look + d + think + d for _ in range(encoders)) + d
    decoder = sum(look + d + look + d + think + d for _ in range(decoders)) + d
    return encoder + decoder + n_words * d + (0 if tied else n_words * d)


EXERCISE = Exercise(
    id="architecture.count_encoder_decoder",
    title="A later encoder-decoder, counted",
    level="analyse",
    minutes=12,
    difficulty=2,
    page="architecture/implementation",
    headings=("Every parameter, counted",),
    statement=r"""
    Later encoder-decoders keep the plan of 2017 and change the parts. Count the parameters of one that differs from the model of this page in these points:

    - the normalisations stand **in front** of the sublayers, one for each, and one more follows the last block of **each** stack. A normalisation has a gain of `d` numbers and **no bias**;
    - **no projection has a bias**;
    - in every attention, `heads` query heads share `kv_heads` heads of keys and values; each head is `d / heads` wide;
    - if `gated`, a feed-forward network has **three** matrices (gate, expand, contract), otherwise two;
    - source and target share one table. If `tied`, it also makes the logits; otherwise the logits have a matrix of their own, of the same size.

    A tiny example: with all sizes 1, no gate and a tied table, the parts are 1 (table), 3 · 4 (attention), 2 · 2 (feed-forward) and 7 (gains): 24.
    """,
    slot='''
    def count_encoder_decoder(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
        """How many numbers it learns; encoders and decoders are counts of blocks.

        All sizes are whole numbers >= 1; gated and tied are True or False.
        """
        # YOUR CODE HERE
        ...
    ''',
    hints=(
        "One decoder block more adds two attentions, one feed-forward network and three gains, whatever the vocabulary.",
        r"Queries and output: $d^2$ each. Keys and values: $d \cdot d_{\text{kv}}$ each, with $d_{\text{kv}} = d \cdot \text{kv\_heads} / \text{heads}$. "
        r"Gains: $2$ in an encoder block, $3$ in a decoder block, and $2$ at the ends.",
        "```python\nd_kv = ____\nattention = 2 * d * d + ____\nfeed = (____) * d * d_ff\ntables = (____) * n_words * d\n"
        "norms = ____\nreturn tables + (____) * attention + (____) * feed + norms * d\n```",
    ),
    parsons=("norms_after_the_stacks_forgotten", "shared_keys_counted_for_every_head"),
    why=r"""
    Every rule of the statement changes one term and leaves the others alone; that is what makes such counts easy to check. Sharing keys and values saves up to half of an attention, a gate adds half of a feed-forward network (and models usually make $d_{\text{ff}}$ smaller for it).

    **The two most common mistakes.** Forgetting the two normalisations after the stacks, which norms in front need. Letting the gate or the shared heads pass unnoticed, because the shapes of what goes in and out stay the same.

    **Cost.** None of these counts depends on the length of the texts.
    """,
    verified="seven sets of sizes, with and without gate, tied and untied, among them all ones.",
    next_thought="a gated network with two thirds of the inner width: more parameters than the plain one, fewer, or as many?",
    reference=_reference,
)

EXERCISE.probe("11 words, width 6, 2 and 3 blocks, 3 heads share 1, gated, tied", 11, 6, 13, 2, 3, 3, 1, True, True)
EXERCISE.probe("17 words, width 8, 1 and 2 blocks, 4 heads share 2, plain, untied", 17, 8, 5, 1, 2, 4, 2, False, False)
EXERCISE.probe("all ones", 1, 1, 1, 1, 1, 1, 1, False, True)
EXERCISE.probe("7 words, width 12, 5 and 1 blocks, 6 heads of each kind, gated, untied", 7, 12, 11, 5, 1, 6, 6, True, False)
EXERCISE.probe("a middle size: 32,128 words, width 768, 12 and 12 blocks", 32_128, 768, 2048, 12, 12, 12, 12, True, False)
EXERCISE.probe("3 words, width 10, 1 and 4 blocks, 5 heads share 1, plain, tied", 3, 10, 7, 1, 4, 5, 1, False, True)
EXERCISE.probe("13 words, width 4, 3 and 3 blocks, one head, gated, tied", 13, 4, 9, 3, 3, 1, 1, True, True)


@EXERCISE.solve
def count_encoder_decoder_solution(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    d_kv = d // heads * kv_heads
    attention = 2 * d * d + 2 * d * d_kv
    feed = (3 if gated else 2) * d * d_ff
    tables = (1 if tied else 2) * n_words * d
    norms = 2 * encoders + 3 * decoders + 2
    return tables + (encoders + 2 * decoders) * attention + (encoders + decoders) * feed + norms * d


@EXERCISE.mutant
def norms_after_the_stacks_forgotten(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    d_kv = d // heads * kv_heads
    attention = 2 * d * d + 2 * d * d_kv
    feed = (3 if gated else 2) * d * d_ff
    tables = (1 if tied else 2) * n_words * d
    norms = 2 * encoders + 3 * decoders
    return tables + (encoders + 2 * decoders) * attention + (encoders + decoders) * feed + norms * d


@EXERCISE.mutant
def shared_keys_counted_for_every_head(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    attention = 4 * d * d
    feed = (3 if gated else 2) * d * d_ff
    tables = (1 if tied else 2) * n_words * d
    norms = 2 * encoders + 3 * decoders + 2
    return tables + (encoders + 2 * decoders) * attention + (encoders + decoders) * feed + norms * d


@EXERCISE.mutant
def cross_attention_not_counted(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    whole = _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied)
    return whole - decoders * (2 * d * d + 2 * d * (d // heads * kv_heads))


@EXERCISE.mutant
def gate_not_counted(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    return _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, False, tied)


@EXERCISE.mutant
def tied_table_counted_twice(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    return _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, False)


@EXERCISE.mutant
def own_exit_not_counted(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    return _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, True)


@EXERCISE.mutant
def a_bias_in_every_norm(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    whole = _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied)
    return whole + (2 * encoders + 3 * decoders + 2) * d


@EXERCISE.mutant
def two_norms_in_a_decoder_block(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    return _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied) - decoders * d


@EXERCISE.mutant
def sharing_narrows_all_four(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    whole = _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied)
    return whole - (encoders + 2 * decoders) * 2 * d * (d - d // heads * kv_heads)


@EXERCISE.mutant
def feed_forward_in_the_encoder_alone(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied):
    whole = _reference(n_words, d, d_ff, encoders, decoders, heads, kv_heads, gated, tied)
    return whole - decoders * (3 if gated else 2) * d * d_ff


@EXERCISE.holds("a decoder block more adds what it holds, whatever the vocabulary")
def one_decoder_more(call):
    few, many = (float(call(v, 6, 13, 2, 4, 3, 1, True, True)) - float(call(v, 6, 13, 2, 3, 3, 1, True, True)) for v in (11, 1000))
    return None if few == many == 444 else f"it adds {text.number(few)} with 11 words and {text.number(many)} with 1000, expected 444"


@EXERCISE.holds("a word more adds d to a tied model and 2 d to an untied one")
def one_word_more(call):
    added = [float(call(12, 6, 13, 2, 3, 3, 1, True, tied)) - float(call(11, 6, 13, 2, 3, 3, 1, True, tied)) for tied in (True, False)]
    return None if added == [6, 12] else f"with d = 6 it adds {text.number(added[0])} and {text.number(added[1])}"


EXERCISE.holds("all sizes 1, plain and tied, give 24")(comes_out(24, 1, 1, 1, 1, 1, 1, 1, False, True))
