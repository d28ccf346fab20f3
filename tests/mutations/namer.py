"""Ways to break the small GPT, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

MODEL = "src/attnlab/reference/namer.py"
STUDY = "src/attnlab/studies/namer.py"
TESTS = {
    MODEL: ["tests/reference/test_namer.py"],
    STUDY: ["tests/studies/test_namer.py", "tests/reference/test_namer.py"],
}

MUTATIONS = [
    (MODEL, "q, k = (turn(rows, pieces) for rows in (q, k))", "q, k = q, k", "nothing turned"),
    (MODEL, "x = x + look(", "x = look(", "no residual around attention"),
    (MODEL, "pieces.rms_norm(x, model.last, EPSILON)", "x", "no last norm"),
    (MODEL, "row[:, PAD] = -1e9", "pass", "padding written"),
    (MODEL, "return [EDGE, *(LETTERS", "return [PAD, *(LETTERS", "another edge"),
    (MODEL, "rows = [[*encode(name), EDGE] for name in names]", "rows = [encode(name) for name in names]", "no end of a name"),
    (MODEL, "/ float(np.log(2))", "", "nats for bits"),
    (MODEL, "return seen[layer][0]", "return seen[0][0]", "the first layer always"),
    (MODEL, "np.tri(n_queries, n_keys, n_keys - n_queries, dtype=bool)", "np.ones((n_queries, n_keys), dtype=bool)", "the future visible"),
    (MODEL, "while len(ids) <= most:", "while len(ids) < most:", "a letter too few"),
    (MODEL, "(np.cumsum(p) > rng.random() * p.sum()).argmax()", "p.argmax()", "the likeliest for a draw"),
    (MODEL, "(np.cumsum(p) > rng.random()", "(p > rng.random()", "one letter's chance for the sum of chances"),
    (MODEL, "        if ids[-1] == EDGE:\n            break\n", "", "a name goes on after its end"),
    (MODEL, "row + [PAD] * (longest - len(row))", "[PAD] * (longest - len(row)) + row", "padding in front"),
    (MODEL, "if i > EDGE)", "if i >= EDGE)", "the edge mark read out"),
    (STUDY, "np.round(1000 * x.detach().double().numpy())", "(1000 * x.detach().double().numpy())", "cut off, not rounded"),
    (STUDY, '"held_out": list(held_out)', '"held_out": []', "names that were kept back are lost"),
    (STUDY, "rotary(k, at), v", "k, v", "keys not turned"),
    (STUDY, "return self.last(x) @ self.table.T", "return x @ self.table.T", "no last norm"),
    (STUDY, "at[-q.shape[-2] :]" , "at[: q.shape[-2]]", "queries at the front"),
    (STUDY, "/ float(np.log(2))", "", "nats for bits"),
    (STUDY, "ignore=namer.PAD", "ignore=-1", "padding counted"),
]
