"""Run the command line: `python -m market` is the command `market`."""

import sys

from market.interfaces.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
