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
