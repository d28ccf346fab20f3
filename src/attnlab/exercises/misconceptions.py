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


def page(path: str, title: str):
    """For the folders of the bank: name a page, get the short way to add the mistakes explained in its sections."""
    PAGES[path] = title
    return lambda heading: _on(path, heading)


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
_formula("keys_from_query_weights", "one projection for queries and keys",
         "queries and keys come from the same weight matrix, so the scores are symmetric.",
         "both are projections of the same tokens, and the shapes agree.")
_formula("values_not_projected", "values not projected",
         "the tokens themselves are averaged, where their projections by w_v should be.",
         "in pictures the values are often drawn as the words themselves.")
_formula("only_values_projected", "queries and keys not projected",
         "the scores compare the tokens themselves, without w_q and w_k.",
         "the product of X with itself has the right shape, and it is a similarity.")
_formula("nothing_projected", "no projection at all",
         "the three weight matrices are not used.",
         "attention of X with itself runs, and it is what the simplest examples show.")
_formula("weight_matrices_transposed", "weight matrices transposed",
         "the tokens are multiplied by the transposed weight matrices.",
         "in column notation the matrix stands on the left; and linear layers in libraries store it transposed.")

_scale("variances_ignored", "variances ignored",
       "the variances of the components make no difference to your factor.",
       "1 / sqrt(d_k) is the formula everybody remembers; it assumes that both variances are 1.")
_scale("divided_by_the_variance", "variance for standard deviation",
       "your factor divides by the variance of the score, where its square root belongs.",
       "the variance is what the derivation ends with; but a factor c changes a variance by c squared.")
_scale("divisor_for_factor", "divisor for factor",
       "the number by which to divide comes back, where the number by which to multiply is asked for.",
       "the formula is usually written as a division.")
_scale("variance_for_factor", "variance returned",
       "the variance of the raw score comes back, not the factor that would bring it to 1.",
       "it is the number the derivation ends with.")
_scale("variance_of_a_sum", "variances added",
       "the two variances are added, as for a sum; a score is made of products.",
       "variances of independent terms do add up, over the d_k terms of the dot product.")
_scale("variances_taken_for_deviations", "variances taken for standard deviations",
       "the variances stand outside the square root, as if they were standard deviations.",
       "with variances of 1 it makes no difference.")
_scale("width_forgotten", "width forgotten",
       "the number of components makes no difference to your factor.",
       "each single product has been brought to variance 1; but a score adds up d_k of them.")
_scale("scale_as_unit_length", "scale taken for unit length",
       "your factor makes vectors of typical length into unit vectors, so the scores become cosines of size 1 / sqrt(d_k).",
       "sqrt(d_k) is the typical length of a vector, so the scale looks like a normalisation; it sets a variance.")

_wrong("shapes_as_evidence", "nothing found",
       "your function finds all five cases correct, so what it looks at is the same in all of them.",
       "shapes, means and an exact comparison of rounded numbers feel like tests, but cannot tell these cases apart.")
_wrong("row_sums_as_evidence", "row sums taken as evidence",
       "the verdict rests on the row sums, which only one of the bugs disturbs.",
       "rows that add up to one are the best-known property of attention weights.")
_wrong("largest_weight_as_evidence", "largest weight taken as evidence",
       "the verdict rests on where each row is largest, and that survives a missing scale and a second softmax.",
       "it is what one sees in a picture of the weights.")
_wrong("transpose_for_swap", "wrong axis and swap confused",
       "the verdicts \"wrong axis\" and \"swapped\" are exchanged.",
       "both have to do with a transpose; but only swapped weights have rows that add up to one.")
_wrong("scale_not_suspected", "missing scale not suspected",
       "weights without the scale are found correct.",
       "they have the same order in every row and look plausible, only sharper.")
_wrong("softmax_twice_not_suspected", "second softmax not suspected",
       "weights after a second softmax are found correct.",
       "they have the same order in every row and look plausible, only flatter.")

_scale("scale_forgotten", "scale not counted in",
       "your scores are large enough for few tokens, but the scale divides them by sqrt(d_k), which grows with your width.",
       "with 5 tokens it works.")
_formula("next_token_instead", "one token ahead",
         "every token looks at the one after it.",
         "a shift by one goes either way, and rows and columns are easily confused.")
_formula("itself_instead", "every token looks at itself",
         "every token looks at itself.",
         "equal queries and keys match best, so this is what comes out without a shift.")
_scale("one_hot_too_small", "scores too small",
       "the right key has the largest score, but it is so small that the weights stay almost equal.",
       "in a dictionary the best match wins outright; a softmax must be convinced by a margin.")
_formula("position_as_a_number", "position as one number",
         "with the position as a single number, the largest key wins every time, not the nearest.",
         "a position is a number; but a dot product of numbers rewards size, not closeness.")

_align = _on("self_attention/masks", "Fewer queries than keys")
_maths = _on("self_attention/masks", "The mathematics")
_rules = _on("self_attention/masks", "Four permissions, pictured")
_places = _on("self_attention/masks", "Masks as functions of positions")
_leak = _on("self_attention/masks", "How to see a leak")
_pad = _on("self_attention/masks", "Padding, and broadcasting over a batch")
_dead = _on("self_attention/masks", "A query with nothing to look at")
_slips = _on("self_attention/masks", "What goes wrong")

_align("top_left_causal", "mask aligned at the top left",
       "the first query is aligned with the first key, where the last query belongs to the last key.",
       "with as many queries as keys the two are the same, and a flag of PyTorch does it this way.",
       "pytorch/pytorch#144858", "pytorch/pytorch#103082", "pytorch/pytorch#108108", "pytorch/pytorch#110144")
_rules("self_excluded", "self excluded",
       "a token may not look at itself: the diagonal is missing.",
       "\"only the past\" sounds as if the present were excluded; the first token then sees nothing.")
_leak("sees_the_next_token", "one token of the future",
      "every query sees one key too many: the next token.",
      "a triangle is easily off by one, and a model trained this way has a splendid loss.")
_slips("mask_inverted", "mask inverted",
       "the mask is upside down: what should be seen is hidden, and what should be hidden is seen.",
       "some libraries say True for \"may look\", others for \"must not\"; here True may look.",
       "lucidrains/x-transformers#164", "rasbt/LLMs-from-scratch#1061", "huggingface/transformers#38094")
_leak("looks_at_the_future", "looking ahead",
      "every query sees itself and the future, where it should see itself and the past.",
      "upper and lower triangle are easily exchanged: rows ask, columns are asked.")
_leak("no_mask", "no mask",
      "nothing is masked: future and forbidden keys are seen like all others.",
      "the shapes fit, and the training loss even looks better.")
_maths("mask_axes_swapped", "rows and columns of the mask exchanged",
       "rows and columns of the mask have changed places: rows ask, columns are asked.",
       "a square mask fits both ways.")
_slips("mask_of_numbers", "a mask of numbers",
       "the pattern is right, but the table holds numbers; a mask in this course is boolean.",
       "0 and 1 look like False and True, until somebody adds them to the scores.",
       "pytorch/pytorch#21518")
_maths("additive_mask", "a table to add",
       "the table holds 0 and minus infinity, to be added to the scores; asked for is a boolean mask.",
       "it is the second form of the formula, and some libraries want it.")

_pad("one_key_too_many", "one padding token seen",
     "every text shows one key too many: the first padding token.",
     "a length of 3 means the keys 0, 1 and 2; the key number 3 is already padding.")
_pad("one_key_too_few", "last token hidden",
     "every text hides its last token.",
     "an offset by one is easily made twice.")
_pad("padding_in_front", "padding expected in front",
     "the front of every text is hidden, as if the padding stood there.",
     "when generating, texts are often padded in front; here they are padded behind.")
_pad("padding_on_queries", "padding on the queries",
     "the padded queries are masked, not the padded keys.",
     "the table is right, only its axis is wrong; the real tokens still read the padding.")
_pad("padding_on_both", "padding on queries and keys",
     "padded queries are masked together with padded keys, so their rows see nothing.",
     "it looks thorough; but the outputs of padding are thrown away anyway, and dead rows invite NaN.")
_pad("no_query_axis", "query axis missing",
     "the axis for the queries is missing, so the batch will be taken for the queries.",
     "one row for each text is a natural table; wherever batch and queries agree in number, nothing complains.")
_slips("first_text_for_all", "first text's mask for all",
       "every text gets the padding mask of text 0.",
       "with one text, or texts of one length, it is right.",
       "line/lighthouse#77")
_pad("longest_text_for_all", "longest text's mask for all",
     "every text gets the padding mask of the longest one.",
     "the longest text decides how wide the batch is.")

_slips("mask_after_softmax", "mask after the softmax",
       "the mask is applied to the weights after the softmax, so rows no longer add up to one.",
       "the forbidden weights are zero as they should be; but the others were divided by a sum that still counted them.",
       "lucidrains/memory-compressed-attention#2", "huggingface/pytorch-image-models#2236")
_slips("scores_times_mask", "scores multiplied by the mask",
       "forbidden scores become 0, not minus infinity, so forbidden keys keep a weight.",
       "multiplying by 0 removes things elsewhere; but the exponential of 0 is 1.")
_slips("mask_added_as_numbers", "0 and 1 added to the scores",
       "the mask is added to the scores as 0 and 1, which forbids nothing.",
       "masks are added in some libraries, but those hold 0 and minus infinity.",
       "pytorch/pytorch#21518")
_maths("filled_with_minus_one", "filled with minus one",
       "forbidden scores are set to -1, which is an ordinary score.",
       "it is below most scores in a small example.")
_maths("filled_with_plus_infinity", "filled with plus infinity",
       "forbidden scores are set to plus infinity, where minus infinity belongs.",
       "two minus signs in a row are easily one too many.",
       "lucidrains/memory-compressed-attention#2")
_maths("infinity_times_zero", "infinity times zero",
       "minus infinity is multiplied by 0 where nothing is masked, and that is NaN.",
       "one formula for both cases looks elegant, and with -1e9 in place of infinity it works.")
_maths("renormalised_over_everything", "renormalised over the whole table",
       "the permitted weights are divided by the sum of the whole table, not of their row.",
       "a sum without an axis gives one number, and broadcasting hides it.")
_dead("dead_row_is_nan", "a row without keys is NaN",
      "a query that may look at nothing gets NaN.",
      "the plain softmax is right for every row that has a key; a row of minus infinity is 0 / 0.",
      "pytorch/pytorch#103963", "pytorch/pytorch#160064", "pytorch/pytorch#103749")
_dead("dead_row_is_the_mean", "a row without keys gets the mean",
      "a query that may look at nothing gets the average of all it must not see.",
      "a large negative number works like minus infinity until all scores of a row are equal to it.",
      "facebookresearch/fairseq#3575")
_slips("first_mask_for_all", "first mask for the whole batch",
       "every item of the batch uses the mask of item 0.",
       "with a batch of one nobody notices.",
       "line/lighthouse#77")

_rules("window_one_too_wide", "window one too wide",
       "the window holds one key too many.",
       "the query's own position counts as one of the window's keys.")
_rules("window_one_too_narrow", "window one too narrow",
       "the window holds one key too few.",
       "a size of 3 means the distances 0, 1 and 2.")
_leak("window_on_both_sides", "window on both sides",
      "the window opens to the future as well.",
      "the distance without its sign is symmetric, and encoders do use such windows.")
_rules("window_without_far_end", "window without an end",
       "the whole past is visible: the window's size has no effect.",
       "one of the two conditions is enough to make it causal.")
_leak("window_without_near_end", "window open to the future",
      "the whole future is visible: only the far end of the window is checked.",
      "a distance below the size includes all negative distances.")
_rules("blocks_for_windows", "blocks in place of windows",
       "the text is cut into fixed blocks, where every query should carry its own window along.",
       "at the end of a block the two are the same.")

_align("new_keys_in_front", "new tokens in front of the cache",
       "the new tokens are put in front of the old ones in the cache.",
       "attention without a mask does not care about order, so the first step looks right.")
_align("new_keys_not_appended", "new tokens not in the cache",
       "the new keys and values never reach the cache, and the new tokens do not see themselves.",
       "the cache is read before it is written.")
_align("appended_after_attending", "appended too late",
       "the new tokens are appended only after attention, so they do not see themselves.",
       "\"read the past, then write\" sounds right; but causal includes the token itself.")
_align("cache_not_returned", "old cache returned",
       "the output is right, but the caches come back without the new tokens.",
       "a single step looks right; the next one misses a token.")
_align("cache_not_read", "cache not read",
       "the new tokens look only at each other, not at the cache.",
       "with an empty cache it is right.")
_align("positions_restart", "positions restart at 0",
       "the new tokens count their positions from 0 again, so most of the cache lies in their future.",
       "with an empty cache it is right, and a loop over steps easily begins at 0.")

_places("prefix_ignored", "prefix ignored",
        "the prefix has no effect: this is the plain causal mask.",
        "it hides the future everywhere, which is what a mask is mostly for.")
_places("only_causal_and_prefix", "both conditions required",
        "both conditions are required where one is enough, so later tokens do not see each other.",
        "masks are usually joined with &; these two are permissions of which one is enough.")
_leak("prefix_sees_the_answer", "the prefix sees everything",
      "the prefix tokens see the answer that is still to be written.",
      "\"both ways\" is easily made a condition on who asks; it is one on who is asked.")
_places("one_token_too_many", "prefix one too long",
        "the prefix reaches one token too far, so the first token of the answer is seen by the question.",
        "a prefix of 3 means the tokens 0, 1 and 2.")
_places("answer_cannot_see_the_prefix", "two separate blocks",
        "the later tokens do not see the prefix.",
        "two kinds of tokens suggest two blocks; but the answer must read the question.")

_places("first_of_block_for_last", "first of a block for its last",
        "the first token of each block is the one everybody sees; but being causal it knows only itself.",
        "the beginning of a block is the natural place for a summary, if one could look ahead.")
_leak("not_causal", "future visible",
      "some tokens see the future.",
      "within a block everybody may see everybody, until one remembers the order of time.")
_places("plain_window", "plain window",
        "a window of the allowed width: two steps reach twice that far, and not the beginning.",
        "for short texts two windows are enough.")
_places("full_causal", "too many keys",
        "this is the causal mask: everything is reached in one step, but the keys are far too many.",
        "it is right for 4 tokens.")
_places("first_token_for_all", "one post office for all",
        "a window and the first token: through the first token nothing comes, since it knows only itself.",
        "real models do watch the first token, but not because it knows anything.")
