"""Outcomes of games side by side: their table and files, and the verification of a run folder.

Entry points: `comparison.compare_games`, `folder.write_game_run`, `verify.verify_game`.
Reading order: comparison, tables, folder, verify.
Imports games, scenario, simulation, and what all run folders share in `results.run_folder`.
"""
