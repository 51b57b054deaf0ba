"""Play a scenario: `python run_sim.py SCENARIO.toml` is `market run SCENARIO.toml`."""

import sys

try:
    from market.interfaces.cli.main import main
except ModuleNotFoundError as error:  # run by a Python that has not got what the project needs
    sys.exit(
        f"Python cannot find {error.name}. Run `make run` once, which sets up .venv, then use "
        f".venv/bin/python {' '.join(sys.argv)}"
    )
except KeyboardInterrupt:  # before the program was there to answer
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
