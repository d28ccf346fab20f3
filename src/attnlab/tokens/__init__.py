"""From text to ids and back: a vocabulary of words, pieces of words."""
