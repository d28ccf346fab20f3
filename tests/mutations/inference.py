"""Ways to break pages, speculation and serving, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

PAGES = "src/attnlab/reference/pages.py"
PAGED = "src/attnlab/cache/paged.py"
SERVING = "src/attnlab/reference/serving.py"
COUNTED = "src/attnlab/reference/speculative.py"
DRAWN = "src/attnlab/generation/speculative.py"
TESTS = {
    PAGES: ["tests/reference/test_pages.py"],
    PAGED: ["tests/cache/test_paged.py"],
    SERVING: ["tests/reference/test_serving.py"],
    COUNTED: ["tests/reference/test_speculative.py"],
    DRAWN: ["tests/generation/test_speculative.py"],
}

MUTATIONS = [
    (PAGES, "self._holders[page] += 1", "pass", "a fork that is not counted"),
    (PAGES, "self._holders[source] -= 1", "pass", "a copied page that keeps its holder"),
    (PAGES, "filled > 0 and self._holders[table[-1]] > 1", "filled > 0 and self._holders[table[-1]] > 2", "written into a shared page"),
    (PAGES, "shared = n_new > 0 and filled > 0", "shared = n_new > 0", "a full page is copied"),
    (PAGES, "if needed + shared > self.n_free:", "if needed > self.n_free:", "the copy's page not counted"),
    (PAGES, "if self._holders[page] == 0:", "if self._holders[page] >= 0:", "a shared page given out"),
    (PAGES, "-(-n_sinks // self.page_size)", "n_sinks // self.page_size", "a page with a sink given back"),
    (PAGES, "max(0, self.length(name) - window)", "max(0, self.length(name) - window + 1)", "a window of one token less"),
    (PAGES, "[: -(-n_tokens // self.page_size)]", "[: n_tokens // self.page_size]", "a beginning without its last page"),
    (PAGES, "return Copy(source, table[-1], filled)", "return Copy(source, table[-1], self.page_size)", "rows of others copied"),
    (PAGED, "rows[len(rows) - k.shape[-2] :]", "rows[: k.shape[-2]]", "new rows written in front"),
    (PAGED, "_copy(pool, copy, self.pages.page_size)", "pass", "a page that is not copied"),
    (PAGED, "if seen > pages.length(self._name):", "if True:", "every layer takes pages"),
    (PAGED, "        self.seen = seen\n", "", "a layer that forgets what it has seen"),
    (PAGED, "self.length + real.shape[1])", "self.length)", "new tokens hidden"),
    (SERVING, "now += max(jobs[i].writes for i in batch)", "now += min(jobs[i].writes for i in batch)", "a batch ends with its shortest text"),
    (SERVING, "start = max(free[place], job.arrives)", "start = free[place]", "a text starts before it came"),
    (SERVING, "if -(-(tokens + 1) // pages.page_size) > pages.n_free:", "if False:", "a prompt without pages"),
    (SERVING, "tokens = jobs[i].prompt + written[i]", "tokens = jobs[i].prompt", "what was written is forgotten"),
    (SERVING, "waiting.insert(0, last[0])", "waiting.append(last[0])", "an evicted text goes to the end of the queue"),
    (SERVING, "1 << (n_tokens - 1).bit_length()", "1 << n_tokens.bit_length()", "a power too many"),
    (COUNTED, "stands *= 1.0 - refused", "pass", "a refused draft goes on"),
    (COUNTED, "refused = 1.0 - kept[drafted[i]]", "refused = kept[drafted[i]]", "refused where it should stand"),
    (COUNTED, "for i in range(n_drafted + 1)))", "for i in range(n_drafted)))", "the target's own token forgotten"),
    (COUNTED, "(1 + count(\"n_drafted\", n_drafted) * cost)", "(1 + cost)", "the draft asked once"),
    (DRAWN, "refused = u * q[at, drafted] >= p[at, drafted]", "refused = u * p[at, drafted] >= q[at, drafted]", "the ratio upside down"),
    (DRAWN, "(p[first] - q[first]).clamp(min=0)", "p[first]", "a refusal draws from the target"),
    (DRAWN, "refused.nonzero()[0])", "refused.nonzero()[-1])", "the last refusal counts"),
    (DRAWN, "ids.shape[1] - 1 :], filters)", "ids.shape[1] - 1 :], ())", "the target is not filtered"),
    (DRAWN, "rows.append(logits[0].softmax(dim=-1))", "rows.append((2 * logits[0]).softmax(dim=-1))", "another distribution than it was drawn from"),
]
