"""From the text of a scenario file to checked entries, one concern a module.

`toml_source`: bounded text, parsed, with the line of every key. `overrides`: `--set path=value`. `draws`:
numbers drawn or read from data. `entries` and `schema`: what a file may say, as strict models derived from
the registries. `checks`: everything that is wrong with a file, in plain words. `market.scenario.loading` puts
them together.
"""
