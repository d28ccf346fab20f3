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
