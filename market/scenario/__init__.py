"""Scenario: from the text of a file, with the line of every mistake, to an economy.

Entry points: `loading.load` and `loads` (a validated `Scenario`, or one error with all faults),
`building.build` (its `Economy`, with numbers drawn or read), `document.json_schema` (for editors).
Reading order: toml_text (bounded text, lines of keys), overrides (`--set path=value`), data_files and
distributions (numbers read or drawn), models and document (strict models derived from the registries),
error_messages (faults in words, rules across parts of a file), step_files (bids and offers from data
files), loading, building.
Imports economy for arrays, and mechanisms for the registries of mechanisms, games and price rules.
To add a key: an option or parameter of the family that declares it; for a key of the file itself, a field of
`document.Document` or `document.Group`. To add a distribution: a class in distributions.
"""
