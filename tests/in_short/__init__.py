"""What `test_in_short.py` knows of each box *In short*: what its functions must agree with, its bugs, and the numbers of its cost."""
