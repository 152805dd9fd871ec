"""``python -m losslint``."""

import os
import sys

# Python puts the folder that it was started in first, where the linted project lies: a folder of it
# called like a module of Python's own would be imported, and run.
try:
    started_in = os.getcwd()  # noqa: PTH109 pathlib could be such a folder
except OSError:
    started_in = ""
if sys.path and sys.path[0] in ("", started_in):
    del sys.path[0]

from losslint.cli.main import launch

launch()
