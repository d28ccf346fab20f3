"""What lies in a folder of answers is used where it is right, and told in one sentence where it is not; nothing in it breaks an import."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab import mine
from attnlab.exercises import EXERCISES, _keep, solved
from attnlab.exercises._answer import version
from attnlab.mine import answers, pieces

pytestmark = pytest.mark.usefixtures("as_readers_run_it")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(_keep.VARIABLE, str(tmp_path / "nowhere"))
    return tmp_path


def lay(folder, name: str, source: str | None = None, slot: str | None = None) -> None:
    """Put an answer into the folder as `keep` does: the course's solution unless another text is given."""
    exercise = mine.PIECES[name].exercise
    one = _keep.Kept(solved(exercise) if source is None else source, exercise, slot or version(EXERCISES[exercise]), "2026-03-14T09:26:53.589Z")
    (folder / _keep.file_name(exercise)).write_text(_keep.written(one), "utf-8")


def test_every_piece_is_the_slot_of_its_exercise_and_stands_in_one_stage():
    names = [name for stage in mine.STAGES for name in stage.pieces]
    assert names == list(mine.PIECES) and len(set(names)) == len(names) == 26
    assert all(EXERCISES[piece.exercise].name == name for name, piece in mine.PIECES.items())
    assert all(mine.course(name) is EXERCISES[piece.exercise].reference for name, piece in mine.PIECES.items())
    assert pieces.by_exercise()["efficiency.traffic_score"] == "my_attention"
    with pytest.raises(AttributeError, match="'gelu' is no piece of the model; the pieces are apply_merges"):
        mine.course("gelu")


def test_without_a_folder_every_piece_is_the_course_s(folder):
    own = mine.assemble()
    assert own.yours == () and repr(own).endswith("0 of 26 pieces are yours.") and own.rotary is mine.course("rotary")


def test_right_answers_are_used_and_the_rest_is_the_course_s(folder):
    lay(folder, "softmax")
    lay(folder, "merge_heads")
    own = mine.assemble(folder=folder)
    assert own.yours == ("softmax", "merge_heads") and own.softmax is not mine.course("softmax")
    assert own.states["rotary"] == mine.State("rotary", mine.course("rotary"), False)
    said = repr(own)
    assert said.startswith("Yours: softmax, merge_heads\nNot solved yet: apply_merges, sinusoidal,") and said.endswith("2 of 26 pieces are yours.")


def test_the_course_s_own_solutions_pass_as_files_all_of_them(folder):
    for name in mine.PIECES:
        lay(folder, name)
    assert mine.assemble(folder=folder).yours == tuple(mine.PIECES)


BROKEN = {
    "a syntax error": ("def softmax(scores, temperature=1.0)\n    return", "yours is no Python (SyntaxError, line 1)"),
    "no text": ("", "yours does not pass now: your function raises NameError: the file defines no function softmax"),
    "null bytes": ("x = '\0'", "yours is no Python"),
    "a loop without end in the function": ("def softmax(scores, temperature=1.0):\n    while True: pass", "did not finish within 1 second"),
    "a loop without end above it": ("while True: pass\ndef softmax(scores, temperature=1.0): return scores", "did not finish within 1 second"),
    "an exit": ("raise SystemExit\ndef softmax(s, temperature=1.0): return s", "your function raises SystemExit"),
    "no function": ("softmax = 5", "the file defines no function softmax"),
    "wrong values": ("def softmax(scores, temperature=1.0): return scores", "yours does not pass now: "),
    "another shape": ("def softmax(scores, temperature=1.0): return scores[0]", "yours does not pass now: "),
    "nothing": ("def softmax(scores, temperature=1.0): ...", "your function has a body but gives back None"),
    "a module that is not there": ("import no_such_module\ndef softmax(s, temperature=1.0): return s", "No module named 'no_such_module'"),
    "no end": ("def softmax(scores, temperature=1.0): return softmax(scores, temperature)", "RecursionError"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_answer_is_told_in_a_sentence_and_the_course_s_stands_in(folder, what, monkeypatch):
    source, why = BROKEN[what]
    monkeypatch.setattr(answers, "SECONDS", 1.0)
    lay(folder, "softmax", source)
    own = mine.assemble(folder=folder)
    assert own.yours == () and why in own.states["softmax"].why and "\n" not in own.states["softmax"].told
    np.testing.assert_allclose(own.softmax(np.zeros((1, 2))), 0.5)


def test_an_answer_to_an_earlier_wording_is_used_while_it_passes_and_told_when_not(folder):
    lay(folder, "softmax", slot="00000000")
    assert mine.assemble(folder=folder).yours == ("softmax",)
    lay(folder, "softmax", "def softmax(scores): return scores", slot="00000000")
    assert mine.assemble(folder=folder).states["softmax"].why.startswith("it was written for an earlier version of the exercise; yours does not")


@pytest.mark.parametrize("data, why", [(b"\xff\xfe\x00", "cannot be read (UnicodeDecodeError)"), (b"#" * 50_000, "has 50,000 characters")])
def test_a_damaged_file_is_told(folder, data, why):
    (folder / "self_attention__softmax.py").write_bytes(data)
    assert why in mine.assemble(folder=folder).states["softmax"].why


def test_a_file_without_our_head_is_an_answer_too(folder):
    (folder / "self_attention__softmax.py").write_text(solved("self_attention.softmax"), "utf-8")
    assert mine.assemble(folder=folder).yours == ("softmax",)


def test_a_piece_gets_copies_prints_nothing_and_gives_arrays(folder, capsys):
    source = "import numpy as np\ndef merge_heads(x):\n    print('loud')\n    y = np.concatenate(list(np.moveaxis(x, -3, 0)), axis=-1)\n    x *= 0\n    return y.tolist()"
    lay(folder, "merge_heads", source)
    own, x = mine.assemble(folder=folder), np.ones((2, 3, 4))
    assert own.yours == ("merge_heads",)
    y = own.merge_heads(x)
    assert isinstance(y, np.ndarray) and (x == 1).all() and capsys.readouterr().out == ""


def test_functions_can_be_given_and_a_strange_one_is_refused():
    solution = EXERCISES["positions.rotary"].solution
    assert mine.assemble(solution, folder="nowhere").yours == ("rotary",)
    with pytest.raises(ValueError, match="gelu is no piece of the model"):
        mine.assemble(type("f", (), {"__name__": "gelu"})())


def test_names_are_looked_up_and_said_once(folder, capsys):
    lay(folder, "softmax", "def softmax(")
    find, names = mine.lookup(folder)
    assert find("softmax") is find("softmax") is mine.course("softmax")
    assert capsys.readouterr().out.count("softmax") == 1 and "softmax" in names() and "window_mask" in names()
    assert find("window_mask") is EXERCISES["self_attention.window_mask"].reference, "answers that are no piece of the model too"
    with pytest.raises(AttributeError, match="no exercise asks for a function 'gelu'"):
        find("gelu")


def test_a_fitted_part_of_several_results_gives_arrays_too():
    part = answers.fitted(lambda x, n: ([x.sum()], x * n))
    first, second = part(np.arange(3.0), 2)
    assert isinstance(first, np.ndarray) and first.tolist() == [3.0] and second.tolist() == [0, 2, 4]
