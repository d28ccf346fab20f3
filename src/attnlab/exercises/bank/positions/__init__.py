"""Exercises of the part on positions, and the mistakes that they know by name."""

from __future__ import annotations

from attnlab.exercises.misconceptions import page

_sinusoidal = page("positions/sinusoidal", "Sinusoidal positions")
_formula, _shift = _sinusoidal("The mathematics"), _sinusoidal("A shift is a rotation")
_adding, _sine_wrong = _sinusoidal("Adding it to the tokens"), _sinusoidal("What goes wrong")

_sine_wrong("sines_before_cosines", "all sines before all cosines",
            "the first half of the features holds sines and the second half cosines; the formula lets them alternate.",
            "it is the same set of numbers in another order, and a model trained from the start does not mind; only "
            "weights of other people do.",
            "tensorflow/tensor2tensor#1925", "allenai/allennlp#2993", "kimiyoung/transformer-xl#119")
_sine_wrong("speed_for_each_feature", "a speed of its own for each feature",
            "sine and cosine of a pair turn at different speeds, because the feature's number stands in the exponent where the "
            "pair's number should.",
            "the paper writes 2i for an even feature, and the counter of a loop over features is already 2i.",
            "jadore801120/attention-is-all-you-need-pytorch#32", "Kyubyong/transformer#38", "SamLynnEvans/Transformer#25")
_formula("base_one_thousand", "base 1,000",
         "the base is 1,000, so the slow hands turn too fast.",
         "one zero is easily lost, and every property of the signal still holds.",
         "maxjcohen/transformer#62")
_sine_wrong("multiplied_for_divided", "multiplied where it should be divided",
            "the position is multiplied by the power of the base, so the hands turn thousands of times between two positions.",
            "many programs compute the reciprocal first and do multiply; then the same line with the other operator is wrong.",
            "harvardnlp/annotated-transformer#131", "goodfire-ai/spd#88")
_formula("positions_from_one", "positions counted from one",
         "the first token stands at position 1 instead of 0.",
         "people count from one, and since a shift is a rotation hardly anything depends on it.")
_formula("sine_and_cosine_exchanged", "sine and cosine exchanged",
         "even features hold cosines and odd ones sines.",
         "both are waves of the same speed; at position 0 the difference is the plainest.")
_formula("one_speed_for_all", "one speed for all pairs",
         "all pairs turn at one radian per position, so positions that lie nearly a whole turn apart look alike.",
         "a single clock hand does tell neighbours apart.")

_shift("shifted_backwards", "turned the other way",
       "the matrix takes the signal back by the shift instead of forward.",
       "a rotation matrix is usually written for (cosine, sine), and here the sine comes first.")
_shift("one_angle_for_all", "one angle for all pairs",
       "every pair is turned by the same angle; each has a speed of its own.",
       "for the first pair it is right.")
_shift("pairs_taken_as_halves", "pairs taken from the two halves",
       "feature i is turned together with feature i + width / 2, but the pair's other number stands next to it.",
       "it is the right rotation for the layout in which all sines come first.")
_shift("pair_reflected", "reflected instead of rotated",
       "one sign is wrong, so each pair is mirrored instead of turned.",
       "both matrices hold the same four numbers.")
_shift("cosines_alone", "only cosines on the diagonal",
       "each feature is multiplied by a cosine and nothing flows between the two of a pair.",
       "for small angles the sine is small.")
_shift("shift_of_one", "a shift of one, whatever was asked",
       "the matrix always moves the signal by one position.",
       "for a shift of one it is right.")
_shift("rotation_with_sine_and_cosine_exchanged", "sine and cosine exchanged in the matrix",
       "sines stand on the diagonal and cosines beside it, which turns each pair by a quarter more.",
       "the signal itself begins with a sine.")

_adding("tokens_not_scaled", "embeddings not scaled",
        "the embeddings are not multiplied by the square root of their width before the signal is added.",
        "the factor stands in the section on embeddings, not in the one on positions.",
        "SamLynnEvans/Transformer#10")
_adding("sum_scaled", "the sum scaled",
        "the signal is multiplied by the square root of the width too; only the embeddings should be.",
        "one pair of brackets makes the difference.")
_adding("scaled_by_the_width", "scaled by the width",
        "the embeddings are multiplied by the width instead of its square root.",
        "roots are easily forgotten.")
_adding("signal_multiplied", "multiplied by the signal",
        "embedding and signal are multiplied, so wherever a sine is zero the embedding is erased.",
        "a product mixes the two as well.")
_adding("signal_appended", "the signal appended",
        "the signal is put behind the embedding as more features instead of being added.",
        "to append keeps both apart and would work too; but the model's width would no longer be that of its embeddings.")
_sine_wrong("one_position_for_all", "one position for all tokens",
            "every token gets the signal of the same position, which says nothing about their order.",
            "an index in place of a slice gives a vector, and adding a vector to every row raises no error.",
            "DiffPoseTalk/DiffPoseTalk#20")
_adding("start_ignored", "positions begin at zero again",
        "the first token given stands at position 0, though it is not the first of the text.",
        "while training it always is.")
_sine_wrong("positions_along_the_batch", "positions along the batch",
            "the first text gets position 0, the second position 1: the signal runs along the axis of texts, not of tokens.",
            "where the batch comes second in a tensor, the first axis is the right one.",
            "cmu-l3/anlp-fall2025-code#1", "AkiRusProd/numpy-transformer#1")

_relative = page("positions/relative", "Relative positions")
_rotary, _pairings = _relative("Rotary: turn queries and keys"), _relative("Two pairings, one permutation")
_linear, _bucketed = _relative("ALiBi: a slope for each head"), _relative("T5: buckets of distances")
_wrong = _relative("What goes wrong")

_wrong("pairings_mixed", "the speeds of one pairing, the rotation of the other",
       "the angles are laid out for neighbouring features and the rotation pairs the two halves, so the two of a pair turn by "
       "different angles.",
       "both halves of the code are right, each in its own convention, and at position 0 nothing turns.",
       "raiyanyahya/how-to-train-your-gpt#6")
_pairings("rotated_in_halves", "the other pairing",
          "feature i is turned together with feature i + d / 2; here neighbours form a pair.",
          "many libraries do it that way, and a model trained from the start does not mind.",
          "huggingface/transformers#25199", "karpathy/nanochat#264")
_rotary("rotated_backwards", "turned the other way",
        "every pair is turned by minus its angle.",
        "the scores of queries and keys that are both turned that way depend on the offset just as well.",
        "karpathy/nanochat#489")
_rotary("signal_added_for_rotation", "a signal added instead of a rotation",
        "the sinusoidal signal is added; rotary positions turn the vector and keep its length.",
        "the same sines and cosines appear in both.")
_rotary("rotation_with_one_wrong_sign", "one sign wrong",
        "the minus sign is missing, so pairs are stretched instead of turned.",
        "at position 0 the sine is zero and nothing shows.")
_rotary("row_numbers_for_positions", "row numbers instead of positions",
        "the rows given are taken to stand at 0, 1, 2, ..., whatever their positions are.",
        "while training that is where they stand.")

_linear("distance_rewarded", "distance rewarded",
        "the bias grows with the distance; it should fall.",
        "slope times distance is the natural way to write it, and the minus sign stands outside.")
_linear("slopes_from_one", "slopes that begin at one",
        "the first head has slope 1; the paper's sequence begins at its ratio.",
        "heads are counted from 0 in programs and from 1 in the paper.")
_linear("one_slope_for_all", "one slope for all heads",
        "all heads have the same slope, so all of them forget equally fast.",
        "for a single head there is nothing else.")
_linear("slopes_of_eight_heads", "the slopes of eight heads for any number",
        "the slopes are halved from head to head whatever the number of heads is.",
        "the example in the paper has eight heads.")
_linear("later_keys_rewarded", "signed offsets",
        "the distance has a sign, so keys after the query get a bonus.",
        "with a causal mask on top it makes no difference.")
_linear("slopes_in_harmony", "slopes 1/1, 1/2, 1/3",
        "the slopes are the reciprocals of whole numbers; they should be powers of two.",
        "one half and one quarter are in both.")

_bucketed("buckets_without_end", "no last bucket",
          "distances beyond the largest get bucket numbers that do not exist.",
          "the logarithm goes on rising.")
_bucketed("buckets_of_equal_width", "buckets of equal width",
          "the wide buckets all span the same number of distances; they should grow.",
          "it is how histograms are usually cut.")
_bucketed("no_exact_half", "no exact half",
          "the logarithm is used from the first distance on.",
          "one formula for all looks simpler.")
_bucketed("bucket_rounded", "rounded instead of cut off",
          "the bucket's number is rounded to the nearest whole number, so a bucket begins too early.",
          "rounding is the gentler way to a whole number.")
_bucketed("logarithm_from_one", "the logarithm counted from one",
          "the logarithm starts at distance 1 instead of at the first wide bucket.",
          "the largest distance still lands in the last bucket.")
_bucketed("one_bucket_too_many", "one bucket too many",
          "the last bucket has the number n instead of n - 1.",
          "n buckets are counted from 0.")

_pairings("permuted_across_heads", "permuted across heads",
          "all rows are permuted as if there were one head, so heads exchange features.",
          "with one head it is right.")
_pairings("permutation_backwards", "the permutation backwards",
          "halves were turned into neighbours instead of neighbours into halves.",
          "at a width of 2 both are the same, and a permutation is easily mistaken for its inverse.")
_pairings("columns_permuted", "columns permuted",
          "the inputs of the projection are permuted; its outputs should be.",
          "features are columns in a table of tokens, but outputs are rows of this matrix.")
_pairings("odd_features_first", "odd features first",
          "the second of each pair went to the first half, which turns every pair the other way.",
          "the pairs are the right ones.")
_pairings("left_as_it_was", "left as it was",
          "the projection was not permuted, so the other pairing turns features that do not belong together.",
          "the shapes fit, and the model still writes something.")
_pairings("heads_permuted", "heads permuted",
          "whole heads changed places instead of the features within each.",
          "the reshaped matrix has an axis for heads first.")
