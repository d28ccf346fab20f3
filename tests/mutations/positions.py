"""Ways to break the positions, for tools/mutants.py: (file, text, replacement, name), and the tests that notice."""

from __future__ import annotations

SINUSOIDAL = "src/attnlab/reference/positions/sinusoidal.py"
RELATIVE = "src/attnlab/reference/positions/relative.py"
BIAS = "src/attnlab/reference/positions/bias.py"
ROTARY = "src/attnlab/reference/positions/rotary.py"
SCALING = "src/attnlab/reference/positions/scaling.py"
DOORS = "src/attnlab/reference/positions/_doors.py"
TORCH_SINUSOIDAL = "src/attnlab/positions/sinusoidal.py"
TORCH_RELATIVE = "src/attnlab/positions/relative.py"
TORCH_LEARNED = "src/attnlab/positions/learned.py"
TORCH_BIAS = "src/attnlab/positions/bias.py"
TORCH_ROTARY = "src/attnlab/positions/rotary.py"
TORCH_SCALING = "src/attnlab/positions/scaling.py"
TORCH_DOORS = "src/attnlab/positions/_doors.py"
TESTS = {
    SINUSOIDAL: ["tests/reference/test_positions.py"],
    RELATIVE: ["tests/reference/test_positions.py"],
    BIAS: ["tests/reference/test_positions.py"],
    ROTARY: ["tests/reference/test_positions.py"],
    SCALING: ["tests/reference/test_positions.py"],
    DOORS: ["tests/reference/test_positions.py"],
    TORCH_SINUSOIDAL: ["tests/positions/test_positions.py"],
    TORCH_RELATIVE: ["tests/positions/test_positions.py"],
    TORCH_LEARNED: ["tests/positions/test_positions.py"],
    TORCH_BIAS: ["tests/positions/test_positions.py"],
    TORCH_ROTARY: ["tests/positions/test_positions.py"],
    TORCH_SCALING: ["tests/positions/test_positions.py"],
    TORCH_DOORS: ["tests/positions/test_positions.py"],
}

MUTATIONS = [
    (SINUSOIDAL, "-np.arange(0, width, 2) / width", "-np.arange(0, width // 2) / width", "exponent halved"),
    (SINUSOIDAL, "-np.arange(0, width, 2) / width", "np.arange(0, width, 2) / width", "multiplied by the power"),
    (SINUSOIDAL, "base: float = 10000.0\n", "base: float = 1000.0\n", "base 1000"),
    (SINUSOIDAL, "[np.sin(turned), np.cos(turned)]", "[np.cos(turned), np.sin(turned)]", "sine and cosine exchanged"),
    (SINUSOIDAL, "np.cos(turned)], axis=-1)", "np.cos(turned)], axis=-2)", "sines before cosines"),
    (RELATIVE, "np.clip(offsets_between(q_pos, k_pos), -reach, reach)", "np.clip(-offsets_between(q_pos, k_pos), -reach, reach)",
     "offset's sign"),
    (RELATIVE, "k_pos), -reach, reach) + reach", "k_pos), -reach, reach - 1) + reach", "reach one too short"),
    (RELATIVE, '"...id,ijd->...ij", q, rows) / math.sqrt(q.shape[-1])', '"...id,ijd->...ij", q, rows)', "bias not scaled"),
    (BIAS, "(max_distance / exact) ** share * (1 - 1e-9)", "(max_distance / exact) ** share * (1 + 1e-9)",
     "whole edges lifted"),
    (BIAS, "np.maximum(-offsets, 0)", "np.maximum(offsets, 0)", "future for past"),
    (BIAS, "side * (offsets > 0)", "side * (offsets < 0)", "sides exchanged"),
    (BIAS, "side * (offsets > 0)", "side * (offsets >= 0)", "itself among the later keys"),
    (ROTARY, "np.stack([a * cos - b * sin, a * sin + b * cos]", "np.stack([a * cos + b * sin, b * cos - a * sin]",
     "turned backwards"),
    (ROTARY, "(a, b), cos, sin = np.split(x, 2, axis=-1)", "(b, a), cos, sin = np.split(x, 2, axis=-1)", "halves exchanged"),
    (ROTARY, "np.r_[0:width:2, 1:width:2]", "np.r_[1:width:2, 0:width:2]", "odd features first"),
    (ROTARY, "x[..., 0::2], x[..., 1::2]", "np.split(x, 2, axis=-1)[0], np.split(x, 2, axis=-1)[1]", "pairings mixed"),
    (ROTARY, "if speeds is None else speeds", "if True else speeds", "speeds ignored"),
    (BIAS, "np.arange(1, whole + 1) / whole", "np.arange(whole) / whole", "slopes from one"),
    (BIAS, "np.arange(1, 2 * whole, 2)", "np.arange(2, 2 * whole, 2)", "the wrong slopes between"),
    (BIAS, "* np.abs(offsets_between(q_pos, k_pos))", "* offsets_between(q_pos, k_pos)", "later keys rewarded"),
    (BIAS, "-alibi_slopes(n_heads)", "alibi_slopes(n_heads)", "distance rewarded"),
    (SCALING, 'finite("speeds", speeds) / factor', 'finite("speeds", speeds) * factor', "stretched"),
    (SCALING, "/ (speeds.size - 1))", "/ speeds.size)", "slowest pair not in full"),
    (SCALING, "(turns - slow) / (fast - slow)", "(turns - slow) / fast", "ramp ends late"),
    (SCALING, "max(length, trained) / trained - (factor - 1)", "max(length, trained) / trained", "grows too early"),
    (SCALING, "factor * max(length, trained) / trained", "factor * length / trained", "shrinks for short texts"),
    (SCALING, "slow: float = 1, fast: float = 4", "slow: float = 1, fast: float = 32", "the ramp of YaRN"),
    (SCALING, "math.log(factor) / math.log(trained)", "math.log(factor) / trained", "length without logarithm"),
    (SCALING, "return speeds / factors", "return speeds * factors", "stretched pair by pair"),
    (SCALING, "int(share * speeds.size)", "round(share * speeds.size)", "share rounded"),
    (SCALING, "speeds / factor, 0.0)", "speeds / factor, speeds)", "slow pairs left as they were"),
    (SCALING, "max(np.floor(at_32), 0)", "np.floor(at_32)", "ramp begins before the first pair"),
    (SCALING, "np.ceil(at_1)", "np.floor(at_1)", "end of the ramp rounded inward"),
    (SCALING, "2 * speeds.size - 1)", "4 * speeds.size)", "end of the ramp not limited"),
    (SCALING, "(share + (1 - share) / factor)", "(1 - share + share / factor)", "fast pairs interpolated"),
    (SCALING, "0.1 * math.log(factor) + 1", "0.1 * math.log2(factor) + 1", "base two"),
    (DOORS, "rows.min() < 0 or ", "", "negative rows"),
    (DOORS, "if n < 2 or n % 2:", "if n < 2:", "odd width"),
    (BIAS, "if max_distance <= side // 2:", "if max_distance < side // 2:", "no room for wide buckets"),
    (TORCH_SINUSOIDAL, "* (-2 / width)", "* (-1 / width)", "exponent halved"),
    (TORCH_SINUSOIDAL, "math.log(base))", "math.log2(base))", "logarithm in base two"),
    (TORCH_SINUSOIDAL, "turned.sin(), turned.cos()", "turned.cos(), turned.sin()", "sine and cosine exchanged"),
    (TORCH_RELATIVE, ".clamp(min=0, max=2 * reach)", ".clamp(min=0, max=2 * reach - 1)", "reach one too short"),
    (TORCH_RELATIVE, "q @ table.mT * q.shape[-1] ** -0.5", "q @ table.mT", "bias not scaled"),
    (TORCH_RELATIVE, "scatter_add(-1,", "scatter(-1,", "the last weight of a row alone"),
    (TORCH_LEARNED, "need_rows(positions, self.table.num_embeddings)\n", "pass\n", "no clear error"),
    (TORCH_BIAS, "offsets.neg().clamp(min=0)", "offsets.clamp(min=0)", "future for past"),
    (TORCH_BIAS, "bucket + n * (offsets > 0)", "bucket + n * (offsets >= 0)", "itself among the later keys"),
    (TORCH_BIAS, ".clamp(max=n - 1)", ".clamp(max=n)", "one bucket too many"),
    (TORCH_BIAS, "/ math.log(max_distance / exact)", "/ math.log(max_distance)", "logarithm of another distance"),
    (TORCH_ROTARY, "turn = torch.polar(torch.ones_like(turned), turned)", "turn = torch.polar(torch.ones_like(turned), -turned)",
     "turned backwards"),
    (TORCH_ROTARY, "torch.cat([-second, first], dim=-1)", "torch.cat([second, -first], dim=-1)", "halves turned backwards"),
    (TORCH_ROTARY, "torch.cat([turned, turned], dim=-1)", "turned.repeat_interleave(2, dim=-1)", "pairings mixed"),
    (TORCH_ROTARY, ".view(-1, 2).T.flatten()", ".view(2, -1).T.flatten()", "the permutation backwards"),
    (TORCH_BIAS, "alibi_slopes(2 * lower)[::2]", "alibi_slopes(2 * lower)[1::2]", "the wrong slopes between"),
    (TORCH_BIAS, "offsets_between(q_pos, k_pos).abs()", "offsets_between(q_pos, k_pos)", "later keys rewarded"),
    (TORCH_SCALING, "need_factor(factor)\n    return speeds / factor\n", "need_factor(factor)\n    return speeds * factor\n", "stretched"),
    (TORCH_SCALING, "torch.exp(-slower)", "torch.exp(slower)", "faster instead of slower"),
    (TORCH_SCALING, "/ wavelengths - slow) / (fast - slow)", "/ wavelengths - slow) / fast", "ramp ends late"),
    (TORCH_SCALING, "max(length - trained, 0) / trained", "max(length - trained, 0) / length", "grows too late"),
    (TORCH_SCALING, "1 + factor * beyond", "factor * (1 + beyond)", "grows too early"),
    (TORCH_SCALING, "slow: float = 1, fast: float = 4", "slow: float = 1, fast: float = 32", "the ramp of YaRN"),
    (TORCH_SCALING, "* (turns - slow) / (fast - slow)", "* (fast - turns) / (fast - slow)", "the ramp backwards"),
    (TORCH_SCALING, "torch.where(turns < slow, speeds / factor, ramp)", "ramp", "no floor"),
    (TORCH_SCALING, "math.log(trained * factor, trained) ** 0.5", "math.log(trained * factor, trained)", "no root"),
    (TORCH_SCALING, "speeds / factors.to(speeds)", "speeds * factors.to(speeds)", "stretched pair by pair"),
    (TORCH_SCALING, "math.floor(share * len(speeds))", "math.ceil(share * len(speeds))", "one pair too many"),
    (TORCH_SCALING, "speeds[:turning] / factor", "speeds[:turning]", "factor ignored"),
    (TORCH_SCALING, "max(math.floor(pair_that_makes(32)), 0)", "math.floor(pair_that_makes(32))", "ramp begins too early"),
    (TORCH_SCALING, "torch.lerp(speeds / factor, speeds,", "torch.lerp(speeds, speeds / factor,", "fast pairs interpolated"),
    (TORCH_SCALING, "math.log(factor) / 10", "math.log(factor) / 5", "the scale itself squared"),
    (TORCH_DOORS, "0 <= int(rows.min()) and ", "", "negative rows"),
]
