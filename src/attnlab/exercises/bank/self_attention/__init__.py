"""Exercises of the part on self-attention, and the mistakes that they know by name beside the common ones."""

from __future__ import annotations

from attnlab.exercises.misconceptions import page


_code = page("self_attention/implementation", "Self-attention in code")
_parity, _dropout = _code("Parity: the same numbers as PyTorch"), _code("Dropout stands between normalise and mix")
_hearing, _code_wrong = _code("A test that knows nothing about the code"), _code("What goes wrong")

_parity("polarity_never_turned", "polarity not turned",
        "a mask in which True means *must not* is passed on as it is, so everybody sees exactly what is forbidden.",
        "both are boolean and have the same shape, and two layers of one library disagree about the meaning.",
        "rasbt/LLMs-from-scratch#1061")
_parity("both_booleans_turned", "both boolean dialects turned",
        "a mask in which True already means *may look* is inverted as well.",
        "after one inverted mask it is safer, it seems, to invert them all.")
_parity("zero_bias_read_as_no", "a float mask read as truth values",
        "a float mask is turned into booleans as it is: zero, which allows, becomes False, and minus infinity becomes True.",
        "for a table of ones and zeros that reading is the right one.",
        "pytorch/pytorch#21518")
_parity("only_infinity_hides", "only minus infinity taken for hidden",
        "a very low number does not count as hidden; many libraries write the lowest float instead of minus infinity.",
        "the formula has minus infinity in it.")
_parity("every_penalty_hides", "every penalty taken for a prohibition",
        "any number other than zero counts as hidden, though a small negative one is only a preference.",
        "masks hold zeros and minus infinity and nothing else; biases hold more.")
_parity("key_mask_without_heads", "padding mask without axes for heads and queries",
        "the mask stays at (batch, keys) and will be taken for (queries, keys), or refused.",
        "the right numbers are all there, and broadcasting adds axes by itself, only at the wrong end.")
_parity("key_mask_on_the_queries", "padding on the queries' axis",
        "the mask runs along the queries, so padding asks nothing but everybody still looks at it.",
        "four axes, and the wrong one of the last two gets the ones.")
_parity("ones_taken_for_padding", "ones taken for padding",
        "the tokens are hidden and the padding is shown.",
        "in a table of padding, a one could well say: here is padding.")

_dropout("not_made_larger", "kept weights not made larger",
         "what is kept is not divided by the probability of being kept, so outputs are too small while training.",
         "dropping is the whole idea of the name; the division only shows when dropout is turned off.")
_dropout("kept_weights_renormalised", "kept weights made to sum to one",
         "each row is normalised again after dropping, which is a softmax over the kept keys.",
         "rows of weights sum to one everywhere else in the course.")
_dropout("divided_by_the_share_dropped", "divided by the share that is dropped",
         "the kept weights are divided by p, not by 1 - p.",
         "at p = 0.5 the two are the same number.")
_dropout("kept_taken_for_dropped", "kept and dropped exchanged",
         "what should be kept is dropped and the other way round.",
         "some libraries hand out a mask of what is dropped.")
_dropout("made_smaller_instead", "made smaller instead of larger",
         "the kept weights are multiplied by 1 - p instead of divided by it.",
         "the original form of dropout multiplies by it, but at evaluation.")
_dropout("one_draw_for_all_queries", "one draw for all queries",
         "the draw of the first query is used for all, so whole keys disappear.",
         "a mask for keys looks like that, and broadcasting makes it easy.")
_dropout("nothing_dropped", "nothing dropped",
         "the weights are made larger but none of them is dropped.",
         "the division is what one remembers from the formula.")
_dropout("queries_dropped", "outputs dropped instead of weights",
         "whole outputs are dropped instead of single weights.",
         "a model has dropout there too, after the attention.")

_hearing("row_for_column", "row written for column",
         "each experiment fills a row; replacing token j tells who hears *it*, and that is column j.",
         "with a table whose rows are queries one is used to filling rows.")
_hearing("only_one_feature_changed", "only one feature changed",
         "only the first feature of a token is replaced, so a layer that reads the others is not caught.",
         "in a layer with dense matrices every feature goes everywhere.")
_hearing("token_only_doubled", "token only doubled",
         "the token is multiplied by two, which a layer that normalises its tokens first cannot notice.",
         "it is a change, and it needs no random numbers.")
_hearing("changes_pile_up", "changes pile up",
         "the tokens replaced before stay replaced, so later experiments blame the wrong token.",
         "the copy was made once, above the loop.")
_hearing("small_changes_forgiven", "small changes forgiven",
         "only movements above a thousandth count, so a quiet leak passes.",
         "numbers that should be equal are compared with a tolerance; here they should not be equal.")
_hearing("only_first_output_feature", "only the first feature of the output",
         "only the first number of each output is looked at.",
         "in most layers all of them move together.")
_hearing("only_last_token_replaced", "only the last token replaced",
         "only the last token is ever replaced, so one column is known and the rest is guessed.",
         "a leak from the future would show there first, it seems.")

_graph = page("self_attention/graph_view", "Self-attention as a graph")
_edges, _gat, _news = (_graph(heading) for heading in
                       ("Messages along edges", "Graph attention networks", "How far news travels"))

_edges("last_message_wins", "the last message wins",
       "messages are added with an ordinary indexed sum, which keeps one message of each node and drops the others.",
       "it reads like a sum and raises no error; for nodes with one edge it is one.",
       "pytorch/pytorch#3844", "jax-ml/jax#9344")
_edges("softmax_over_the_senders", "softmax over the edges that leave a node",
       "the weights of the edges out of a node sum to one, not those of the edges into it.",
       "in a graph whose edges all run both ways the two lists hold the same numbers.",
       "pyg-team/pytorch_geometric#224", "gordicaleksa/pytorch-GAT#4")
_edges("messages_sent_backwards", "messages sent backwards",
       "receivers and senders have changed places: who is asked gets the answer.",
       "an edge list has two rows, and libraries do not agree which comes first.",
       "gordicaleksa/pytorch-GAT#4")
_edges("softmax_over_all_edges", "softmax over all edges",
       "one softmax runs over all edges of the graph, so nodes compete with each other.",
       "the scores are one flat list, and a softmax of a list is one call.")
_edges("messages_not_normalised", "messages not normalised",
       "the exponentials are summed as they are, so a node with many edges gets a long vector.",
       "many graph layers do simply add.")
_edges("lonely_node_is_nan", "a node without edges is not a number",
       "a node that nobody reaches divides nothing by nothing.",
       "dividing once for each node, at the end, is otherwise the cheaper order.")
_edges("plain_mean_of_the_senders", "plain mean of the senders",
       "all edges into a node have the same weight, whatever their scores.",
       "it is what simpler graph layers do.")

_gat("asking_and_asked_exchanged", "asking and asked exchanged",
     "the half of the vector that belongs to who asks is used for who is asked.",
     "both halves have the same length, and with a symmetric mask the table is only transposed.")
_gat("bent_before_the_sum", "bent before the sum",
     "each number is bent by itself before the two are added, and the one of who asks cancels in the softmax.",
     "it saves a bend for every pair.")
_gat("score_not_bent", "score not bent",
     "the sum goes into the softmax without the LeakyReLU, so who asks has no influence at all.",
     "two linear maps and a softmax look complete.")
_gat("cut_off_instead_of_bent", "cut off instead of bent",
     "negative sums become zero; they should keep a fifth of their value.",
     "ReLU is the more common of the two.")
_gat("tanh_instead_of_bent", "tanh instead of LeakyReLU",
     "the sum goes through a tanh.",
     "additive attention of 2014 has a tanh, though inside the vector and not after it.")
_gat("one_half_for_both", "one half for both ends",
     "the same half of the vector is used for who asks and who is asked.",
     "both numbers are made by the same kind of product.")
_gat("nodes_mixed_unprojected", "nodes mixed as they came",
     "the weights average the nodes before their projection.",
     "scores and values are made from the same nodes; here from the projected ones.")
_gat("edges_ignored", "edges ignored",
     "every node hears every other one, whatever the mask.",
     "for a complete graph it is right.")
_gat("edges_turned_round", "edges turned round",
     "the mask is transposed, so news travels against the edges.",
     "an adjacency table of a friendship is symmetric; of a causal mask it is not.")
_gat("graph_softmax_over_queries", "softmax over who asks",
     "columns sum to one instead of rows.",
     "the table is square, so nothing else shows it.",
     "chainer/chainer-chemistry#217")

_news("no_further_than_one_layer", "no further than one layer",
      "further layers take no further step.",
      "an entry-wise power of a boolean table is the table itself.")
_news("residual_left_out", "residual connection left out",
      "a token does not pass itself on, so only paths of exactly the right length count.",
      "most masks have the diagonal in them anyway.")
_news("one_layer_too_few", "one layer too few",
      "the last layer takes no step.",
      "the loop starts with the mask, as if one layer had been run.")
_news("one_layer_too_many", "one layer too many",
      "one step more is taken than there are layers.",
      "the loop starts with the mask and then runs for every layer.")
_news("sent_for_heard", "sent for heard",
      "the table says where a token's news arrives, not what a token hears; it is transposed.",
      "both are questions about paths.")
_news("edges_both_ways", "edges taken both ways",
      "every edge carries news in both directions.",
      "a line between two dots has no arrow.")
_news("whole_component", "followed to the end",
      "news is followed as far as it goes, whatever the number of layers.",
      "for enough layers it is right.")

_fell = page("self_attention/the_loss_fell", "The loss fell, so the code is right?")
_one_line, _afterwards = _fell("Eight short tests"), _fell("What they do afterwards")

_one_line("future_keys_alone", "only the keys changed",
          "the future keys are changed and the values are not, so a leak through the values alone passes.",
          "a leak is a matter of who looks at whom, and keys decide that.")
_one_line("future_values_alone", "only the values changed",
          "the future values are changed and the keys are not, so a leak through the weights' denominator passes.",
          "a mask sets weights to zero, and a value without weight cannot matter.")
_one_line("token_itself_counted_as_past", "the changed token counted as past",
          "the output of the first changed token is compared too; it may move, since causal includes the token itself.",
          "up to t, or before t: one word, one row.")
_one_line("leak_measured_everywhere", "all outputs compared",
          "the outputs of changed tokens are compared as well, and those are supposed to move.",
          "comparing two whole outputs is one expression.")
_one_line("last_token_alone_changed", "only the last token changed",
          "only the last token is changed, so what the others give away is not seen.",
          "one changed token is the smallest experiment.")
_one_line("future_starts_one_late", "the future starts one too late",
          "the first future token keeps its key and value, and that is the very one that a mask off by one lets through.",
          "token t is the present, so the future seems to begin after it.")
_one_line("leak_without_absolute_value", "sign kept",
          "the largest signed change is returned; a change downwards counts for nothing.",
          "a leak usually moves outputs both ways, so the largest is positive anyway.")
_one_line("leak_averaged", "average change",
          "the average change is returned, so a leak at one token is thinned out by all the others.",
          "an average is steadier than a maximum.")
_one_line("compared_with_itself", "compared with itself",
          "the result is always zero; the changed arrays and the old ones are the same.",
          "an assignment looks like a copy, and editing in place then changes both.")

_one_line("alone_but_still_padded", "alone, and still padded",
          "the single text keeps its padding, so a layer that looks at padding agrees with itself.",
          "only the neighbours are company, it seems; padding is company too.")
_one_line("one_gap_for_all", "one number for all texts",
          "the largest gap of the batch comes back; asked for is one number for each text.",
          "one number is what a test needs in the end.")
_one_line("company_cut_to_one_length", "cut, but not alone",
          "the padding is cut away and the neighbours stay, so a layer that mixes texts agrees with itself.",
          "the padding is what one thinks of first.")
_one_line("gap_without_absolute_value", "signed gap",
          "the largest signed difference is returned; differences downwards count for nothing.",
          "for most gaps one sign is as large as the other.")
_one_line("gap_averaged", "average gap",
          "the average difference is returned, and a single wrong token hardly shows in it.",
          "an average is steadier than a maximum.")
_one_line("last_real_token_alone", "the last token alone",
          "only the last real token of each text is compared.",
          "it is the one from which a model continues.")
_one_line("first_tokens_alone", "the first token alone",
          "only the first token of each text is compared.",
          "every text has one, so no length is needed.")

_one_line("one_tensor_for_all", "one table three times",
          "queries, keys and values are the same table, so that any two of them can change places unseen.",
          "in self-attention all three come from one text, and one table is quick to write.")
_one_line("judged_to_the_last_bit", "equality to the last bit",
          "honest rounding is rejected: another order of additions, or single precision, changes the last digits.",
          "equal is equal, one would think.")
_one_line("shape_tested_alone", "the shape alone",
          "only the shape is tested, and all wrong attentions have the right one.",
          "a wrong shape is what most mistakes produce while one is writing.")
_one_line("last_row_compared_alone", "the last row alone",
          "only the last row is compared, where a causal mask hides nothing.",
          "the last token is the one from which a model continues.")
_one_line("leak_tested_alone", "causality alone",
          "the past does not move, and nothing else is asked: a wrong scale or exchanged tables pass.",
          "causality is the best of the properties.")
_one_line("future_values_alone_tested", "causality by values alone",
          "only future values are changed, so a mask after the softmax and a softmax over the queries pass as causal.",
          "values are what is handed on.")
_one_line("averages_tested_alone", "zero queries and keys",
          "with queries and keys zero all scores are zero, and the scale and the order of queries and keys cannot matter.",
          "the right result, an average of the past, is easily written down.")
_one_line("constant_values_tested_alone", "constant values",
          "with all values one, every attention whose rows add up to one passes, whatever it looks at.",
          "it is a neat way to see row sums without seeing the weights.")
_one_line("unequal_widths_only", "only a case in which an exchange shows itself",
          "all cases have values of another width, so a mistake that needs equal widths to run is never met.",
          "unequal sizes are good advice for shapes; one square case is needed beside them.")

_set = page("self_attention/problems", "Problems")
_first, _second = _set("First set"), _set("Second set")

_first("queries_from_the_memory", "roles exchanged",
       "the memory asks and the text answers, so the result has a row for each token of the memory.",
       "the source stands first in a translation, and so it does in many lists of arguments.")
_first("values_from_the_asker", "values from the asking side",
       "keys come from the memory and values from the text itself, so what is found is not what is taken.",
       "with as many queries as keys it runs, and keys are what one thinks of as the memory.")
_first("attends_to_itself", "the memory is not used",
       "queries, keys and values all come from the text that asks; the memory changes nothing.",
       "it is the function written before, and it trains: such a model learns to write without reading.")
_first("source_read_causally", "a causal mask on the source",
       "a query sees only the memory's tokens up to its own number; a finished source has no future.",
       "a decoder's own attention is causal, and the mask is at hand.")

_first("width_counted_in_tokens", "the window's size counted in tokens",
       "the window ends after `size` tokens, so the gaps thin it out and the reach does not grow.",
       "in a window without gaps tokens and keys are the same count.")
_first("gaps_from_the_beginning", "gaps counted from the beginning",
       "the tokens seen are multiples of the step counted from the start of the text, and not from the query.",
       "every second token is easily read as the tokens 0, 2, 4.")
_first("window_without_gaps", "no gaps",
       "all tokens in reach are seen; the step has no effect but to widen the window.",
       "for step 1 it is right.")

_second("weight_erased_only", "the row is not divided again",
        "the weight of the masked key is gone and the row is not divided by what is left: a mask after the softmax.",
        "its contribution is gone, which seems to be all.")
_second("divided_by_the_lost_weight", "divided by the wrong part",
        "what remains is divided by the weight that was lost; the weight that is left belongs there.",
        "both parts stand in the formula.")
_second("multiplied_by_what_is_left", "multiplied by what is left",
        "what remains is multiplied by the weight that is left, so outputs shrink twice.",
        "fewer keys, less output: but an average does not shrink when a term goes.")
_second("value_taken_out_whole", "the whole value taken out",
        "the value is subtracted whole; it was in the average with its weight only.",
        "taking something out means subtracting it.")
_second("second_softmax", "another softmax",
        "the remaining weights go through another softmax, which makes them nearly equal.",
        "a softmax is what makes rows sum to one.")
_second("score_set_to_zero", "score zero for no score",
        "the key's score is set to 0 and so keeps a weight; minus infinity would take it away.",
        "zero removes things elsewhere.")
_second("lost_weight_shared_equally", "the lost weight shared equally",
        "each remaining key gets the same share of the lost weight; a softmax shares it in proportion.",
        "rows sum to one again, and equal shares look fair.")
_second("query_taken_for_key", "a neighbour masked",
        "another key is masked than the one asked for.",
        "counting from one and from zero.")


_patterns = page("self_attention/patterns", "What real heads look at")
_numbers, _heads_wrong = _patterns("The mathematics: a pattern as a number"), _patterns("What goes wrong")
_flow, _explains = _patterns("Rollout: weights through all layers"), _patterns("Are weights an explanation?")

_numbers("offset_turned_round", "offset the wrong way round",
         "the offset is counted from the key to the query, so previous and next change places.",
         "both are one step beside the diagonal, and a table is easily read the wrong way.")
_numbers("divided_by_all_tokens", "divided by all tokens",
         "the sum is divided by n, though only n - |d| queries have such a key, so a perfect head never reaches 1.",
         "there are n queries, and for long texts the difference is small.")
_numbers("text_bent_to_a_ring", "text bent to a ring",
         "the last token counts as the one before the first, so a weight across the whole text is mixed in.",
         "rolling an array is one call, and negative indices never complain.")
_numbers("offset_summed", "summed instead of averaged",
         "the entries are added up and not averaged, so longer texts score more.",
         "the formula begins with a sum.")
_numbers("offset_counted_by_winners", "winners counted",
         "it counts how often the key at that distance has the largest weight, and how large that weight is does not matter.",
         "\"looks at\" is easily taken for \"looks most at\", and for sharp heads the two are alike.")
_numbers("offset_of_the_axes_in_front", "the first two axes",
         "the diagonal runs along the first two axes, which in a batch are layers and heads.",
         "for a single table these are the right ones, and they are the default.")
_numbers("offset_as_a_window", "everything up to the distance",
         "all keys up to the distance count, and not only the one at it.",
         "near the diagonal is where such heads look; but a window is another statistic.")
_numbers("always_the_previous_token", "offset ignored",
         "whatever the offset, the previous token is scored.",
         "it is the statistic one needs first.")

_heads_wrong("share_of_all_keys", "a share of all keys",
             "every row is divided by the logarithm of all keys, so rows that may see few of them look decided.",
             "without a mask it is right.",
             "xjdr-alt/entropix#62")
_heads_wrong("share_divides_by_zero", "zero divided by zero",
             "a row with one permitted key has entropy 0, of at most 0 bits, and the quotient is NaN.",
             "every other row is right, and only the first row of a causal table shows it.")
_heads_wrong("share_of_log_zero", "the logarithm of a hidden weight",
             "hidden keys have weight 0, and zero times the logarithm of zero is NaN; it must add nothing.",
             "softmax without a mask gives no zeros.",
             "xjdr-alt/entropix#62")
_heads_wrong("share_without_a_share", "bits instead of a share",
             "the entropy is returned in bits and not divided by what the mask allows.",
             "the entropy itself is the hard part.")
_heads_wrong("share_by_keys_used", "keys used taken for keys permitted",
             "only keys with a noticeable weight are counted; a sharp row then looks as undecided as a flat one.",
             "a key without weight seems to be no choice; but the model could have chosen it.")
_heads_wrong("share_by_the_count", "divided by the number of keys",
             "the entropy is divided by the number of keys and not by its logarithm.",
             "a mean over keys looks like a share.")
_heads_wrong("share_by_queries", "columns counted for rows",
             "the permitted entries are counted down the columns: how many queries see a key, and not how many keys a query sees.",
             "with as many queries as keys both counts have the same shape.")
_heads_wrong("one_key_is_full_doubt", "one key counted as full doubt",
             "a row with one permitted key gets 1, as if it were undecided; it had no choice at all.",
             "its weights are equal, all one of them.")

_explains("sum_left_free", "the sum left free",
          "the output stays, but the weights no longer add up to 1: the row of ones is missing from the equations.",
          "the output is the equation one thinks of.")
_explains("sum_repaired_by_division", "the sum repaired by division",
          "the weights are divided by their sum afterwards, and that multiplies the output too.",
          "dividing by the sum is how weights are usually made.")
_explains("walked_past_zero", "walked past zero",
          "the step goes beyond the first weight that reaches 0, so weights become negative.",
          "the largest of the ratios looks like the farthest one can go.")
_explains("stopped_too_early", "stopped too early",
          "the step ends half-way, and no weight has reached 0.",
          "half a step is safe.")
_explains("same_weights_again", "the same weights again",
          "the row is returned as it was.",
          "it does have the same output.")
_explains("weight_moved_blindly", "weight moved blindly",
          "weight is moved from one key to another without asking their values, so the output moves.",
          "the sum stays 1 in this way.")
_explains("direction_that_counts_most", "the direction that counts most",
          "the first direction of the decomposition is used, which changes the output most; the free ones come last.",
          "the first singular vector is the one used everywhere else.")
_explains("negative_weights_cut_off", "negative weights cut off",
          "negative weights are set to 0 and the rest is divided by its sum, and both change the output.",
          "the result is a distribution again.")

_flow("rollout_first_layer_on_the_left", "first layer on the left",
      "the factors stand in the order of reading; a token asks its own layer first, so the last layer stands on the left.",
      "products are written from left to right, and layers are counted from below.")
_flow("rollout_without_residual", "residual connection left out",
      "each token's own state, which the residual connection carries past every layer, is not counted.",
      "the identity is not in the picture of the weights.")
_flow("rollout_not_halved", "identity added, nothing halved",
      "the identity is added and the sum is not halved, so rows add up to 2, 4, 8 and so on.",
      "in the network itself the two are added as they are.")
_flow("rollout_divided_by_column", "columns made to sum to one",
      "each step is divided by the sums of its columns, so its rows are no distributions any more.",
      "one axis number decides between rows and columns, and nothing complains.")
_flow("rollout_of_the_last_layer_alone", "the last layer alone",
      "only the last layer counts; what its states had gathered below is left out.",
      "the output is made there.")
_flow("rollout_averaged_over_layers", "layers averaged",
      "the layers are averaged, as if they stood side by side; each one reads what the one below has written.",
      "heads are averaged, so why not layers.")
_flow("rollout_of_the_strongest_head", "largest instead of mean",
      "the largest weight of any head is taken, so rows add up to more than one.",
      "a head that looks hard somewhere is the interesting one.")
_flow("rollout_entry_by_entry", "multiplied entry by entry",
      "the tables are multiplied entry by entry, so only paths that take the same step in every layer count.",
      "the asterisk is the usual sign of multiplication.")
_flow("rollout_residual_once", "residual once for all",
      "the layers are multiplied without it and the identity is mixed in once at the end; the connection passes every layer.",
      "it is one line less in the loop.")
