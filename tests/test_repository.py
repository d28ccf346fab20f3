"""The repository's own promises: pins, workflows, and where its address comes from."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path: str):
    """One of our tools or extensions as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_is_pinned_and_modest(workflow):
    """Actions by full commit with the version beside it, read-only by default, with an end to every job."""
    text = workflow.read_text("utf-8")
    for line in re.findall(r"uses:.*", text):
        assert re.fullmatch(r"uses: [\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    content = yaml.safe_load(text)
    assert content["permissions"] == {"contents": "read"} and "concurrency" in content
    for name, job in content["jobs"].items():
        minutes = job["timeout-minutes"]
        assert minutes == "${{ matrix.minutes }}" or minutes <= 60, name
        assert set(job.get("permissions", {})) <= {"pages", "id-token"}, name
    assert len(re.findall("actions/checkout@", text)) == text.count("persist-credentials: false")


def test_three_workflows():
    assert [path.name for path in WORKFLOWS] == ["book.yml", "tests.yml", "weekly.yml"]


def commands(workflow: Path) -> list[str]:
    """What the steps of a workflow run."""
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def named_in(command: str) -> set[str]:
    """Files and folders of the repository that a command names."""
    return set(re.findall(r"(?<![\w/.-])(?:(?:tools|tests|book)/[\w./-]+|\.ci/\w+|requirements[\w-]*\.txt)", command))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_names_what_is_there(workflow):
    """Files, targets of the Makefile, stages of the checks and extras of the package."""
    text = "\n".join(commands(workflow))
    assert [path for path in named_in(text) if not (ROOT / path).exists()] == []
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"\bmake (\w+)", text)) <= set(targets)
    stages = [word for line in re.findall(r"tools/check\.py((?: \w+)+)", text) for word in line.split()]
    assert set(stages) <= {stage.name for stage in check_tool().STAGES}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {name for names in re.findall(r"\.\[([\w,]+)\]", text) for name in names.split(",")} <= set(extras)


def check_tool():
    """tools/check.py as a module."""
    spec = importlib.util.spec_from_file_location("check_stages", ROOT / "tools" / "check.py")
    module = sys.modules["check_stages"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_a_command_names_is_found():
    command = '.venv/bin/python tools/env.py && .ci/run book && pip install -r requirements-data.txt x/tools/y.py'
    assert named_in(command) == {"tools/env.py", ".ci/run", "requirements-data.txt"}


def test_every_stage_has_its_job_once():
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text("utf-8"))["jobs"]
    shards = jobs["stages"]["strategy"]["matrix"]["include"]
    names = [name for shard in shards for name in shard["stages"].split()]
    assert names == [stage.name for stage in check_tool().STAGES]
    assert all(shard["minutes"] <= 60 for shard in shards)


def test_the_newest_sphinx_comes_with_all_that_the_book_needs():
    """Jupyter Book itself allows no newer Sphinx, so the extra `book` cannot be asked for there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    (line,) = [run for run in commands(ROOT / ".github/workflows/weekly.yml") if " sphinx-book-theme " in run]
    needed = {re.match(r"[\w-]+", requirement)[0] for requirement in extras["book"]} - {"jupyter-book"}
    assert needed - set(line.split()) == set()


def requirements() -> list[str]:
    return [
        line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if line and line[0] not in "#-"
    ]


def test_every_requirement_is_pinned_once():
    names = [re.fullmatch(r"([a-z0-9-]+)==[\w.]+( ; .+)?", line)[1] for line in requirements()]
    assert len(names) == len(set(names)) and names == sorted(names)


def test_data_and_weights_are_pinned_by_hash():
    lines = (ROOT / "requirements-data.txt").read_text(encoding="utf-8").splitlines()
    named = [
        re.fullmatch(r"([a-z0-9-]+)==[\w.]+ --hash=sha256:[0-9a-f]{64}", line)[1]
        for line in lines
        if line and line[0] != "#"
    ]
    assert named == sorted(set(named)) and len(named) >= 5


def test_pins_lie_within_the_ranges_we_claim():
    from packaging.requirements import Requirement

    pins = dict(line.split(" ;")[0].split("==") for line in requirements())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = dict(project["optional-dependencies"])
    assert not {Requirement(peer).name for peer in extras.pop("bench")} & set(pins)  # peers of the benchmark, by choice
    claimed = project["dependencies"] + sum(extras.values(), [])
    for requirement in map(Requirement, claimed):
        assert requirement.specifier.contains(pins[requirement.name]), requirement


def test_front_end_is_locked_by_hash_and_by_name():
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted
    for name, entry in lock["packages"].items():
        if name:
            assert entry["integrity"].startswith("sha512-") and "resolved" not in entry, name


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://github.com/some/book.git", "https://github.com/some/book"),
        ("https://github.com/some/book", "https://github.com/some/book"),
        ("https://token@github.com/some/book.git", "https://github.com/some/book"),
        ("git@github.com:some/book.git", "https://github.com/some/book"),
        ("ssh://git@github.com/some/book.name.git", "https://github.com/some/book.name"),
        ("ssh://git@gitlab.example.org:2222/a/group/book.git", "https://gitlab.example.org/a/group/book"),
        ("git@gitlab.com:a/group/book.git", "https://gitlab.com/a/group/book"),
        ("/srv/git/book.git", None),
        ("file:///srv/git/book.git", None),
        ("https://example.org/some/book", None),
        ("https://notgithub.com/some/book", None),
        ("https://github.com/some", None),
        ("", None),
    ],
)
def test_web_address_of_a_remote(remote, address):
    assert load("book/_ext/repository.py").web_address(remote) == address


def test_address_comes_from_the_environment_first(monkeypatch):
    repository = load("book/_ext/repository.py")
    monkeypatch.setattr(repository, "git_remote", lambda: "git@github.com:from/remote.git")
    for name in ("ATTNLAB_REPOSITORY", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    assert repository.find() == "https://github.com/from/remote"
    monkeypatch.setenv("GITHUB_REPOSITORY", "from/ci")
    assert repository.find() == "https://github.com/from/ci"
    monkeypatch.setenv("ATTNLAB_REPOSITORY", "https://gitlab.com/by/hand")
    assert repository.find() == "https://gitlab.com/by/hand"
    monkeypatch.setenv("ATTNLAB_REPOSITORY", "")
    assert repository.find() is None


def test_letters_of_query_key_and_value_are_marked():
    colour = load("book/_ext/katex_static.py").colour_letters
    span = '<span class="mord mathnormal{}">{}</span>'.format
    assert colour(span("", "Q")) == '<span class="mord mathnormal sym-q">Q</span>'
    assert colour(span("", "k")) == '<span class="mord mathnormal sym-k">k</span>'
    assert colour(span(" mtight", "V")) == '<span class="mord mathnormal mtight sym-v">V</span>'
    assert colour(span(" mtight", "k")) == span(" mtight", "k")
    assert colour(span("", "QO")) == '<span class="mord mathnormal"><span class="sym-q">Q</span>O</span>'
    assert colour(span("", "x")) == span("", "x")


def test_a_page_can_say_that_its_letters_are_others():
    from types import SimpleNamespace

    asked = load("book/_ext/katex_static.py").coloured
    told = {"a": {"attnlab": '{"letters": "plain", "minutes": 5}'}, "b": {"attnlab": '{"minutes": 5}'}, "c": {}}
    pages = {name: SimpleNamespace(builder=SimpleNamespace(env=SimpleNamespace(metadata=told), current_docname=name)) for name in "abcd"}
    assert [asked(pages[name]) for name in "abcd"] == [False, True, True, True]


def test_dead_rules_go_and_living_ones_stay():
    import tinycss2

    css = ".used,.gone{a:b}#gone{a:b}@media print{.gone{a:b}.used>p{a:b}}p:not(.gone){a:b}@font-face{src:x}"
    rules = tinycss2.parse_stylesheet(css, skip_whitespace=True)
    kept = load("book/_ext/slim_css.py").purge(rules, {"used"})
    assert kept == ".used{a:b}@media print{.used>p{a:b}}p:not(.gone){a:b}@font-face{src:x}"


def test_a_word_of_the_prose_keeps_no_rule_and_a_name_that_a_script_or_its_data_uses_does(tmp_path):
    (tmp_path / "a.html").write_text('<p class="one two" id=\'three\'>prose</p><script>element.className = "four"</script>', "utf-8")
    (tmp_path / "b.json").write_text('{"html": "<i class=\\"five\\">"}', "utf-8")
    words = load("book/_ext/slim_css.py").words_in_use(tmp_path)
    assert {"one", "two", "three", "four", "five"} <= words and "prose" not in words


def test_white_space_that_says_nothing_goes_from_a_rule():
    import tinycss2

    css = 'a { b: "x  ; y" ; /* c */\n  margin : 0   1px ,\n calc(1px + 2px);\n}'
    rule = tinycss2.parse_stylesheet(css)[0]
    assert load("book/_ext/slim_css.py").tight(rule.content) == 'b: "x  ; y";margin : 0 1px,calc(1px + 2px)'
