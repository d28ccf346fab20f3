"""Where checks and exercises send the reader: every address is there on the built site."""

from __future__ import annotations

import re

from attnlab.exercises import EXERCISES, MISCONCEPTIONS


def test_every_address_of_a_mistake_and_of_an_exercise_is_a_section_of_the_site(site_folder):
    addresses = {known.href for known in (*MISCONCEPTIONS.values(), *EXERCISES.values())}
    for page in {address.split("#")[0] for address in addresses}:
        sections = re.findall(r'<section\b[^>]*? id="?([^" >]+)', (site_folder / page).read_text("utf-8"))
        assert {address.split("#")[1] for address in addresses if address.startswith(f"{page}#")} <= set(sections), page
