"""What test_in_short knows of the part on theory."""

from __future__ import annotations

from in_short.page import Page

PAGES: dict[str, Page] = {}
