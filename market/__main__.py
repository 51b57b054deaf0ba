"""`python -m market` is the command `market`."""

import sys

from market.cli import main

if __name__ == "__main__":
    sys.exit(main())
