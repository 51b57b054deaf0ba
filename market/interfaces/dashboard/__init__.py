"""The dashboard: a scenario in the browser, stepped round by round, with dials for its numbers.

`market dashboard [SCENARIO]` serves one page on this machine and needs no network. What is shown is what
`market run` computes; nothing here calculates an economy by itself.

`play` steps a model and notices if it breaks; `dials` finds the numbers of a scenario that can be turned;
`scene` is one choice of scenario, mechanism and numbers, set up; `view` is what can be seen of it; `pictures`
and `table` draw it; `director` is the one thread of a page in which all of this happens, so that no two
clicks can get in each other's way. `panels`, `controls` and `page` are the page itself, built of Solara's
and Mesa's components; `guard` refuses what comes from foreign pages; `server` serves; `extra` says what to
install. Mesa's visualization and Solara are imported in `panels`, `controls`, `page` and `server` only: they
take two seconds.
"""
