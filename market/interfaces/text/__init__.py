"""What is printed, one concern a module.

`words`: names, numbers and plain sentences, for a reader. `sections`: what the table of a comparison tells.
`report`: its layout in a terminal or a pipe. `catalogue`: what a scenario can name, for `market list`.
"""
