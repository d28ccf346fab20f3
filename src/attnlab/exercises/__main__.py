"""`python -m attnlab.exercises`: the judge's own score, a row a part of the course."""

from __future__ import annotations

from attnlab.exercises import EXERCISES, diagnose

COLUMNS = ("part", "exercises", "mutants", "accepted", "named")


def score(exercise) -> tuple[int, int, int, int]:
    """One exercise: 1, its known mistakes, how many of them pass, and how many are called by their own name."""
    found = {name: diagnose(exercise.id, mutant) for name, mutant in exercise.mutants.items()}
    accepted = sum(diagnosis.passed for diagnosis in found.values())
    named = sum(diagnosis.mistake == exercise.same_as.get(name, name) for name, diagnosis in found.items())
    return 1, len(found), accepted, named


def table() -> list[tuple]:
    """A row a part, and the sum of all."""
    parts: dict[str, list] = {}
    for exercise in EXERCISES.values():
        parts.setdefault(exercise.id.partition(".")[0], []).append(score(exercise))
    rows = [(part, *map(sum, zip(*scores))) for part, scores in parts.items()]
    return [*rows, ("all", *map(sum, zip(*(row[1:] for row in rows))))]


def main() -> None:
    """Print the table."""
    for row in (COLUMNS, *table()):
        print(f"{row[0]:<16}" + "".join(f"{cell:>11}" for cell in row[1:]))


if __name__ == "__main__":
    main()
