"""Exercises of the part on the fundamentals of attention, and the mistakes that they know by name."""

from __future__ import annotations

from attnlab.exercises.misconceptions import page

_softmax = page("fundamentals/softmax_temperature", "Softmax and temperature")
_entropy, _jacobian = _softmax("Entropy: how undecided a row is"), _softmax("The gradient")
_calibration = _softmax("A temperature for an honest classifier")

_entropy("entropy_in_nats", "nats instead of bits",
         "the entropy is taken with the natural logarithm; bits need the logarithm to base 2.",
         "the natural logarithm is the one called log in most libraries.")
_entropy("entropy_sign_forgotten", "the minus sign of the entropy",
         "the entropy has the wrong sign; logarithms of weights are negative, and the entropy is not.",
         "the minus stands in front of the sum and is easily lost.")
_entropy("entropy_of_zero_is_nan", "zero times the logarithm of zero",
         "a weight of exactly 0 gives NaN; it must add nothing, since p log p goes to 0 with p.",
         "a softmax of ordinary scores has no zeros; masked and very cold rows do.")
_entropy("entropy_averaged", "averaged instead of summed",
         "the terms of the entropy are averaged over the keys; they already carry their weights and are summed.",
         "a mean along the last axis looks like an expectation.")
_entropy("surprise_not_weighted", "surprises not weighted",
         "the surprises, minus log p, are added up without the weights in front of them.",
         "log p is the part that one remembers.")
_entropy("entropy_over_queries", "summed over the wrong axis",
         "the terms are summed over the rows; each row is one distribution and has one entropy.",
         "with as many rows as columns the shape is the same.")
_entropy("surprise_of_the_largest", "the largest weight alone",
         "only the largest weight is looked at; the entropy is an average over all of them.",
         "when one weight dominates the two are close.")
_entropy("entropy_as_a_share", "divided by its maximum",
         "the entropy is divided by the logarithm of the number of keys, so it is a share and not a number of bits.",
         "a number between 0 and 1 is easy to read.")

_jacobian("jacobian_diagonal_only", "the diagonal alone",
          "only the diagonal of the Jacobian is used, as if each weight depended on its own score alone.",
          "for a sigmoid p(1 - p) is the whole derivative.",
          "deeplearning4j/libnd4j#440", "eriklindernoren/ML-From-Scratch#125")
_jacobian("mean_gain_not_subtracted", "nothing is subtracted",
          "each gradient is multiplied by its weight and the average is not subtracted, so the scores' gradients do not add up to zero.",
          "it is the first half of the formula, and small where the average is small.")
_jacobian("mean_gain_unweighted", "the plain mean is subtracted",
          "the plain mean of the incoming gradients is subtracted where the mean under the weights belongs.",
          "with equal weights the two means are the same.")
_jacobian("jacobian_without_outer_weight", "no weight in front",
          "the average is subtracted, but the difference is not multiplied by the weight, so keys without weight move too.",
          "subtracting the mean alone already makes a gradient that looks centred.")
_jacobian("gradient_sign_reversed", "the sign reversed",
          "every entry has the wrong sign.",
          "average minus gain and gain minus average are easily exchanged.")
_jacobian("gradient_temperature_forgotten", "no temperature in the gradient",
          "the gradient is not divided by the temperature, though the scores were.",
          "at temperature 1 nothing shows, and the weights do know the temperature.")
_jacobian("gradient_temperature_multiplied", "multiplied by the temperature",
          "the gradient is multiplied by the temperature where it should be divided by it.",
          "the way back often inverts the way forth; but the derivative of s / T is 1 / T.")
_jacobian("gradient_mixed_over_rows", "the mean over the wrong axis",
          "the average is taken over the rows; every row has a softmax of its own, and a mean of its own.",
          "with as many rows as columns every shape is the same.")

_calibration("predicted_class_scored", "the predicted class is scored",
             "the surprise of the predicted class is averaged, not that of the true label; being sure is then always rewarded.",
             "the largest probability is what is called the confidence.")
_calibration("surprise_summed", "summed over the examples",
             "the surprises are added up over the examples; they are to be averaged.",
             "the best temperature is the same either way.")
_calibration("averaged_before_the_logarithm", "averaged before the logarithm",
             "the probabilities are averaged first and the logarithm is taken of the average, which forgives single disasters.",
             "both are an average and a logarithm; the order decides who pays for a confident error.")
_calibration("logits_times_temperature", "logits multiplied by the temperature",
             "the logits are multiplied by the temperature where they should be divided by it.",
             "the inverse temperature is multiplied, and at temperature 1 there is no difference.")
_calibration("temperature_on_probabilities", "probabilities divided by the temperature",
             "the temperature divides the probabilities after the softmax; they then no longer add up to one.",
             "dividing by a larger number does make every probability smaller.")
_calibration("miss_instead_of_surprise", "one minus the probability",
             "one minus the probability of the label is averaged, where minus its logarithm belongs.",
             "both are zero for a sure and right answer; only the logarithm punishes a sure and wrong one without limit.")
_calibration("log_of_underflow", "the logarithm of zero",
             "a probability underflows to zero before its logarithm is taken, so the result is infinite.",
             "softmax and logarithm are two functions at hand; together they need the log-sum-exp.")

_maths = page("fundamentals/mathematics", "The mathematics of attention")
_scores, _kernel = _maths("Four ways to compare"), _maths("Attention as kernel regression")
_chain = _maths("The gradient, one link at a time")

_scores("additive_without_tanh", "no tanh",
        "there is no tanh between the two layers, so the score is a part from the query plus a part from the key, and the first cancels in the softmax.",
        "the shapes are right, and a linear function of both looks like a comparison.")
_scores("additive_product", "query and key multiplied",
        "the two projections are multiplied; in the additive score they are added.",
        "in all other scores query and key are multiplied.")
_scores("additive_tanh_of_the_score", "the tanh around the score",
        "the tanh is taken of the finished score, where it belongs around the hidden layer; every score then lies between -1 and 1.",
        "the formula has one tanh and one product with u, and only the order differs.")
_scores("additive_tanh_of_each", "tanh of each part by itself",
        "query and key go through a tanh of their own and are added afterwards, so they never meet inside it.",
        "each part is a layer with an activation; but a sum of two functions compares nothing.")
_scores("additive_relu", "relu in place of tanh",
        "the activation is a relu and not a tanh.",
        "it is the usual activation elsewhere; the scores are then no longer bounded.")
_scores("additive_query_left_out", "the query left out",
        "the score depends on the key alone, so all queries look at the same places.",
        "the words of a text do differ in importance, so such a model learns something.")
_scores("additive_key_left_out", "the key left out",
        "the score depends on the query alone, so the weights do not change whatever the keys hold.",
        "the query is what changes from step to step, and a network of it can still learn to prefer positions.",
        "pytorch/tutorials#87")
_scores("additive_vector_left_out", "hidden units summed without u",
        "the hidden units are added up; each should be multiplied by its entry of u first.",
        "with u all ones it is the same.")
_scores("additive_keys_as_rows", "scores transposed",
        "rows belong to keys and columns to queries.",
        "with as many queries as keys all the shapes fit.")

_kernel("kernel_distance_not_squared", "the distance is not squared",
        "the exponent holds the distance and not its square, which is another kernel, with a spike at the key.",
        "a distance is what one thinks of first.")
_kernel("kernel_half_forgotten", "the factor one half",
        "the squared distance is not halved, so the bump is narrower than its width says.",
        "a different width repairs it, so the curve looks right.")
_kernel("kernel_width_not_squared", "the width is not squared",
        "the squared distance is divided by the width and not by its square.",
        "at width 1 nothing shows.")
_kernel("kernel_sign_forgotten", "the minus sign",
        "the exponent has the wrong sign, so the farthest key gets the most weight.",
        "scores are usually better the larger they are; a distance is the other way round.")
_kernel("kernel_not_normalised", "bumps that are not divided by their sum",
        "the values are added up with the bumps themselves as weights, which do not add up to one.",
        "a sum of bumps is how a density is estimated; a regression divides by it.")
_kernel("kernel_normalised_over_queries", "divided by the sum over queries",
        "the bumps are divided by their sum over the queries; each query's weights must add up to one over the keys.",
        "with as many queries as keys the shape is the same.")
_kernel("kernel_dot_product", "a dot product in place of a distance",
        "query and key are compared by their dot product, which is the same only where all keys have one norm.",
        "for keys of one norm it is exactly right.")
_kernel("kernel_nearest_only", "the nearest key alone",
        "each query takes the value of its nearest key.",
        "it is the limit of a very small width.")

_chain("chain_softmax_skipped", "the softmax is skipped",
       "the gradient of the weights is used as that of the scores, as if there were no softmax between them.",
       "the softmax has no parameters, and it is easy to think that nothing happens in it.")
_chain("chain_scale_forgotten", "the scale forgotten on the way back",
       "the scores were divided by the square root of the width, and their gradient is not.",
       "a constant factor points in the same direction, so training still works.")
_chain("chain_scale_twice", "the scale applied twice",
       "the gradient is divided by the square root of the width twice.",
       "it appears in the weights and in the gradient, and each place is right by itself.")
_chain("chain_values_for_keys", "values where the keys belong",
       "the last step multiplies by the values; a score's derivative with respect to the query is its key.",
       "the values were needed one line above.")
_chain("chain_ends_at_the_keys", "the weights themselves multiply the keys",
       "the weighted mean of the keys is returned; the loss's gradient does not appear in it.",
       "it looks like the forward pass with the keys as values.")

_scratch = page("fundamentals/from_scratch", "Attention from scratch")
_way_back, _checked = _scratch("The way back"), _scratch("Is the gradient right?")

_way_back("linear_first_example_only", "the first example alone",
          "only the first example of the batch reaches the weights' gradient; all of them used the same weights.",
          "for a batch of one it is right.")
_way_back("linear_averaged_over_the_batch", "averaged over the batch",
          "the examples' contributions to the weights' gradient are averaged; a gradient adds them up.",
          "the loss itself is often a mean, but then its gradient already carries that factor.")
_way_back("linear_gradient_transposed", "the weights' gradient transposed",
          "the gradient of the weights comes out transposed.",
          "for square weights the shape is the same.")
_way_back("linear_weights_not_transposed", "weights not transposed on the way back",
          "the gradient goes back through the weights themselves and not through their transpose.",
          "for square weights the product exists.")
_way_back("linear_gradient_of_the_output_passed_on", "the weights left out",
          "the output's gradient is handed on as it is, as if the layer did not change the direction.",
          "with the identity as weights it is right.")
_way_back("linear_input_left_out", "the input left out",
          "the weights' gradient is the sum of the output's gradients alone; each must be multiplied by the input that it met.",
          "that is the gradient of a bias.")
_way_back("roads_values_only", "the values' road alone",
          "only the road through the values is followed; a token acts through its query and its key as well.",
          "the values are what reaches the output, so that road is the easiest to see.")
_way_back("roads_key_forgotten", "the road through the key is missing",
          "the roads through query and value are there, the one through the key is missing.",
          "a token's key acts on what *others* see, not on its own output.")
_way_back("roads_averaged", "roads averaged",
          "the three roads are averaged; contributions along different roads add up.",
          "three terms of equal size suggest a mean.")
_way_back("roads_sums_multiplied", "sums before products",
          "the gradients are added up first and then meet the sum of the weights, which mixes each road with the other two.",
          "with equal weights the direction is nearly the same.")
_way_back("roads_weights_exchanged", "query's and key's weights exchanged",
          "the query's gradient goes back through the key's weights, and the other way round.",
          "both have the same shape.")
_way_back("roads_not_transposed", "three roads, none transposed",
          "each gradient is multiplied by its weights and not by their transpose.",
          "for square weights all the products exist.")
_way_back("roads_one_matrix", "one matrix for all three",
          "all three gradients go back through the query's weights.",
          "copying a line three times and changing it twice is how such code is written.")

_checked("difference_one_sided", "a one-sided difference",
         "the slope is measured to one side only, so its error shrinks with the step and not with its square.",
         "it is the definition of the derivative as it is first taught.")
_checked("difference_width_forgotten", "divided by one step instead of two",
         "the two points are two steps apart, and the difference is divided by one.",
         "one step up, one step down: one step.")
_checked("difference_all_at_once", "all entries moved at once",
         "all entries are moved together, so one number comes out where one for each entry is asked.",
         "adding a number to an array moves all of it.")
_checked("difference_not_undone", "the step is not undone",
         "an entry is moved and stays moved while the next ones are measured.",
         "the error is of the size of the step, and small steps hide it.")
_checked("difference_sign_reversed", "down minus up",
         "the values are subtracted in the wrong order.",
         "which of the two came first is easily exchanged.")
_checked("difference_not_divided", "the difference alone",
         "the difference of the values is not divided by the distance of the points.",
         "the difference is what one sees change.")
_checked("difference_of_the_neighbours", "the next entry is moved",
         "each slope stands one place away from where it belongs.",
         "counting from one and from zero.")

_set = page("fundamentals/problems", "Problems")
_first, _second = _set("First set"), _set("Second set")

_first("pairs_read_backwards", "pairs read backwards",
       "columns are divided by their sums instead of rows, which predicts the sign before from the one after.",
       "with as many signs before as after the table is square, and either sum fits.")
_first("surprise_not_exponentiated", "the surprise itself",
       "the average surprise comes back; its exponential is the perplexity.",
       "the loss of a model is this number, and both measure the same thing.")
_first("probabilities_averaged", "probabilities averaged",
       "the probabilities are averaged, where their logarithms should be, so single disasters are forgiven.",
       "one over the average probability sounds like a number of choices.")
_first("nothing_added_to_the_counts", "nothing added to the counts",
       "a pair that was never counted is impossible, so one such pair makes the perplexity infinite.",
       "counting and dividing is the whole model, it seems.")
_first("added_ones_not_in_the_sum", "the added ones are missing in the sum",
       "rows are divided by the counts before one was added to each, so probabilities add up to more than one.",
       "the number of times that a sign was seen has not changed.")
_first("first_sign_counted", "divided by the number of signs",
       "the surprises are divided by the length of the text; the first sign is not predicted, so there is one less.",
       "a text of that length is what is being measured.")
_first("own_text_counted", "its own text counted",
       "the pairs are counted in the text that is to be predicted, which is looking up the answers.",
       "both are arrays of signs, and their names are close.")
_first("base_of_the_logarithm_mixed", "two bases mixed",
       "surprises in natural logarithms are raised as powers of two.",
       "perplexity is often written as two to the power of an entropy, which is then in bits.")
_first("signs_counted_alone", "signs counted alone",
       "each sign is predicted by its own frequency, whatever stands before it.",
       "frequencies are the simplest model of a language.")

_second("point_sees_itself", "the point predicts itself",
        "the point that is to be predicted stays among the known ones, so narrow widths look perfect.",
        "that is how a fit is usually drawn.")
_second("left_out_after_dividing", "left out after dividing",
        "the point's own weight is removed after the division, so the others add up to less than one.",
        "removing a weight and removing a point sound alike.")
_second("diagonal_score_set_to_zero", "a low score instead of none",
        "the point's own score is set to an ordinary number, so it keeps a weight.",
        "a masked score must be set to something, and minus infinity looks extreme.")
_second("squared_errors_summed", "errors summed",
        "the squared errors are summed, where their mean is asked for.",
        "for choosing a width the two agree.")
_second("errors_not_squared", "absolute errors",
        "the errors are taken in absolute value and not squared.",
        "both are measures of size.")
_second("root_of_the_mean", "a root too many",
        "the root of the mean squared error is returned.",
        "it has the unit of the values.")

_second("searched_the_wrong_way", "the wrong half kept",
        "the half that cannot hold the answer is kept, so the search ends at a border.",
        "which way the entropy moves with the temperature is easily mistaken.")
_second("bits_compared_with_nats", "nats compared with bits",
        "the entropy is computed with natural logarithms and compared with a number of bits.",
        "the natural logarithm is the one called log in most libraries.")
_second("inverse_temperature_returned", "one over the temperature",
        "one over the temperature is returned.",
        "the scores are multiplied by it, and some texts call that number the temperature.")
_second("interval_too_narrow", "searched between 0 and 1 only",
        "temperatures above 1 are never tried.",
        "in most uses the temperature is below 1.")
_second("halved_too_few_times", "too few halvings",
        "the interval is halved so seldom that only the first digits can be right.",
        "six halvings are a factor of 64, which sounds like plenty.")
_second("logarithm_returned", "the logarithm of the temperature",
        "the search runs over the logarithm, and the logarithm is what comes back.",
        "it is the variable of the loop.")
_second("number_of_keys_for_bits", "a number of keys for bits",
        "two to the power of the entropy, the number of equally weighted keys, is compared with the bits.",
        "both answer the question how undecided a row is.")
_second("share_of_the_maximum", "a share of the largest entropy",
        "the entropy is divided by its maximum and compared with another share.",
        "shares are comparable between rows of different lengths.")

_intuition = page("fundamentals/intuition", "Intuition")
_one_vector, _looking_back = _intuition("One vector for everything"), _intuition("Looking back")
_crossing, _read_wrongly = _intuition("An alignment that crosses"), _intuition("What goes wrong")

_read_wrongly("reader_reads_the_padding", "padding is read as if it were words",
              "the state is taken from the last column, so a short text has gone on reading padding after its last word.",
              "with texts of one length it is right, and padding looks like one more word.",
              "pytorch/tutorials#3643", "tensorflow/tensorflow#1228")
_one_vector("reader_state_left_out", "the state before is left out",
            "each state is made from its word alone, so only the last word of a text has any influence.",
            "the line still has a tanh, a product and the right shape.")
_one_vector("reader_one_word_short", "one word too early",
            "the state returned is the one before the last real word.",
            "the word with index length does not exist, and one is easily subtracted twice.")
_read_wrongly("reader_zeroed_at_padding", "the state is wiped out at the padding",
              "the state is set to zero where a text has ended, so all short texts end in zeros.",
              "multiplying by the mask is how padding is removed from a sum.")
_one_vector("reader_mean_of_the_states", "the mean of the states",
            "the mean of all states is returned; asked for is the last one.",
            "a mean is a vector of fixed size, too, and many classifiers use it.")
_one_vector("reader_without_tanh", "no tanh",
            "the tanh is left out, so the states are a sum and may grow without end.",
            "the products are the part that one remembers.")
_one_vector("reader_backwards", "read from the end",
            "the words are read from the last to the first.",
            "a reader from the right exists, too: an encoder often has one of each.")
_read_wrongly("reader_all_as_long_as_the_first", "one length for all",
              "every text is taken to be as long as the first one.",
              "with equal lengths nothing shows.")

_read_wrongly("look_at_padding_too", "padding is looked at",
              "padding takes part in the softmax and gets weight.",
              "the sums are right, the shapes are right, and the model trains.",
              "tensorflow/tensorflow#512", "MaximumEntropy/Seq2Seq-PyTorch#6", "facebookresearch/fairseq-lua#82")
_read_wrongly("look_mask_after_softmax", "hidden after the softmax",
              "the padding's weights are set to zero after the softmax, so the remaining ones add up to less than one.",
              "the padding does get weight 0, which is what was asked for.")
_read_wrongly("look_padding_scores_zero", "a score of zero for padding",
              "the padding's scores are set to 0, and a score of 0 has the weight of any other middling score.",
              "zero looks like nothing, but the exponential of 0 is 1.")
_read_wrongly("look_softmax_over_steps", "softmax over the steps",
              "the softmax runs over the steps of the decoder; each step's weights must add up to one over the words.",
              "with as many steps as words every shape is the same.",
              "PetrochukM/PyTorch-NLP#2")
_looking_back("look_at_the_best_only", "the best word alone",
              "each step takes the state of the word with the highest score; asked for is a weighted mean.",
              "when one weight dominates the two are close, but a choice has no gradient.")
_looking_back("look_once_for_all_steps", "one look for all steps",
              "the scores are averaged over the steps, so every step gets the same context.",
              "one context is what a decoder without attention has.")
_looking_back("look_one_word_too_far", "one place too many",
              "the first place behind the text is looked at as well.",
              "counting from one and from zero.")
_looking_back("look_with_equal_weights", "equal weights",
              "the scores are not used: every word gets the same weight.",
              "it is what an untrained model does.")

_crossing("cross_ties_counted", "the same word twice is counted",
          "two steps that look at the same word are counted as a crossing; their lines meet and do not cross.",
          "larger-or-equal and larger are one character apart.")
_crossing("cross_neighbours_only", "neighbours only",
          "only steps that follow each other are compared; lines further apart cross as well.",
          "for two words that change places it is right.")
_crossing("cross_counted_twice", "every pair twice",
          "each crossing is counted once from either side.",
          "comparing all with all is the shortest loop.")
_crossing("cross_same_order_counted", "pairs in the same order",
          "the pairs that keep their order are counted.",
          "for a sequence with as many of each nothing shows.")
_crossing("cross_read_along_the_steps", "read along the wrong axis",
          "for each word of the source the step that looks at it most is taken; asked for is the word each step looks at.",
          "for a table with one large weight in each row and column the counts are equal.")
_crossing("cross_off_the_diagonal", "off the diagonal",
          "the steps that do not look at the word of their own number are counted.",
          "a diagonal gives 0 both ways, but a shift is no crossing.")
_crossing("cross_smallest_weight", "the smallest weight",
          "each step is given the word that it looks at least.",
          "argmin and argmax are neighbours.")
