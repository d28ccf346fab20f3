"""Every mistake the checks know by name: what it is, why it is tempting, where to read, where it happened."""

from __future__ import annotations

from dataclasses import dataclass

PAGES = {
    "self_attention/scaled_dot_product": "Scaled dot-product attention",
    "self_attention/masks": "Masks",
}


@dataclass(frozen=True)
class Misconception:
    """One mistake. `threads` are public places where it was found in real code."""

    title: str
    what: str
    tempting: str
    page: str
    heading: str
    threads: tuple[str, ...] = ()

    @property
    def read(self) -> str:
        """Page and section, as a sentence."""
        heading = self.heading.replace("$\\sqrt{d_k}$", "sqrt(d_k)")
        return f'{PAGES[self.page]}, section "{heading}".'


MISCONCEPTIONS: dict[str, Misconception] = {}


def _on(page: str, heading: str):
    """A short way to add the mistakes that are explained in one section."""

    def add(name: str, title: str, what: str, tempting: str, *threads: str) -> None:
        if name in MISCONCEPTIONS:
            raise ValueError(f"two misconceptions are called {name!r}")
        MISCONCEPTIONS[name] = Misconception(title, what, tempting, page, heading, threads)

    return add


_formula = _on("self_attention/scaled_dot_product", "The mathematics")
_scale = _on("self_attention/scaled_dot_product", "Why divide by $\\sqrt{d_k}$?")
_true = _on("self_attention/scaled_dot_product", "Two things that are always true")
_wrong = _on("self_attention/scaled_dot_product", "What goes wrong")
_idea = _on("self_attention/scaled_dot_product", "The idea in 60 seconds")

_wrong("softmax_over_queries", "softmax over queries",
       "the softmax runs over the first axis, the queries, so columns add up to one and rows do not.",
       "when there are as many queries as keys every shape is the same either way.",
       "PetrochukM/PyTorch-NLP#2", "jadore801120/attention-is-all-you-need-pytorch#52")
_wrong("softmax_over_second_last_axis", "softmax over the second-last axis",
       "the softmax runs over the second-last axis, the queries, so the keys' weights do not add up to one.",
       "axis 1 is the last axis of a matrix, but no longer once a batch axis stands in front.")
_formula("softmax_over_everything", "softmax over the whole array",
         "the softmax is taken over all entries at once, so the whole array adds up to one and no single row does.",
         "max and sum without an axis give one number for the whole array, and broadcasting hides it.")
_formula("normalise_without_exp", "normalising without exponentials",
         "the scores are divided by their sum without taking exponentials first.",
         "the rows do add up to one; but scores can be negative, and a sum near zero divides by almost nothing.")
_formula("exp_without_normalise", "exponentials that are not normalised",
         "the exponentials are never divided by their sum.",
         "exponentials look like weights, since all are positive; only their sum gives it away.")
_formula("softmax_twice", "softmax twice",
         "the softmax is applied twice, so the result is much too flat.",
         "rows still add up to one and the order of the entries is kept, so most checks are content.")
_formula("sigmoid_instead", "sigmoid instead of softmax",
         "each score goes through a sigmoid of its own, so no entry depends on its neighbours.",
         "both squash a score between 0 and 1; but only the softmax makes the keys compete.")
_wrong("no_max_subtraction", "no maximum subtracted",
       "large scores overflow, because the row's maximum is not subtracted before the exponential.",
       "on small scores the result is exact, and the formula on paper has no maximum in it.")
_formula("temperature_multiplied", "temperature multiplied",
         "the scores are multiplied by the temperature where they should be divided by it.",
         "the inverse temperature is multiplied, and at temperature 1 there is no difference.")
_formula("temperature_after_softmax", "temperature after the softmax",
         "the temperature divides the result of the softmax where it should divide the scores.",
         "dividing by something makes everything smaller, which looks like flattening; but it changes no proportion.")
_formula("temperature_square_root", "square root of the temperature",
         "the scores are divided by the square root of the temperature.",
         "the scale of attention has a square root in it; a temperature has none.")
_formula("temperature_ignored", "temperature ignored",
         "the temperature has no effect on the result.",
         "the default is 1, where it makes no difference.")

_scale("no_scale", "scores not scaled",
       "the scores are not divided by sqrt(d_k).",
       "the formula works without it, and at small d_k the weights look much the same.")
_scale("divided_by_d_k", "divided by d_k",
       "the scores are divided by d_k where the square root of d_k belongs.",
       "the scores' variance is d_k, and it is easy to forget that a scale is a standard deviation.")
_scale("multiplied_by_sqrt_d_k", "multiplied by the square root of d_k",
       "the scores are multiplied by sqrt(d_k) where they should be divided by it.",
       "dividing by d_k to the power of minus one half is two minus signs: together they multiply.")
_wrong("scale_after_softmax", "scale after the softmax",
       "the weights are divided by sqrt(d_k) after the softmax, where the scores should be before it.",
       "the factors are the same and only the order differs; but a softmax forgets no factor inside it.")
_scale("scaled_by_n_keys", "divided by the square root of the number of keys",
       "the scores are divided by the square root of the number of keys, not of the width d_k.",
       "both are the last axis of something: d_k of Q, the number of keys of the scores.")
_scale("scaled_by_d_v", "divided by the square root of d_v",
       "the scores are divided by the square root of the values' width, not of the queries' and keys'.",
       "d_v and d_k are equal in most models, so nothing shows.")
_wrong("scaled_by_d_model", "divided by the square root of d_model",
       "the scores are divided by the square root of d_model, the width of X, not of d_k, the width of Q and K.",
       "with a single head as wide as the model the two are equal.",
       "lucidrains/vit-pytorch#65", "FrancescoSaverioZuppichini/ViT#1", "omihub777/ViT-CIFAR#12",
       "aladdinpersson/Machine-Learning-Collection#65")
_wrong("queries_and_keys_swapped", "queries and keys swapped",
       "queries and keys have changed places in the scores: row i should belong to query i.",
       "Q and K look alike, and with as many queries as keys all the shapes fit.")
_formula("weights_transposed", "weights transposed",
         "the weights are transposed before they meet the values.",
         "with n = m it runs; but then each key hands its weight out to the queries.")
_formula("missing_transpose", "missing transpose",
         "the scores are Q times K, without the transpose.",
         "with square Q and K the product exists, but it compares features with tokens.")
_idea("keys_used_as_values", "keys used as values",
      "the weights average the keys, where they should average the values.",
      "in the simplest examples keys and values are the same vectors.")
_formula("values_times_weights", "values times weights",
         "the values stand on the left of the weights in the last product.",
         "in column notation the values do stand on the left; here tokens are rows.")
_formula("no_softmax", "no softmax",
         "the scaled scores are used as weights as they are, without a softmax.",
         "the result has the right shape and size, and it is linear in the queries, which looks tidy.")
_idea("hard_lookup", "hard look-up",
      "each query takes the value of its best key alone, as a dictionary would.",
      "it is the limit of very large scores; but it has no gradient and ignores all other keys.")
_idea("mean_of_values", "plain mean of the values",
      "every query gets the plain mean of all values.",
      "it is what attention gives when all scores are equal; here they are not.")
_formula("weights_returned", "weights returned",
         "the attention weights come back, where the output, weights times values, is asked for.",
         "the weights are what is drawn in pictures.")
_formula("elementwise_product", "elementwise product",
         "queries and keys are multiplied entry by entry, where every query should meet every key.",
         "with n = m it runs, since * and @ look alike.")
_formula("cosine_instead_of_dot", "cosine instead of dot product",
         "queries and keys are normalised to length one first, so the scores are cosines.",
         "similarity is often a cosine; but here the length of a vector carries meaning: how sharply to look.")
