"""Runs inside a notebook's kernel: what each cell changed among the names, so that a cell need not run twice to have run."""

from __future__ import annotations

MISSING = object()


class Noted:
    """The names as they are now, and from now on what each cell changes: `shell` is IPython's."""

    def __init__(self, shell):
        self.shell, self.start, self.changes = shell, dict(shell.user_ns), {}
        self.last = self.start
        shell.events.register("post_run_cell", self.look)

    def look(self, result) -> None:
        """Note what a cell bound anew and what it took away."""
        now, before = dict(self.shell.user_ns), self.last
        bound = {name: value for name, value in now.items() if before.get(name, MISSING) is not value}
        self.changes.setdefault(result.info.raw_cell, []).append((bound, before.keys() - now.keys()))
        self.last = now

    def go_back(self) -> None:
        """All names as they were at the start; nothing is noted any more."""
        self.shell.events.unregister("post_run_cell", self.look)
        self.shell.user_ns.clear()
        self.shell.user_ns.update(self.start)

    def pass_over(self, *sources: str) -> None:
        """Names as after these cells, which are not run again. Errors: KeyError for a cell that has not been run."""
        for source in sources:
            bound, gone = self.changes[source].pop(0)
            self.shell.user_ns.update(bound)
            for name in gone:
                self.shell.user_ns.pop(name, None)
