"""Exercises of the part on multi-head attention, and the mistakes that they know by name."""

from __future__ import annotations

from attnlab.exercises.misconceptions import page

_code = page("multi_head/implementation", "Multi-head attention in code")
_formula, _axes = _code("The mathematics"), _code("Why the axes change places")
_groups, _wrong = _code("Fewer heads of keys and values"), _code("What goes wrong")

_axes("split_without_exchange", "split by reshaping alone",
      "the heads' axis is written in front of the tokens' axis in one reshape, so a head holds pieces of a few "
      "tokens instead of a slice of every token.",
      "the shape is the right one, and no error is raised.",
      "reczoo/FuxiCTR#30", "hyunwoongko/transformer#15", "649453932/Chinese-Text-Classification-Pytorch#53")
_axes("merge_without_exchange", "merge by reshaping alone",
      "heads and features are flattened while the heads still stand in front of the tokens, so the first token "
      "gets the first head of several tokens.",
      "the shape is the right one, and a model can even learn around it on an easy task.",
      "jsbaan/transformer-from-scratch#6", "ajhalthor/Transformer-Neural-Network#4")
_axes("neither_exchanged", "neither split nor merge exchanges the axes",
      "features are regrouped by two reshapes and the tokens' axis never moves, so each head attends among pieces "
      "of the same token and its neighbours.",
      "the second reshape undoes the first one, so everything looks consistent, and even a causal mask holds.",
      "reczoo/FuxiCTR#30", "649453932/Chinese-Text-Classification-Pytorch#53")
_axes("heads_behind_tokens", "heads left behind the tokens",
      "the features are cut, but the axis of heads still stands behind the axis of tokens.",
      "that is what the reshape gives, and it already has one axis for each thing.")
_axes("features_before_tokens", "features in front of the tokens",
      "the wrong two axes changed places, so that each head is a table of features by tokens.",
      "for keys that are about to be multiplied it is what one needs next.")
_axes("heads_stacked_below", "heads stacked below each other",
      "the heads are put one below the other, as more rows, instead of side by side.",
      "the same numbers are all there, and the reshape is shorter.")
_wrong("heads_on_the_inner_axis", "heads take turns among the features",
       "feature 0 goes to the first head, feature 1 to the second and so on; a head should get a run of neighbours.",
       "trained from the start it would work as well; only weights of other people do not fit.")
_wrong("merged_by_feature", "merged feature by feature",
       "the first features of all heads stand together, then the second ones; each head's features should stay together.",
       "the output matrix could learn any order, so nothing looks wrong until weights are loaded.")
_wrong("head_count_for_head_width", "number of heads taken for their width",
       "each head is as wide as there should be heads, so there are as many heads as a head should be wide.",
       "the two numbers multiply to the same width.")
_formula("heads_in_reverse", "heads in reverse",
         "the last run of features became the first head.",
         "the order of heads means nothing to attention itself; it means something to the matrices around it.")
_formula("every_head_gets_all", "every head gets all features",
         "the tokens are copied for each head instead of being cut.",
         "each head should look at the whole token; that has happened already, in the projection.")
_formula("heads_averaged", "heads averaged",
         "the heads are averaged; they should stand side by side.",
         "all of them are outputs for the same token.")
_formula("heads_summed", "heads added up",
         "the heads are added up before the output matrix; they should stand side by side.",
         "the output matrix does add them, each after its own rows of the matrix.")
_formula("first_head_only", "first head only",
         "only the first head arrives in the output.",
         "an index of nought along one axis takes a slice, and nothing complains.")
_formula("one_wide_head", "one head whatever their number",
         "there is a single softmax for the whole width, so the number of heads changes nothing.",
         "the matrices have the same size either way, and the result has the same shape.")
_formula("no_output_matrix", "no output matrix",
         "the merged heads are returned as they are, without the last matrix product.",
         "the shape is right already when the width of the model is that of the heads.")
_formula("split_before_projecting", "cut before projecting",
         "the tokens are cut first and each piece is projected by itself, so a head never sees the rest of the token.",
         "the name says that heads attend to parts of the features; these are features after the projection.")
_wrong("softmax_over_heads", "softmax over the heads",
       "the weights of one pair of tokens add up to one over the heads, instead of over the keys.",
       "with one more axis than before, a fixed axis number means another axis.",
       "facebookresearch/detr#247")

_groups("heads_tiled", "tiled instead of repeated",
        "the shared heads are laid out a, b, a, b; neighbours should share, as in a, a, b, b.",
        "both have the right shape, and with one shared head, or one for each, they are the same.",
        "onnx/onnx#7274", "ekzhang/jax-js#180")
_groups("keys_repeated_values_tiled", "keys repeated but values tiled",
        "keys and values are laid out in two different orders, so weights meet values of another head.",
        "the two lines are written apart, and each has the right shape.")
_groups("first_shared_head_for_all", "first shared head for everyone",
        "every query head uses the first head of keys and values.",
        "that is multi-query attention, and it is right when there is only one.")
_groups("shared_heads_averaged", "shared heads averaged",
        "the heads of keys and values are averaged into one before attending.",
        "averaging is how a trained model is converted to fewer heads; attention itself does not do it.")
_groups("queries_averaged", "queries averaged within a group",
        "the queries of a group are averaged, so the output has too few heads.",
        "it makes the numbers of heads agree, from the wrong side.")
_groups("groups_in_reverse", "groups in reverse",
        "the first query heads use the last head of keys and values.",
        "any fixed order would do for a model trained with it.")

_maths = page("multi_head/mathematics", "The mathematics of several heads")
_sum, _count, _order = _maths("A sum over heads"), _maths("What the number of heads costs"), _maths("Heads without an order")

_sum("rows_in_turns", "rows of the output matrix dealt out in turns",
     "head 0 gets rows 0, H, 2H, ... of the output matrix; it should get the first run of rows.",
     "a reshape with the two factors in the other order has the same shape.",
     "nntile/nntile#347")
_sum("first_rows_for_all", "the same rows for every head",
     "every head goes through the first rows of the output matrix; each has rows of its own.",
     "with one head it is right.")
_sum("contributions_summed", "already summed",
     "the contributions are added up, so one can no longer tell which head said what.",
     "the sum is what the layer returns; here its terms are asked for.")
_sum("contributions_averaged", "divided by the number of heads",
     "the contributions are divided by the number of heads; the layer adds them.",
     "several opinions are usually averaged.")
_count("weights_times_heads", "weights multiplied by the number of heads",
       "each head is counted at the full width of the model, so the number of weights grows with the heads.",
       "each head does have matrices of its own; they are narrow.")
_count("one_narrow_head", "a single narrow head",
       "the matrices of one head are counted, and there are several.",
       "the formula for a head is what one reads most often.")
_count("output_weights_forgotten", "output matrix not counted",
       "queries, keys and values are counted, and the fourth matrix, which merges the heads, is not.",
       "three of them have names that everybody knows.")
_count("sharing_ignored", "sharing ignored",
       "keys and values are counted as if every query head had its own.",
       "with as many heads of keys as of queries it is right.")
_count("values_not_shared", "keys shared, values not",
       "only the matrix of keys became narrower; keys and values are shared together.",
       "the scores are what the sharing is usually explained with.")
_count("queries_shared_too", "queries shared as well",
       "the matrix of queries became as narrow as that of keys; queries keep all their heads.",
       "three of the four matrices look alike.")
_order("output_rows_left", "output matrix left as it was",
       "the three input matrices were reordered and the output matrix was not, so heads meet the rows of others.",
       "the output matrix seems to belong to no head.")
_order("output_columns_moved", "columns of the output matrix moved",
       "the columns of the output matrix were reordered; a head owns a run of its rows.",
       "in the other three matrices it is columns.")
_order("order_turned_round", "order turned round",
       "the heads went to the places named, instead of coming from them.",
       "for an exchange of two heads the two readings are the same.")
_order("features_moved_for_heads", "single features moved",
       "single columns were reordered instead of whole runs of them.",
       "with heads of width one it is right.")
_order("values_left", "values left as they were",
       "queries, keys and the output matrix were reordered, but not the values.",
       "the weights are then right, and they are what one looks at.")
_order("queries_left", "queries left as they were",
       "keys, values and the output matrix were reordered, but not the queries.",
       "the queries ask the same questions as before; now they ask them of other keys.")

_share = page("multi_head/sharing", "Sharing keys and values")
_pool, _bytes, _absorb = _share("From many heads to few"), _share("The bytes that are kept"), _share("One vector for all heads")

_pool("first_head_of_group", "first head of each group",
      "the first head of each group is kept and the others are thrown away.",
      "it gives a layer of the right size, and it even runs.")
_pool("group_summed", "groups summed",
      "the heads of a group are added and not divided by their number.",
      "scores that are too large look like confident attention.")
_pool("heads_of_other_groups", "heads taken in turns",
      "heads that stand far apart were averaged; a group is a run of neighbours.",
      "a reshape with the two factors in the other order has the same shape.")
_pool("features_pooled", "neighbouring features averaged",
      "neighbouring features of a head were averaged instead of the same feature of neighbouring heads.",
      "the width comes out right.")
_pool("one_mean_for_all", "one mean for all groups",
      "all heads were averaged, and every group got the same.",
      "for a single shared head it is right.")
_bytes("latent_counted_twice", "latent counted twice",
       "the latent is counted once for keys and once for values; both are unfolded from the same vector.",
       "every other cache has a factor of two.")
_bytes("shared_key_forgotten", "shared key forgotten",
       "only the latent is counted; the key that carries the position is kept as well.",
       "the latent is what the method is named after.")
_bytes("shared_key_for_each_head", "shared key counted for each head",
       "the key that carries the position is counted once a head; all heads share one.",
       "queries do have such a part for each head.")
_bytes("unfolded_keys_and_values", "unfolded keys and values counted",
       "the keys and values of all heads are counted, which are never kept.",
       "they are what attention works with.")
_bytes("latent_for_each_head", "latent counted for each head",
       "the latent is multiplied by the number of heads; it is one vector for all of them.",
       "keys and values are usually kept for each head.")
_absorb("columns_in_turns", "columns dealt out in turns",
        "head 0 got columns 0, H, 2H, ... of the unfolding matrix; it owns the first run of columns.",
        "a reshape with the two factors in the other order has the same shape.")
_absorb("first_columns_for_all", "first columns for every head",
        "every head uses the unfolding matrix of the first one.",
        "there is one latent for all heads; each unfolds it in its own way.")
_absorb("unfolding_reshaped_alone", "unfolding matrix reshaped alone",
        "the axis of heads was written in front of the latent's axis in one reshape, which mixes rows of the matrix.",
        "the shape is the right one.")
_absorb("inverse_for_transpose", "inverse for transpose",
        "the queries went through the inverse of the unfolding; they need its transpose.",
        "moving something to the other side of an equation does take the inverse; this is a product, not an equation.")
_absorb("absorbed_heads_summed", "heads summed",
        "the absorbed queries of all heads were added up; each head asks for itself.",
        "all of them are as wide as the latent, so they can be added.")

# Why many heads, and the problems of the part

_why = page("multi_head/why_many_heads", "Why many heads?")
_two, _feel, _cut = _why("One average, two questions"), _why("How much the loss feels a head"), _why("What goes wrong")

_two("one_head_for_both", "both heads look at both places",
     "both heads divide their weight between the two neighbours, so they bring home the same average.",
     "each of them does see what is needed; but an average does not say which part came from where.")
_two("both_heads_left", "both heads look left",
     "the two heads look at the same neighbour, so nobody brings home the other one.",
     "two heads with equal matrices are easy to write, and the shapes are right.")
_two("neighbours_exchanged", "left and right exchanged",
     "head 0 looks right and head 1 looks left.",
     "a shift by one goes either way, and rows and columns are easily confused.")
_two("ends_left_open", "the ends do not meet",
     "the first token finds nobody on its left, or the last one nobody on its right.",
     "a text has ends; here it is a ring, and the end is the neighbour of the beginning.")
_two("heads_too_soft", "heads not sharp enough for long texts",
     "the right neighbour gets the largest weight, but in a long text the many others together get too much.",
     "for four tokens it is enough.")
_cut("output_columns_cut", "columns of the output matrix cut",
     "the columns of the output matrix were cut; a head owns a run of its rows.",
     "in the other three matrices it is columns.")
_cut("removed_heads_kept", "the wrong heads kept",
     "the heads that should go were kept, and the others are gone.",
     "a gate of 0 and a mask of True are both marks, and they mean the opposite.")
_cut("features_cut_for_heads", "single features cut",
     "single columns were kept instead of whole runs of them.",
     "with heads of width one it is right.")
_cut("heads_in_turns_cut", "columns taken in turns",
     "of every run of columns some were kept, as if head h owned columns h, h + H, h + 2H and so on.",
     "a reshape with the two factors in the other order has the same shape.")
_cut("cut_one_by_one", "cut one by one with old numbers",
     "the heads were removed one after the other, though each removal gives those behind it a new number.",
     "for a single head, or from the last to the first, it is right.",
     "jacobgil/pytorch-pruning#32", "huggingface/transformers#4799")
_cut("zeroed_not_cut", "set to zero and not cut away",
     "the weights of the other heads are zero but still there.",
     "the output is right; the layer is as large and as slow as before.")
_cut("first_heads_kept", "the first heads kept",
     "as many heads were kept as asked for, but always the first ones.",
     "a slice from the start is the shortest way to a smaller matrix.")
_cut("rescaled_after_cutting", "output enlarged for the missing heads",
     "the output matrix was enlarged as if the remaining heads had to stand in for the missing ones.",
     "dropout does so in training; removing a head for good is another thing.")
_feel("absolute_value_after_the_mean", "absolute value after the mean",
      "the slopes of different texts cancel, since the absolute value is taken after the mean.",
      "for a single text the two are the same.")
_feel("absolute_value_of_each_entry", "absolute value of every entry",
      "the absolute value of every single product was taken, so features within one text can no longer cancel.",
      "it is safe from cancelling; but the slope of the loss is the sum of the products with their signs.")
_feel("slopes_without_output", "gradient alone",
      "the gradients were added up without the head's output, so a head that writes nothing seems important.",
      "the score is called a sensitivity, and a gradient is one; here it is that against the gate.")
_feel("output_without_slopes", "output alone",
      "the outputs were added up without the gradients, so a loud head seems important even if nobody listens.",
      "what a head writes is what one can see.")
_feel("slopes_summed_over_texts", "sum instead of mean",
      "the slopes are added up over the texts and not divided by their number.",
      "the order of the heads is the same; the scores of two data sets are not comparable.")
_feel("mean_over_entries", "mean over tokens and features",
      "the products were averaged over tokens and features; the slope is their sum.",
      "within one layer the order of the heads is the same.")
_feel("signed_importance", "sign left on",
      "the slopes were averaged with their signs.",
      "the sign says whether the head helps or harms; here it is asked how much the loss feels it.")
_feel("product_of_lengths", "lengths multiplied",
      "the length of the output was multiplied by the length of the gradient, as if they always pointed the same way.",
      "it is an upper bound of the slope, and it looks like a scalar product.")

_sharp = page("fundamentals/softmax_temperature", "Softmax and temperature")("The mathematics")
_windows = page("self_attention/masks", "Masks")("Four permissions, pictured")

_sharp("keys_not_counted", "competitors not counted",
       "there is one competitor in your formula, however many keys there are.",
       "the odds of one against one are the ones that everybody remembers.")
_sharp("logarithm_forgotten", "logarithm forgotten",
       "the odds are used as they are; a softmax turns differences of scores into odds by an exponential.",
       "for weights near one half and two keys the numbers are not far apart.")
_sharp("wanted_key_counted_twice", "the wanted key among its competitors",
       "all the keys are counted as competitors, the wanted one included.",
       "the sum of a softmax does run over all of them.")
_sharp("odds_turned_round", "odds turned round",
       "the odds are those of the others against the wanted key.",
       "both are ratios of the same two numbers.")
_sharp("temperature_for_factor", "temperature for factor",
       "the number by which the scores must be divided comes back, where the factor is asked for.",
       "sharpness is usually set by a temperature, and that divides.")
_sharp("gap_multiplied", "multiplied by the gap",
       "the result grows with the gap; a larger gap needs a smaller factor.",
       "in the exponent of the softmax the two do stand as a product.")
_sharp("weight_for_odds", "weight taken for odds",
       "the weight itself stands where its ratio to the rest belongs.",
       "the weight is the number that was given.")
_order("only_where_heads_look", "only where the heads look",
       "only queries and keys were compared; two heads may look at the same places and bring home different things.",
       "the weights are what one sees in pictures.")
_order("only_what_heads_write", "only what the heads write",
       "only values and output were compared; two heads may write the same and look elsewhere.",
       "what a head writes is what reaches the output.")
_order("matrices_compared_raw", "the matrices themselves compared",
       "the columns of the matrices were compared as they are; a change of basis within a head alters them all.",
       "if only the order had changed it would be right.")
_order("heads_matched_by_length", "matched by size",
       "heads were matched by how large their weights are; a change of basis changes that.",
       "one number for each head is easy to compare.")
_order("heads_never_exchanged", "numbers taken for names",
       "head i is taken for head i, whatever it does.",
       "heads have numbers, and numbers look like names.")
_order("heads_in_turns_compared", "columns dealt out in turns",
       "head h was taken to own columns h, h + H, h + 2H and so on; it owns a run of neighbours.",
       "a slice with a step is shorter than a run.")
_windows("one_window_for_all_heads", "one window for all heads",
         "every head got the largest window.",
         "a mask of (queries, keys) is what most heads share.")
_windows("heads_behind_the_keys", "heads behind the keys",
         "the axis of heads stands last; scores have it in front of queries and keys.",
         "the sizes broadcast along the last axis by themselves.")
_windows("windows_in_reverse", "windows in reverse",
         "the first head got the last window.",
         "any order would do for a model that is trained with it.")
page("multi_head/problems", "Problems")
