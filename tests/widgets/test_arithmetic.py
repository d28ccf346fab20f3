"""The explorables' JavaScript against the package's NumPy, with node; random inputs, 1e-12."""

from __future__ import annotations

import json

import numpy as np
import pytest
from in_node import close, numbers, run

from attnlab import masks, reference
from attnlab.explore import WIDGETS, module_source

# ---- common.js -----------------------------------------------------------------------------------


def test_softmax_of_random_rows_and_temperatures(rng):
    rows = [
        (rng.normal(size=n) * size, float(t))
        for n in (1, 2, 5, 7)
        for size in (1, 60, 1e4)
        for t in (0.01, 1, 13)
    ]
    results = run(WIDGETS / "common.js", *[["softmax", list(x), t] for x, t in rows])
    for result, (x, t) in zip(results, rows):
        close(result, reference.softmax(x, temperature=t))


def test_softmax_without_any_key_is_zero(tmp_path):
    module = tmp_path / "probe.mjs"  # JSON cannot carry an infinity in, so the call is made on the other side
    module.write_text(
        f"import {{ softmax }} from {json.dumps((WIDGETS / 'common.js').as_uri())};\n"
        "export const none = () => softmax([-Infinity, -Infinity]);\n"
        "export const one = () => softmax([-Infinity, 3, -Infinity]);\n",
        encoding="utf-8",
    )
    assert run(module, ["none"], ["one"]) == [[0, 0], [0, 1, 0]]


def test_matrix_product_and_transpose(rng):
    a, b = rng.normal(size=(5, 3)), rng.normal(size=(3, 7))
    product, turned = run(
        WIDGETS / "common.js", ["matmul", a.tolist(), b.tolist()], ["transpose", a.tolist()]
    )
    close(product, a @ b)
    close(turned, a.T)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.00"), (-0.001, "0.00"), (-1.005, "−1.00"), (2.5, "2.50")]
)
def test_numbers_as_text(value, text):
    assert run(WIDGETS / "common.js", ["format", value]) == [text]


def test_small_numbers_keep_two_digits():
    given = [0, 0.25, 0.00031, 1e-200]
    assert run(WIDGETS / "common.js", *[["formatSmall", x] for x in given]) == [
        "0.000",
        "0.250",
        "3.1e−4",
        "below 1e−99",
    ]


# ---- softmax_and_scale.js ------------------------------------------------------------------------

SOFTMAX = WIDGETS / "softmax_and_scale.js"


def softmax_states(rng) -> list[dict]:
    return [
        {"scores": rng.normal(size=n).tolist(), "temperature": float(t), "d_k": d_k, "divide": divide}
        for n in (2, 5, 7)
        for t in (0.01, 0.7, 100)
        for d_k in (1, 13, 1024)
        for divide in (True, False)
    ]


def test_weights_are_attention_weights_of_real_vectors(rng):
    """Keys are built so that q.k has just the size the explorable claims; then attention itself is asked."""
    states = softmax_states(rng)
    for state, result in zip(states, run(SOFTMAX, *[["weights", state] for state in states])):
        d_k = state["d_k"]
        query = np.ones((1, d_k))
        keys = np.outer(state["scores"], np.ones(d_k)) / np.sqrt(d_k)
        scale = (1 / np.sqrt(d_k) if state["divide"] else 1.0) / state["temperature"]
        np.testing.assert_allclose(
            numbers(result), reference.attention_weights(query, keys, scale=scale)[0], rtol=1e-9, atol=1e-12
        )  # sums of 1024 terms, times 1/T = 100


def test_weights_are_softmax_of_the_logits(rng):
    states = softmax_states(rng)
    logits = run(SOFTMAX, *[["logits", state] for state in states])
    weights = run(SOFTMAX, *[["weights", state] for state in states])
    for state, logit, weight in zip(states, logits, weights):
        grown = np.array(state["scores"]) * np.sqrt(state["d_k"])
        close(logit, grown / np.sqrt(state["d_k"]) if state["divide"] else grown)
        close(weight, reference.softmax(np.array(logit), temperature=state["temperature"]))


def test_entropy_is_in_bits(rng):
    rows = [reference.softmax(rng.normal(size=n)) for n in (2, 3, 7)]
    for p, bits in zip(rows, run(SOFTMAX, *[["entropy", p.tolist()] for p in rows])):
        close(bits, -np.sum(p * np.log2(p)))
    assert run(SOFTMAX, ["entropy", [1, 0, 0]], ["entropy", [0.25] * 4]) == [0, 2]


def test_jacobian_is_the_derivative_of_softmax(rng):
    """Against the hand-derived gradient of attention (unit query, identity values) and finite differences."""
    x = rng.normal(size=5)
    p = reference.softmax(x)
    [result] = run(SOFTMAX, ["jacobian", p.tolist()])
    eye = np.eye(5)
    for i in range(5):
        _, dk, _ = reference.attention_gradient(np.ones((1, 1)), x[:, None], eye, eye[i : i + 1], scale=1.0)
        close(result[i], dk[:, 0])
    step = 1e-6
    slopes = np.stack(
        [(reference.softmax(x + step * e) - reference.softmax(x - step * e)) / (2 * step) for e in eye],
        axis=1,
    )
    np.testing.assert_allclose(result, slopes, atol=1e-9)


def test_norm_and_its_largest_value(rng):
    matrices = [rng.normal(size=(3, 5)) for _ in range(4)]
    for matrix, result in zip(matrices, run(SOFTMAX, *[["frobenius", m.tolist()] for m in matrices])):
        close(result, np.linalg.norm(matrix))
    rows = [rng.dirichlet(np.full(n, 0.4)) for n in (2, 3, 5, 8) for _ in range(50)] + [
        np.array([0.5, 0.5, 0])
    ]
    norms = [np.linalg.norm(np.diag(p) - np.outer(p, p)) for p in rows]
    assert max(norms) == pytest.approx(0.5, abs=1e-12)


def test_sweep_is_one_point_for_each_temperature(rng):
    state, temperatures = softmax_states(rng)[7], [0.01, 0.3, 1, 50]
    [points] = run(SOFTMAX, ["sweep", state, temperatures])
    for point, t in zip(points, temperatures, strict=True):
        [logit] = run(SOFTMAX, ["logits", state])
        p = reference.softmax(np.array(logit), temperature=t)
        assert point["temperature"] == t
        close(point["norm"], np.linalg.norm(np.diag(p) - np.outer(p, p)))
        close(point["bits"], -np.sum(p[p > 0] * np.log2(p[p > 0])))


def test_verdicts():
    rows = [[1, 0, 0], [0.5, 0.5, 0], [0.34, 0.33, 0.33], [0.95, 0.03, 0.02], [0.6, 0.3, 0.1]]
    starts = [text.split(":")[0] for text in run(SOFTMAX, *[["verdict", p] for p in rows])]
    assert starts == ["Saturated", "Saturated", "Nearly uniform", "Close to saturation", "In between"]


# ---- attention_on_a_sentence.js ------------------------------------------------------------------

SENTENCE = WIDGETS / "attention_on_a_sentence.js"


def numpy_mask(mask: str, n: int, length: int) -> np.ndarray:
    if mask == "causal":
        return masks.causal(np.arange(n), np.arange(n))
    return np.repeat(np.arange(n)[None] < (length if mask == "padding" else n), n, axis=0)


def sentence_states(rng) -> list[dict]:
    return [
        {
            "vectors": rng.normal(size=(n, d)).tolist(),
            "mask": mask,
            "length": length,
            **{f"w_{letter}": rng.normal(size=(d, d)).tolist() for letter in "qkv"},
        }
        for n, d in ((2, 2), (5, 2), (7, 3))
        for mask, length in (("none", 1), ("causal", 1), ("padding", 1), ("padding", n - 1), ("padding", 0))
    ]


def test_every_step_of_attention(rng):
    states = sentence_states(rng)
    for state, steps in zip(states, run(SENTENCE, *[["attention", state] for state in states])):
        x, (w_q, w_k, w_v) = np.array(state["vectors"]), (np.array(state[f"w_{letter}"]) for letter in "qkv")
        q, k, v = x @ w_q, x @ w_k, x @ w_v
        may = numpy_mask(state["mask"], len(x), state["length"])
        for name, expected in {
            "q": q,
            "k": k,
            "v": v,
            "scores": q @ k.T,
            "scaled": q @ k.T / np.sqrt(q.shape[1]),
            "masked": np.where(may, q @ k.T / np.sqrt(q.shape[1]), -np.inf),
            "weights": reference.attention_weights(q, k, mask=may),
            "output": reference.attention(q, k, v, mask=may),
        }.items():
            close(steps[name], expected)


def test_masks_are_the_packages():
    calls = [("none", 5, 2), ("causal", 5, 2), ("padding", 5, 2), ("padding", 7, 0)]
    for (mask, n, length), result in zip(calls, run(SENTENCE, *[["allowed", *call] for call in calls])):
        assert result == numpy_mask(mask, n, length).tolist()
    padded = np.asarray(masks.padding(np.array([2]), 5)).reshape(-1, 5)
    assert numpy_mask("padding", 5, 2)[:1].tolist() == padded.tolist()


def test_a_token_moves_by_arrow_key_and_stops_at_the_edge():
    calls = [
        ["nudge", [0.1, 0.2], key, 0.1, 3] for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown")
    ]
    assert run(SENTENCE, *calls) == [[0, 0.2], [0.2, 0.2], [0.1, 0.3], [0.1, 0.1]]
    assert run(
        SENTENCE, ["nudge", [2.9, -3], "ArrowRight", 0.5, 3], ["nudge", [0, -3], "ArrowDown", 0.1, 3]
    ) == [[3, -3], [0, -3]]


def test_the_plane_holds_every_point(rng):
    clouds = [(rng.normal(size=(5, 2)) * size).tolist() for size in (0.1, 2, 9, 100)]
    for cloud, size in zip(clouds, run(SENTENCE, *[["extent", cloud] for cloud in clouds])):
        assert size >= max(3, np.abs(cloud).max())


# ---- the modules as files ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["softmax_and_scale", "attention_on_a_sentence"])
def test_joined_for_jupyterlab_it_computes_the_same(name, tmp_path, rng):
    """JupyterLab gets common.js and the module in one text, without imports."""
    joined = tmp_path / "joined.mjs"
    joined.write_text(module_source(name), encoding="utf-8")
    assert "import " not in "".join(
        line for line in module_source(name).splitlines() if not line.startswith("//")
    )
    state = softmax_states(rng)[3] if name == "softmax_and_scale" else sentence_states(rng)[6]
    call = ["weights" if name == "softmax_and_scale" else "attention", state]
    assert run(joined, call) == run(WIDGETS / f"{name}.js", call)


@pytest.mark.parametrize("path", sorted(WIDGETS.glob("*")), ids=lambda path: path.name)
def test_no_file_is_heavier_than_50_kilobytes(path):
    assert path.stat().st_size <= 50_000
