"""The type checker that jaxtyping's import hook puts around every function of the package while it is
tested."""

from __future__ import annotations

from beartype import BeartypeConf, beartype

# An int may stand where a float is asked for, as everywhere in Python.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
