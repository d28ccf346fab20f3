"""Part 6: the variants, what each keeps and drops."""
