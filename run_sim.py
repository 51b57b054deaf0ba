"""Play a scenario: `python run_sim.py SCENARIO.toml` is `market run SCENARIO.toml`."""

import sys

from market.cli import main

if __name__ == "__main__":
    sys.exit(main())
