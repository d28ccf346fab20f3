"""What the models of the course learn from: small tasks made here, words and names out of installed packages.

Everything is decided by its seed, nothing is downloaded. Texts are tuples of words, numbers in the place of words
("ids") are NumPy integers; `Vocabulary` goes from one to the other.
"""

from attnlab.data.batches import by_length, split
from attnlab.data.names import names
from attnlab.data.numbers import digits, english, german, number_pairs
from attnlab.data.tasks import recall, reverse
from attnlab.data.translation import formula_pairs
from attnlab.tokens.vocabulary import END, PAD, START, Vocabulary, pad
from attnlab.weights.packages import data_file

__all__ = [
    "END",
    "PAD",
    "START",
    "Vocabulary",
    "by_length",
    "data_file",
    "digits",
    "english",
    "formula_pairs",
    "german",
    "names",
    "number_pairs",
    "pad",
    "recall",
    "reverse",
    "split",
]
