"""The losses against those of other libraries, each difference in definition explained.

Not part of the tests: the libraries are heavy. ``make test-peers`` installs and runs it.
"""
