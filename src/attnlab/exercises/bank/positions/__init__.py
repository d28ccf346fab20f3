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

_learned = page("positions/learned", "Learned positions")
_row, _moves, _stretch = _learned("What a row learns from"), _learned("Padding moves tokens"), _learned("Stretching a table")
_learned_wrong = _learned("What goes wrong")

_row("repeated_rows_once", "a repeated row counted once",
     "a row that several tokens used gets the gradient of only one of them.",
     "adding to an indexed array looks like a sum, but NumPy writes each row once.")
_row("averaged_over_visits", "the mean over the uses of a row",
     "the gradients of a row's uses are averaged; they have to be added.",
     "the loss is often a mean over tokens, but then that division has already happened.")
_row("column_for_position", "the column taken for the position",
     "gradients go to the row of the token's column in the batch, not to the row it was given.",
     "without padding the two are the same number.")
_row("first_text_alone", "one text of the batch alone",
     "only part of the batch reaches the table.",
     "for a batch of one text there is nothing else.")
_row("divided_by_the_batch", "divided by the number of tokens",
     "the sum is divided by the size of the batch once more.",
     "a mean loss has such a factor, but it is already in the gradients that arrive.")
_row("gradient_to_every_row", "every row gets everything",
     "all rows get the sum over all tokens, also those that nobody used.",
     "that is the right gradient for a bias, which every token uses.")

_moves("columns_numbered", "columns of the batch numbered",
       "padding is counted as if it were text, so a text padded on the left begins late.",
       "for padding on the right the real tokens come out right.",
       "huggingface/transformers#3021", "ndif-team/nnsight#673")
_moves("ids_from_one", "the first token at position one",
       "the first real token gets the position 1.",
       "a running sum includes the token itself.")
_moves("ids_down_the_batch", "counted down the batch",
       "tokens are counted from text to text instead of along each text.",
       "the first axis is the natural one to sum along.")
_moves("ids_from_the_end", "counted from the end",
       "positions fall along the text, the last token standing at 0.",
       "the newest token is the one that matters in generation.")
_moves("padding_below_zero", "padding left as the sum has it",
       "padding gets -1, or the number of the last token.",
       "padding is masked, so its position seems not to matter; but a table is still asked for that row.")
_learned_wrong("ids_behind_the_padding_row", "an offset for the padding row",
               "positions begin at 2, as in models that keep rows 0 and 1 of the table for padding.",
               "RoBERTa does it, and its weights need it.",
               "huggingface/transformers#1363", "rinnakk/japanese-pretrained-models#3")

_stretch("nearest_row_taken", "the nearest row instead of a mixture",
         "each new place takes over the row of the nearest old one.",
         "at the old places the two agree.")
_stretch("class_row_stretched", "the special rows stretched along",
         "rows that belong to no place were mixed with their neighbours.",
         "they stand in the same table.",
         "google-research/vision_transformer#317")
_stretch("class_row_lost", "the special rows lost",
         "the rows of the special tokens are missing from the result.",
         "they were set aside before the stretching and must be put back.")
_stretch("shares_exchanged", "the shares exchanged",
         "the further of two rows has the larger share.",
         "half-way between two rows it makes no difference.")
_stretch("zeros_for_new_rows", "zeros for the new rows",
         "new places got rows of zeros and the old rows kept their numbers.",
         "it is what a longer text needs if training goes on; for a finer grid the places mean something else.")
_stretch("cell_centres", "cells instead of end points",
         "places are taken as centres of equal cells, so the first and last row move.",
         "it is the usual convention for the pixels of a picture.")

_guide = page("positions/guide", "Choosing and building")
_by_place, _unseen = _guide("The experiment"), _guide("Angles never seen")
_scalings = _guide("The other scalings")

_by_place("loss_up_to_there", "the loss up to there",
          "each range begins at position 0, so early positions are counted again in every range.",
          "the loss of a text of that length is what is usually printed.")
_by_place("edge_counted_twice", "edges counted twice",
          "the position at an edge belongs to both of its ranges.",
          "in words, from 64 to 128 includes both.")
_by_place("losses_summed", "summed instead of averaged",
          "losses are added up, so wide ranges look worse.",
          "the total loss of a text is a sum.")
_by_place("last_place_alone", "the last position alone",
          "only the last position of each range is looked at.",
          "it is the one with the longest context.")
_by_place("texts_for_places", "texts for positions",
          "ranges were cut from the texts, not from the positions.",
          "the first axis is the one that plain slicing cuts.")
_by_place("perplexity_for_loss", "perplexity for loss",
          "the exponential of the loss was returned.",
          "papers on long texts often print perplexities.")

_unseen("half_a_turn_is_enough", "half a turn taken for all directions",
        "a pair that came half way round is taken to have met every direction.",
        "cosines repeat after half a turn but for their sign.")
_unseen("angles_in_degrees", "radians taken for degrees",
        "the angle in radians is compared with 360.",
        "a full turn is 360 in everyday life.")
_unseen("seen_for_unseen", "the answer turned round",
        "pairs that had been everywhere are marked, and those that had not are not.",
        "the question asks for what is missing.")
_unseen("new_length_judged_alone", "the long text judged alone",
        "only pairs that do not come round in the long text are marked; one that first comes round there met new directions too.",
        "in a text only a little longer the two agree.")
_unseen("every_pair_of_a_longer_text", "every pair of a longer text",
        "all pairs are marked as soon as the text is longer; the fast ones have been everywhere.",
        "all angles do become larger.")
_unseen("length_forgotten", "the text's length forgotten",
        "pairs are marked even if the text is no longer than those of the training.",
        "the marked pairs are the right ones for a long text.")

_scalings("bands_exchanged", "the bands exchanged",
          "fast pairs are interpolated and slow ones are left alone.",
          "both shares add up to one, and either can be called the share that is kept.")
_scalings("full_turns_forgotten", "radians taken for turns",
          "the number of turns was not divided by a full turn, so the borders lie too low by a factor of six.",
          "speed times length is an angle, and an angle looks like a count.")
_scalings("ramp_left_out", "no ramp",
          "pairs jump from interpolated to kept at one border.",
          "the two bands are the idea, and the ramp between looks like a detail.")
_scalings("every_pair_interpolated", "every pair interpolated",
          "all speeds are divided by the factor, the fast ones too, so neighbours can hardly be told apart.",
          "it is the simplest scaling, and it was the first.")
_scalings("slow_pairs_sped_up", "slow pairs sped up",
          "slow speeds are multiplied by the factor.",
          "positions shrink, wavelengths grow and speeds fall: one of the three is easily turned round.")
_scalings("ramp_not_cut_off", "a ramp without ends",
          "the share that is kept leaves the range from 0 to 1, so fast pairs become faster and slow ones turn back.",
          "between the borders it is right.")
_scalings("ramp_in_wavelengths", "a ramp in wavelengths",
          "the share grows in proportion to the wavelength; it should follow the number of turns.",
          "the borders are often given as wavelengths, and at both of them the two ramps agree.")

PROBLEMS = page("positions/problems", "Problems")
_sentence = _relative("The mathematics")

_sentence("small_shift_only", "one small shift",
          "positions are raised by 1 only, so a scheme that is cut off further on is accepted.",
          "most mistakes show at once.")
_sentence("round_shift_only", "one round shift",
          "positions are raised by a round number only, so a scheme that repeats every ten positions is accepted.",
          "a large shift seems to be the hardest test.")
_sentence("never_moved", "nothing moved",
          "the same positions are tried twice, and every scheme agrees with itself.",
          "it does find random results.")
_sentence("keys_moved_alone", "keys moved alone",
          "only the keys are moved, which changes every offset.",
          "an offset is a difference, and to change it seems to be the point.")
_sentence("honest_rounding_rejected", "equal to the last bit",
          "scores are compared without any tolerance, so honest rounding counts as a mistake.",
          "in exact arithmetic they are equal.")
_sentence("symmetry_demanded", "symmetry demanded",
          "scores must be the same before and after the diagonal, which no relative scheme promises.",
          "a distance has no direction; an offset has.")
_sentence("rows_all_alike", "contents forgotten",
          "all scores along a diagonal must be equal, though the tokens there differ.",
          "for the positional part alone it is the right test.")

_rotary("rows_for_both", "rows for both halves",
        "both halves are turned by the row, and the column is ignored.",
        "for patches of one column it is right.")
_rotary("rows_and_columns_exchanged", "rows and columns exchanged",
        "the first half is turned by the column and the second by the row.",
        "across comes before down when we give coordinates of a picture.")
_rotary("patches_in_reading_order", "patches in reading order",
        "patches are numbered like words, so the patch below is a whole row away.",
        "it is what a sequence of patches looks like to a program.")
_rotary("row_plus_column", "row plus column",
        "every pair is turned by the sum of both, so one step down equals one step right.",
        "to turn by the row and then by the column sounds like two things, but rotations of one pair add up.")
_rotary("speeds_of_the_whole_width", "speeds spread over both halves",
        "the first half has the fast speeds of the whole width and the second half the slow ones.",
        "the speeds of a head are usually made once.")
_rotary("directions_take_turns", "directions take turns",
        "even pairs are turned by the row and odd ones by the column.",
        "it treats both directions alike, and is used too; it is another agreement.")

_linear("cached_queries_at_zero", "queries begin at zero again",
        "the newest tokens are taken to stand at the beginning of the text, so most keys look like the future.",
        "without a cache they do stand there.",
        "ml-explore/mlx-lm#93")
_linear("bias_scaled_too", "the bias scaled too",
        "the bias is divided by the square root of the width together with the scores.",
        "it is added to the scores, and scores are scaled.")
_linear("future_kept_in_view", "a wrong end of the text in view",
        "keys are hidden or shown that should not be: the mask does not end at each query's own key.",
        "the bias already keeps far keys small.")
_linear("slope_forgotten", "no bias",
        "scores know nothing of distance.",
        "the shapes are all right without it.")
_linear("bias_after_the_softmax", "the bias after the softmax",
        "the bias is taken off the weights instead of the scores, so weights become negative.",
        "both are tables of the same shape.")
_linear("scores_left_unscaled", "scores not scaled",
        "the products of queries and keys are not divided by the square root of the width.",
        "the slopes would work at any scale of the scores.")
