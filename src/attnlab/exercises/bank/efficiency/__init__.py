"""Exercises of the part on efficient attention, and the mistakes that they know by name."""

from __future__ import annotations

from attnlab.exercises.misconceptions import page

_cost = page("efficiency/overview", "What attention costs")
_operations, _bytes, _time = _cost("Operations"), _cost("Bytes"), _cost("Time: the roofline")
_online = page("efficiency/online_softmax", "Online softmax")
_rule, _stream, _numerics = _online("The mathematics"), _online("A stream"), _online("What goes wrong")
_counted = page("efficiency/memory_traffic", "Counting memory traffic")
_closed, _machine = _counted("Closed forms"), _counted("A machine that counts")

_operations("multiply_adds_counted_once", "multiply-adds counted once",
            "a multiplication and its addition are counted as one operation, so everything is half as large.",
            "some papers do count that way; the speeds that chip makers print do not.")
_operations("output_projection_forgotten", "the output projection is forgotten",
            "only queries, keys and values are projected; the fourth product, of the output, is missing.",
            "three projections have names that everybody knows, and the fourth comes at the very end.")
_operations("mix_forgotten", "only the scores are counted",
            "the product of queries and keys is counted, the product of weights and values is not.",
            "the scores are what is called quadratic; mixing them costs exactly as much again.")
_operations("scores_linear_in_length", "the quadratic part grows in proportion to the length",
            "the scores are counted once for each token instead of once for each pair of tokens.",
            "all other parts of a layer do grow in proportion to the length.")
_operations("feed_forward_one_product", "one of two feed-forward products",
            "the feed-forward part is counted with one product; it has two, up to the inner width and down again.",
            "its two matrices have the same number of entries, so one of them is easily taken for both.")
_operations("feed_forward_width_ignored", "the feed-forward part counted at the model's width",
            "the inner width of the feed-forward part, four times the model's, does not appear.",
            "every other matrix of the layer is as wide as the model.")

_bytes("keys_without_values", "keys without values",
       "only one of keys and values is counted, so the cache is half as large as it is.",
       "it is one cache and has one name; it holds two tables.")
_bytes("one_layer_only", "one layer",
       "the number of layers does not appear; every layer keeps keys and values of its own.",
       "a diagram of attention shows one layer.")
_bytes("numbers_instead_of_bytes", "numbers instead of bytes",
       "the numbers are counted and not the bytes that each of them takes.",
       "the formula counts numbers first; the last factor is easily left off.")
_bytes("tokens_squared", "quadratic in the tokens",
       "the cache grows with the square of the number of tokens; it grows in proportion to them.",
       "attention is called quadratic. That is the table of scores; the cache keeps one key and one value for each token.")
_bytes("heads_ignored", "one head",
       "the number of key-value heads does not appear; every one of them keeps its own keys and values.",
       "with a single head the formula is right.")

_time("times_added", "times added instead of overlapped",
      "the two times are added; a chip fetches and computes at the same time, so the slower of the two decides.",
      "one deed after the other is how we would do it by hand.")
_time("faster_of_the_two", "the faster of the two",
      "the smaller of the two times is returned, but both have to be finished.",
      "the roofline is written with a minimum; that is a minimum of speeds, which is a maximum of times.")
_time("arithmetic_alone", "arithmetic alone",
      "only the operations are counted, as if memory were infinitely fast.",
      "operations are what papers print.")
_time("memory_alone", "memory alone",
      "only the bytes are counted, as if arithmetic were infinitely fast.",
      "for most parts of attention memory does decide, but not for all.")
_time("speed_instead_of_time", "a speed instead of a time",
      "the attainable speed is returned; the time is the operations divided by it.",
      "the roofline is a statement about speeds.")
_time("speeds_exchanged", "the two speeds exchanged",
      "the operations are divided by the bandwidth and the bytes by the peak.",
      "both are so many per second.")

_rule("plain_average", "the plain average",
      "the two outputs are averaged with equal weights, whatever their log-sum-exps say.",
      "averages are easily averaged again, as long as both stand for equally many.")
_rule("merged_over_rows", "merged over the rows",
      "the weights of the partial results add up to 1 over the rows; they must over the partial results of one row.",
      "both axes are at hand, and with as many rows as parts every shape is the same.")
_rule("weights_exchanged", "the weights exchanged",
      "each output is weighted by the other one's log-sum-exp.",
      "the two factors look alike, and with equal log-sum-exps nothing shows.")
_rule("lse_weights_without_exp", "log-sum-exps used as weights",
      "the outputs are weighted by the log-sum-exps themselves, not by their exponentials.",
      "they are the numbers at hand; but a logarithm can be negative, and a weight cannot.")
_rule("lse_not_merged", "the larger log-sum-exp kept",
      "the larger of the two log-sum-exps is returned instead of the log of the sum of both exponentials.",
      "the maximum is part of the formula, and close to the result when the two are far apart.")
_rule("lse_summed", "log-sum-exps added up",
      "the log-sum-exps are added; that is the log of the product, not of the sum.",
      "sums of partial results are what merging is about, but of the exponentials.")
_rule("weights_not_normalised", "weights that do not add up to 1",
      "the outputs are added with weights that are not divided by their sum.",
      "the weights are positive and of the right proportion; only their sum gives it away.")
_numerics("no_common_maximum", "exponentials without a common maximum",
          "the exponentials of the log-sum-exps are taken as they stand, and overflow or underflow when they are large.",
          "it is the formula as it is printed, and right for small scores.")
_numerics("empty_block_is_nan", "an empty block gives NaN",
          "two blocks that saw no key are merged to NaN; the result should be zero with a log-sum-exp of minus infinity.",
          "minus infinity minus minus infinity does not occur as long as every block has a key.",
          "pytorch/pytorch#103963")

_stream("output_not_rescaled", "the output is not rescaled",
        "when the maximum rises the running sum is corrected and the collected output is not.",
        "with the largest score in the first block nothing shows.")
_stream("sum_not_rescaled", "the sum is not rescaled",
        "when the maximum rises the collected output is corrected and the running sum is not.",
        "with the largest score in the first block nothing shows.")
_stream("nothing_rescaled", "nothing is rescaled",
        "sum and output of earlier blocks are kept as they were, though they were measured from another maximum.",
        "each block by itself is right.")
_stream("rescaled_the_wrong_way", "rescaled the wrong way",
        "what was collected is multiplied by the exponential of the rise of the maximum, instead of divided by it.",
        "old minus new and new minus old look alike, and without a rise both factors are 1.")
_stream("ragged_tail_dropped", "the last, shorter block is dropped",
        "scores behind the last full block are never read.",
        "dividing the length by the block size gives the number of full blocks.")
_stream("blocks_averaged", "blocks averaged with equal weights",
        "every block is normalised by itself and the results are averaged.",
        "each block gives a proper average, and so does the mean of averages; only the weights are wrong.")
_stream("not_normalised", "never divided by the sum",
        "the collected output is not divided by the running sum in the end.",
        "in the ordinary softmax the division happens early; here it is the last step.")
_numerics("maximum_starts_at_zero", "the maximum starts at zero",
          "the running maximum starts at 0, so with all scores far below zero every exponential underflows.",
          "zero is the usual place to start, and right whenever some score is above it.")
_stream("first_block_dropped", "the first block is dropped",
        "the merge starts with the second block.",
        "the first one is needed for a start, and then again as a part.")
_stream("last_block_only", "only the last block",
        "only the last block is kept; a merge must carry what came before.",
        "a loop that overwrites looks much like one that accumulates.")

_closed("ceiling_forgotten", "the last, shorter block is not counted",
        "the number of blocks is rounded down.",
        "for lengths that the block size divides nothing shows.")
_closed("keys_counted_once", "keys and values counted once",
        "keys and values are counted as if they were read once, but every block of queries reads them all.",
        "each of them is loaded only once in each turn of the outer loop.")
_closed("values_forgotten", "values are forgotten",
        "only the keys are counted as streaming past each block of queries.",
        "the scores need the keys; the mixing needs the values just as much.")
_closed("queries_reloaded", "queries reloaded for each block of keys",
        "queries are counted once for each block of keys; in this order of loops they stay.",
        "that is what happens when the keys are outside.")
_closed("lse_forgotten", "the log-sum-exp is not counted",
        "one number for each row, the log-sum-exp, is stored as well and is missing.",
        "it is small beside the rest, but an exact count has no small terms.")
_closed("scores_written_down", "scores written down",
        "the square of the length appears: a blocked kernel does not store the scores.",
        "they are all computed, and it is easy to think that they are then somewhere.")
_fits = _counted("Does the printed block size fit?")
_fits("scores_forgotten", "the tile of scores is forgotten",
      "the tile of scores takes room too, one number for each query and key of the block.",
      "a blocked kernel is famous for not storing the scores; while a tile is used it is there all the same.")
_fits("outputs_forgotten", "the unfinished outputs are forgotten",
      "only the queries are counted; beside each of them lies its unfinished output, as wide.",
      "outputs are thought of as something that comes at the end.")
_fits("keys_forgotten", "the block of keys is forgotten",
      "the block of keys or values takes room of its own and is not subtracted.",
      "with small blocks of keys it is little.")
_fits("keys_and_values_together", "keys and values at the same time",
      "keys and values are counted together; here the keys have gone when the values come.",
      "many kernels do hold both, to fetch the one while the other is used.")
_fits("rounded_up", "rounded up",
      "the number is rounded up, so the last query does not fit.",
      "numbers of blocks are rounded up; what fits is rounded down.")
_fits("printed_block_size", "the printed block size",
      "a quarter of the memory divided by the width is the paper's rule of thumb, not what fits here.",
      "it is printed in the algorithm.")
_machine("scores_stored", "the scores are stored",
         "the scores are written to slow memory and read back, which is what a blocked kernel avoids.",
         "it is the shortest way to write attention.")
_machine("one_query_at_a_time", "one query at a time",
         "every query reads all the keys by itself, so the keys are carried far more often than necessary.",
         "it fits into any memory, and it is exact.")
_machine("no_rescaling_between_blocks", "blocks joined without rescaling",
         "blocks of keys are joined as if their maxima were equal.",
         "with one block of keys it is right.")
_machine("unscaled_scores", "scores without the scale",
         "the scores are not divided by the square root of the width.",
         "all the attention goes to the loops.")
_machine("only_first_block", "only the first block of keys",
         "each query looks at the first block of keys and at no other.",
         "with one block of keys it is right.")

_blocked = page("efficiency/blocked_kernel", "The blocked kernel")
_loop, _tiles = _blocked("NumPy: the loop"), _blocked("Tiles that need not be computed")
_back, _kernel_wrong = _blocked("Backward: compute it again"), _blocked("What goes wrong")

_kernel_wrong("lse_in_base_two", "the log-sum-exp in base 2",
              "the log-sum-exp is measured in base 2 but should be in natural logarithms.",
              "fast kernels compute powers of two inside, and the output does not show it.",
              "pytorch/pytorch#181645", "sgl-project/sglang#33064")
_loop("lse_without_maximum", "the log-sum-exp without the maximum",
      "the log of the running sum is returned without the maximum that the sum is relative to.",
      "the sum of exponentials is at hand, and the output is right either way.",
      "Dao-AILab/flash-attention#404")
_kernel_wrong("ragged_rows_dropped", "the last, smaller block of queries is dropped",
              "queries behind the last full block get no output.",
              "dividing the length by the block size gives the number of full blocks.")
_loop("exponentials_without_maximum", "exponentials of the bare scores",
      "exponentials are taken of the scores as they stand, and overflow when scores are large.",
      "without a maximum there is nothing to rescale, and for small scores it is right.")

_tiles("first_query_decides", "the first query of a block decides",
       "a tile is kept if its first query may look at it; later queries of the block see more keys.",
       "the first row of a block is the one its number belongs to, and with blocks of one it decides.")
_tiles("last_key_decides", "the last key of a tile decides",
       "a tile is kept only if its last key may be seen; its first key is older and may be seen earlier.",
       "for tiles that need no mask it is the right question.")
_tiles("diagonal_tiles_skipped", "tiles on the diagonal are skipped",
       "only tiles in which every pair is permitted are kept; those that the diagonal cuts are lost.",
       "they are the awkward ones: partly permitted, partly not.")
_tiles("block_numbers_compared", "block numbers compared instead of positions",
       "the number of the key block is compared with the number of the query block.",
       "with square blocks and as many queries as keys the two agree.")
_tiles("no_tile_skipped", "no tile is skipped",
       "every tile is visited; the result would be right, and nothing would be saved.",
       "the mask makes it correct, so no test of the output complains.")
_tiles("strict_diagonal_of_tiles", "strictly before instead of up to",
       "a tile whose first key is exactly the last query's own position is dropped.",
       "the future begins right behind it, and less-than is easily written for at-most.")
_tiles("ragged_blocks_not_counted", "the last, smaller blocks are not counted",
       "the numbers of blocks are rounded down, so the last rows or columns of tiles are missing.",
       "for lengths that the block sizes divide nothing shows.")

_back("normalised_in_the_tile", "weights normalised within the tile",
      "the weights are a softmax over the keys of this tile; they must be relative to the sum over all keys.",
      "softmax is what weights come from, and with one tile it is right.")
_back("drift_from_the_tile", "D computed from the tile",
      "D is summed over the keys of this tile; it belongs to the whole row, and equals the row sum of dO times O.",
      "that is the formula of the softmax's derivative, and with one tile it is right.")
_back("drift_forgotten", "D is left out",
      "the gradient of the scores is P dP, without subtracting D.",
      "the derivative of an exponential is itself; the normalisation has a derivative too.")
_back("drift_over_columns", "one D for all rows",
      "D is summed over all queries; each row has its own.",
      "a sum without an axis runs over everything.")
_back("scale_missing_in_gradient", "the scale is missing in the gradients",
      "the gradients of queries and keys lack the factor of one over the square root of the width.",
      "the scale was already used when the weights were computed.")
_back("scale_twice_in_gradient", "the scale is used twice",
      "the gradients of queries and keys carry the factor of one over the square root of the width twice.",
      "it belongs to the gradient of the scores, or to the products, but not to both.")
_back("lse_ignored", "the log-sum-exp is not subtracted",
      "the weights are exponentials of the scores and are not normalised at all.",
      "the exponential is the visible part of a softmax.")
_back("recomputed_without_scale", "scores recomputed without the scale",
      "the scores are computed again without the scale, so the weights are not those of the forward pass.",
      "the scale is in the gradients, where it is easy to think that this is its only place.")
_back("weights_not_in_d_scores", "dP taken for dS",
      "the gradient of the weights, less D, is used as the gradient of the scores; the factor P is missing.",
      "the formula ends in a bracket, and the bracket looks like the result.")
_kernel_wrong("lse_taken_as_base_two", "powers of two with a natural logarithm",
              "the weights are powers of two of scores and log-sum-exps that are measured in natural units.",
              "inside fast kernels it is the other way round: there both are multiplied by log2(e) first.")

_kernel_wrong("text_no_longer_than_the_window", "a text no longer than the window",
              "the text of the test is no longer than the window, so a window that is too wide does not show.",
              "small tests are good tests; this one is too small by two tokens.")
_kernel_wrong("last_row_only", "only the last query is looked at",
              "only the last query is examined; it has no future, so a shifted window looks too narrow.",
              "the last query is the one that sees most.")
_kernel_wrong("window_row_sums_trusted", "row sums taken as evidence for a window",
              "the weights of a row add up to 1 whatever the window is.",
              "it is a good test of a softmax.")
_kernel_wrong("only_the_future_checked", "only the future is checked",
              "the near end of the window is tested and the far end is not.",
              "looking ahead is the mistake that everybody fears; the other one only costs quality.")
_kernel_wrong("one_kind_of_wrong", "every difference gets the same verdict",
              "the output is compared with the right one, and every difference is called the same.",
              "knowing that something is wrong feels like knowing what.")
_kernel_wrong("own_position_not_counted", "the query's own position is not counted",
              "the visible keys are counted without the query's own, so every window seems one narrower.",
              "some libraries do give the number of keys to the left, without the query itself.",
              "huggingface/transformers#39408")
_kernel_wrong("far_end_not_tested", "too wide and endless not told apart",
              "the text is one token longer than the window, where one too wide and endless look the same.",
              "one token more than the window seems enough to see the edge.")

# Beyond one device, and the problems of the part
_ring = page("efficiency/beyond_one_device", "Beyond one device")
_round, _sends, _waits = _ring("The mathematics"), _ring("What each process holds and sends"), _ring("Who works, and who waits")
_blocks = page("efficiency/online_softmax", "Online softmax")("The mathematics")
_table = page("efficiency/overview", "What attention costs")("Bytes")
page("efficiency/problems", "Problems")
_tests = _online("What goes wrong")
_visible = page("self_attention/masks", "Masks")("Masks as functions of positions")

_round("travels_the_other_way", "travelling the other way",
       "the shards travel to the left; they are passed on to the right, so what a rank has in step s came from s places to its left.",
       "passing to the right sounds like looking to the right, and without a mask the outputs are the same.")
_round("values_stay_at_home", "values stay at home",
       "the keys travel and the values do not, so weights for one shard mix the values of another.",
       "the scores need the keys only, and all shapes fit.")
_round("own_shard_twice", "the own shard counted twice",
       "the own keys are counted twice, once before the first step and once in it.",
       "the merge needs something to begin with, and the own result is at hand.")
_round("last_step_missing", "the last step is missing",
       "one shard is never met: the keys are passed on P - 1 times, but there are P steps.",
       "there is one message fewer than there are steps.")
_round("nothing_is_passed_on", "nothing is passed on",
       "every rank attends to its own shard alone.",
       "on one rank it is right, and the training loss looks plausible.")
_round("queries_travel", "the outputs end at the neighbour",
       "each rank returns the outputs of its neighbour's queries: the queries travelled, and what they learned did not come home.",
       "the ring is symmetric, so that one might as well send the queries; but then outputs and log-sum-exps must travel with them.")
_sends("one_step_too_many", "one message too many",
       "the keys are also sent after the last step, when nobody needs them any more.",
       "there are P steps, and it is easy to send in each of them.")
_sends("gradients_not_home", "gradients that do not come home",
       "the gradients are passed on P - 1 times, and each ends one place away from the rank whose keys it belongs to.",
       "forward P - 1 messages are enough.")
_sends("gradients_do_not_travel", "gradients that do not travel",
       "backward only keys and values are counted; their gradients collect a part at every rank and travel with them.",
       "each rank could keep what it computed, but then somebody would have to add it all up.")
_sends("whole_sequence_in_every_step", "the whole sequence in every step",
       "every message is counted as if it held the whole sequence; it holds one shard.",
       "after all steps together the whole sequence has passed by.")
_sends("queries_sent_too", "queries sent too",
       "the queries are counted as if they travelled; they stay where they are.",
       "queries, keys and values are mostly named in one breath.")
_waits("own_key_not_counted", "the own key is not counted",
       "a query is not counted with its own key; a causal mask includes the present.",
       "earlier positions sounds like strictly earlier.")
_waits("whole_tiles_counted", "whole tiles counted",
       "every tile counts in full, as if there were no mask.",
       "that is what a rank computes which masks afterwards instead of skipping.")
_waits("future_by_rank", "the future told by the rank",
       "tiles of later ranks count nothing and tiles of earlier ranks in full; that holds for contiguous shards only.",
       "with contiguous shards the order of the ranks is the order of the tokens.")
_waits("places_within_the_shard", "places within the shard compared",
       "the places within the shards are compared instead of the positions in the sequence, so every tile looks like a diagonal one.",
       "a kernel that is called with a causal flag on two shards does just that.",
       "zhuzilin/ring-flash-attention#15")
_waits("future_counted", "the future counted",
       "pairs with a later key are counted, and pairs with an earlier key are not.",
       "upper and lower triangle have the same number of pairs.")
_waits("steps_by_ranks", "steps by ranks",
       "rows and columns have changed places: rows are ranks, columns are steps.",
       "the table is square.")
_waits("contiguous_shards", "contiguous shards",
       "each rank gets one contiguous piece, so the first one has next to nothing to do after the first step.",
       "it is how one cuts a sequence when nobody mentions a mask.",
       "zhuzilin/ring-flash-attention#2")
_waits("pieces_not_mirrored", "pieces not mirrored",
       "each rank gets one early and one late piece, but the rank with the earlier first piece has the earlier second piece too.",
       "one from each half looks fair.")
_waits("dealt_like_cards", "dealt like cards",
       "the positions are dealt out one by one in turn; the later ranks have a little more to do in every round.",
       "it is nearly fair, and for long shards the difference hardly matters.")
_waits("shuffled_cards", "shuffled",
       "the positions are dealt out at random, which is fair on average and not exactly.",
       "with very many tokens chance evens out.")
_waits("one_piece_too_far", "one piece too far from the back",
       "counting from the back begins one piece too far, so that pieces are dealt twice or not at all.",
       "the last piece has the number -1, not -0.")
_waits("front_piece_twice", "the same piece twice",
       "each rank gets the same piece twice, and the second half of the sequence is dealt to nobody.",
       "the shape is right.")

_visible("one_condition_enough", "one of two conditions is enough",
         "a pair is allowed if either condition holds; both have to.",
         "or and and look alike between boolean tables.")
_visible("every_earlier_text_visible", "texts with smaller numbers visible",
         "texts with a smaller number are visible; the numbers of texts say nothing about their order, and earlier texts must not be seen at all.",
         "numbered in order, earlier texts look like a harmless beginning.")
_visible("texts_not_separated", "texts not separated",
         "the mask is causal and nothing more, so a text sees the texts packed in front of it.",
         "it is the mask that a model is trained with by default.")
_visible("own_text_ahead", "the own text ahead",
         "a token sees its whole text, the future included.",
         "for a model that only reads it is right.")
_table("weights_for_every_user", "weights counted for every user",
       "the model's weights are counted once for each user; all of them share one copy.",
       "each user uses the whole model.")
_table("weights_forgotten", "the weights are forgotten",
       "the caches may fill the whole memory, as if the model's weights took none.",
       "the question is about caches.")
_table("one_user_too_many", "rounded up",
       "the number of users is rounded up, so the last one does not fit.",
       "rounding up is right for counting blocks, and wrong for counting what fits.")
_blocks("rest_not_normalised", "the rest is not an average",
        "what was taken away is subtracted, but the rest is not divided by its share and so is no average any more.",
        "the weights are subtracted correctly; only their sum is no longer 1.")
_blocks("lse_subtracted", "log-sum-exps subtracted",
        "the log-sum-exps are subtracted; that is the log of a quotient, not of a difference.",
        "merging adds the exponentials, so that undoing it seems to subtract the logarithms.")
_blocks("lse_unchanged", "the log-sum-exp unchanged",
        "the log-sum-exp stays that of all keys, though fewer are left.",
        "the output is right, and nobody looks at the other number until the next merge.")
_blocks("halves_assumed", "equal weights assumed",
        "both parts are taken to have half of the weight each.",
        "for equal parts it is right.")
_blocks("merged_once_more", "merged once more",
        "the part is merged in a second time instead of being taken away.",
        "the function is at hand and has the same arguments.")
_blocks("outputs_subtracted", "outputs subtracted",
        "the outputs are subtracted without any weights.",
        "sums can be undone like that; outputs are averages.")
_tests("one_kind_of_input", "one kind of input",
       "the kernel is tried on one small input, without a mask and in one block; most mistakes do not show there.",
       "the example is easy to check by hand.")
_tests("shapes_only", "shapes only",
       "only the shape of the result is tested, and every kernel has the right one.",
       "shapes are what usually goes wrong while writing.")
_tests("square_inputs_only", "as many queries as keys",
       "there are always as many queries as keys, so a mask that is aligned at the wrong end does not show.",
       "while training there are as many queries as keys.",
       "pytorch/pytorch#103082")
_tests("sizes_that_divide", "sizes that the block divides",
       "the numbers of keys are multiples of the block size, so a dropped last block does not show.",
       "round numbers come to mind first.")
_tests("ordinary_scores_only", "ordinary scores only",
       "the scores are always near zero, so a maximum that starts there does not show.",
       "random inputs give scores near zero.")
_tests("mask_not_tested", "the mask is not tested",
       "the kernel is never called with a mask.",
       "without a mask there is less to set up.")
_tests("bit_for_bit", "bit for bit",
       "equality to the last bit is demanded, which rejects an exact kernel that adds in another order.",
       "exact sounds like equal.")
_tests("tolerance_too_wide", "a tolerance that lets everything through",
       "the tolerance is so wide that wrong results pass; only a result that is no number fails.",
       "a test that fails now and then is easily silenced by a wider tolerance.")

_gpu = page("efficiency/on_a_gpu", "On a GPU")
_who, _ranges = _gpu("Which program does what"), _gpu("Which tiles a program visits")
_shared = _gpu("Tiles against shared memory")

_who("text_and_head_exchanged", "text and head exchanged",
     "the division gives the head and the remainder the text; it is the other way round.",
     "both take a counter apart, and with one text or one head nothing shows.")
_who("kv_head_by_remainder", "the head of keys by remainder",
     "the head of keys is taken as a remainder, so heads far apart share keys; neighbours should.",
     "a remainder also deals the heads out evenly, and without groups it is right.")
_who("shortest_rows_first", "the shortest rows first",
     "the first program takes the first rows, which see the fewest keys.",
     "it is the natural order, and every row is still computed; only the last programs keep the chip waiting.")
_who("last_block_not_cut", "the last block is not cut",
     "the rows of the last block run beyond the end, into the next head.",
     "a program always has as many rows as its block is high; those outside must be masked.")
_who("ragged_rows_without_program", "rows that no program owns",
     "the number of blocks is rounded down, so no program owns the rows behind the last full block.",
     "for lengths that the block divides nothing shows.")
_who("blocks_cut_from_the_end", "blocks cut from the end",
     "the blocks are counted from the last row backwards, so the short one is the first instead of the last.",
     "every row is owned once; but such blocks do not begin at multiples of the block size.")
_who("block_number_as_row", "the number of the block taken for a row",
     "the number of the block is used as a row and not multiplied by the size of a block.",
     "for block 0 both are the same.")

_ranges("first_beside_first", "first query beside first key",
        "positions are counted as if the first query stood beside the first key; the last stands beside the last.",
        "with as many keys as queries both are the same.")
_ranges("diagonal_tile_missed", "the tile on the diagonal is missed",
        "the number of tiles to visit is rounded down, so the tile that the diagonal cuts is skipped.",
        "the tile is only half visible, and whole tiles are easier to count.")
_ranges("every_tile_visited", "every tile is visited",
        "all tiles are visited, those of the future included.",
        "the mask makes the result right; it only takes twice the time.")
_ranges("first_row_decides_both", "the first row decides everything",
        "what the first row sees decides which tiles are visited; later rows see more.",
        "in a block of one row it is right.")
_ranges("last_row_decides_both", "the last row decides everything",
        "what the last row sees decides which tiles need no mask; earlier rows see less.",
        "in a block of one row it is right.")
_ranges("rows_beyond_the_end", "rows beyond the end",
        "the block is taken as full, so rows that do not exist decide what is visited.",
        "only the last block is ever shorter.")
_ranges("fewer_than_no_tiles", "fewer tiles than none",
        "rows that stand before every key get a negative number of tiles.",
        "it needs more queries than keys, which self-attention never has.")
_ranges("own_key_not_seen", "the own key not counted",
        "a query's own key is left out of what it may see.",
        "causal is often explained as looking at the past; the present belongs to it.")

_shared("stages_ignored", "stages ignored",
        "one tile of keys and values is counted; there are as many as stages, all there at the same time.",
        "a program names each tile once, and the compiler makes the copies.")
_shared("numbers_as_bytes", "numbers counted instead of bytes",
        "the numbers of all tiles are added and not multiplied by the bytes that each takes.",
        "sizes of tiles are always given in numbers.")
_shared("values_not_kept", "values not kept",
        "the tiles of keys are counted and those of values are not.",
        "keys are used first; but the values are already on their way.")
_shared("queries_in_every_stage", "queries in every stage",
        "the queries are multiplied by the stages as well; they are loaded once and stay.",
        "everything else in shared memory is multiplied by them.")
_shared("last_byte_left_free", "the last byte left free",
        "a block that fills the memory exactly is refused.",
        "strictly less sounds safer; what fits exactly fits.")
_shared("not_a_power_of_two", "not a power of two",
        "the room is divided by the size of a query, but tiles have powers of two as sides.",
        "it is the largest number that fits, and mathematics knows no reason to round it.")
_shared("first_that_does_not_fit", "the first that does not fit",
        "the first size that is too large is returned, instead of the last that fits.",
        "a search stops where it finds something, and here it must step back.")
