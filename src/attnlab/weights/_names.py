"""What every map of names asks of the file it is given."""

from __future__ import annotations


def need_names(wanted: set[str], found: set[str]) -> None:
    """ValueError with the first three names that are missing, or left over."""
    for words, names in (("lack", wanted - found), ("hold too much:", found - wanted)):
        if names:
            first = ", ".join(sorted(names)[:3])
            raise ValueError(f"the weights {words} {first}" + (f" and {len(names) - 3} more" if len(names) > 3 else ""))
