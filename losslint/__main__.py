"""``python -m losslint``."""

from losslint.cli.main import launch

launch()
