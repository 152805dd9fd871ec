"""``python -m losslint``."""

import sys

from losslint.cli.main import main

sys.exit(main())
