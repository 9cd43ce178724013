"""``python -m niming``: the command line."""

import sys

from niming.cli import main

if __name__ == "__main__":
    sys.exit(main())
