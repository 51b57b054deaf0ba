"""The command line: one function for each command.

Entry point: `main.main`, which the script `market` and `python -m market` call.

Read `main` (the commands and their options), `sweep` (the one with a progress bar), then `terminal` (exit
codes, messages, pipes and signals), which all of them use.

Imports: any room, but heavy ones inside the command that needs them: `market --help` imports neither Mesa,
matplotlib nor cvxpy.

To add a command: a function in `main` with `@app.command()` and `@answers` that returns an `ExitCode`, and
its name in `COMMANDS`; printed text goes into `interfaces.text`.
"""
