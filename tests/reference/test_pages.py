"""Block tables by hand, and what must be true of them after any step."""

from __future__ import annotations

import numpy as np
import pytest

from attnlab.reference.pages import Copy, Pages


def three_pages() -> Pages:
    """Pages of two tokens; text "a" has five and holds three of seven pages."""
    pages = Pages(7, 2)
    pages.join("a")
    assert pages.grow("a", 5) is None
    return pages


def test_a_text_takes_pages_as_it_grows():
    pages = three_pages()
    assert pages.tables == {"a": (0, 1, 2)} and pages.n_free == 4
    assert pages.rows("a").tolist() == [0, 1, 2, 3, 4]
    assert pages.grow("a", 1) is None and pages.n_free == 4  # room in the last page
    pages.grow("a", 1)
    assert pages.tables == {"a": (0, 1, 2, 3)} and pages.length("a") == 7


def test_a_page_given_back_is_used_again():
    pages = three_pages()
    pages.join("b")
    pages.grow("b", 1)
    assert pages.leave("a") == 3 and pages.n_free == 6
    pages.grow("b", 3)
    assert set(pages.tables["b"]) - {3} <= {0, 1, 2} and pages.rows("b").tolist() == [6, 7, 4, 5]


def test_a_fork_holds_the_same_pages_and_copies_the_one_it_writes_into():
    pages = three_pages()
    pages.fork("a", "b")
    assert pages.tables["b"] == (0, 1, 2) and pages.holders == (2, 2, 2, 0, 0, 0, 0) and pages.n_free == 4
    assert pages.grow("b", 1) == Copy(2, 3, 1)  # one row of two is full
    assert pages.tables == {"a": (0, 1, 2), "b": (0, 1, 3)} and pages.holders == (2, 2, 1, 1, 0, 0, 0)
    assert pages.grow("a", 1) is None  # now it is its own


def test_full_pages_are_shared_without_a_copy():
    pages = three_pages()
    pages.fork("a", "b", 4)
    assert pages.grow("b", 3) is None and pages.tables["b"] == (0, 1, 3, 4)


def test_a_beginning_may_end_within_a_page():
    pages = three_pages()
    pages.fork("a", "b", 3)
    assert pages.tables["b"] == (0, 1) and pages.length("b") == 3
    assert pages.grow("b", 1) == Copy(1, 3, 1) and pages.rows("b").tolist() == [0, 1, 6, 7]
    pages.fork("a", "none", 0)
    assert pages.tables["none"] == ()


def test_what_is_shared_stays_until_its_last_text_has_left():
    pages = three_pages()
    pages.fork("a", "b")
    assert pages.leave("a") == 0 and pages.n_free == 4
    assert pages.leave("b") == 3 and pages.n_free == 7 and pages.tables == {}


def test_pages_behind_the_window_are_given_back_and_sinks_are_kept():
    pages = Pages(9, 2)
    pages.join("a")
    pages.grow("a", 11)
    assert pages.slide("a", window=4, n_sinks=1) == 2  # tokens 7 to 10 and 0; page 3 holds tokens 6 and 7
    assert pages.tables["a"] == (0, None, None, 3, 4, 5)
    assert pages.places("a").tolist() == [0, 1, 6, 7, 8, 9, 10] and pages.length("a") == 11
    assert pages.rows("a").tolist() == [0, 1, 6, 7, 8, 9, 10]
    assert pages.slide("a", window=4, n_sinks=1) == 0
    assert pages.slide("a", window=4) == 1 and pages.places("a").tolist() == [6, 7, 8, 9, 10]
    assert pages.slide("a", window=100) == 0


def test_a_window_that_slides_leaves_shared_pages_to_the_others():
    pages = three_pages()
    pages.fork("a", "b")
    assert pages.slide("a", window=1) == 0 and pages.holders[:3] == (1, 1, 2)
    assert pages.rows("b").tolist() == [0, 1, 2, 3, 4] and pages.rows("a").tolist() == [4]
    with pytest.raises(ValueError, match="text 'a' no longer holds all of its first 4 tokens"):
        pages.fork("a", "c", 4)
    pages.fork("a", "c")
    assert pages.rows("c").tolist() == [4]


def test_where_pages_are_missing_nothing_has_changed():
    pages = three_pages()
    pages.fork("a", "b")
    with pytest.raises(MemoryError, match="text 'b' needs 5 more pages but 4 of 7 are free"):
        pages.grow("b", 8)  # a copy and four new ones
    assert pages.tables == {"a": (0, 1, 2), "b": (0, 1, 2)} and pages.length("b") == 5 and pages.n_free == 4
    pages.grow("b", 7)
    assert pages.n_free == 0


def test_no_token_needs_no_page():
    pages = three_pages()
    pages.fork("a", "b")
    assert pages.grow("b", 0) is None and pages.n_free == 4
    pages.join("c")
    assert pages.rows("c").tolist() == [] and pages.places("c").tolist() == [] and pages.leave("c") == 0


def test_what_is_refused():
    pages = three_pages()
    with pytest.raises(ValueError, match="there is a text 'a' already"):
        pages.join("a")
    with pytest.raises(ValueError, match="there is a text 'a' already"):
        pages.fork("a", "a")
    assert pages.holders == (1, 1, 1, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="there is no text 'x'"):
        pages.leave("x")
    with pytest.raises(ValueError, match="n_tokens must be between 0 and 5 but is 6"):
        pages.fork("a", "b", 6)
    with pytest.raises(ValueError, match="window must be at least 1 but is 0"):
        pages.slide("a", 0)
    with pytest.raises(ValueError, match="page_size must be at least 1 but is 0"):
        Pages(3, 0)


@pytest.mark.usefixtures("as_readers_run_it")
def test_names_and_counts_may_be_numpys():
    pages = Pages(np.int64(5), np.int64(3))
    pages.join(1)
    pages.grow(1, np.int64(4))
    assert pages.rows(1).dtype == np.arange(1).dtype and len(pages.rows(1)) == 4
