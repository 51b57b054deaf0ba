"""The dashboard: a scenario in the browser, stepped round by round, with dials for its parameters.

Entry point: `server.dashboard`, for `market dashboard [SCENARIO]` and `market.dashboard(scenario,
traders=...)`, which serves one page on this machine and needs no network. The page shows what `market run`
computes; no economy or game is calculated here.

Read `play` (steps a model and notices if it breaks), `scene` (one choice of scenario, mechanism and
parameters, set up; `dials` finds the parameters), `view` (words, and what `pictures` and `table` draw),
`director` (the one thread of a page in which all of this happens, so that two clicks cannot interfere), then
`panels`, `controls` and `page`, built of Solara's and Mesa's components. A round is fast because of `frames`
(a figure is drawn once, what moves in it alone in each round) and `marks` (what moves in which figure).
Of games `game_pictures` draws the figures, and `actions` what players do.
`offer` is what a server offers to its pages, `guard` refuses foreign pages, `extra` names missing packages.

Imports: simulation, results, plots and interfaces.text. Mesa's visualization and Solara take two seconds, so
that only `panels`, `controls`, `page` and `server` import them.

To add a picture: a `Panel` in `pictures._panels`, and in `marks` a function for what moves in it. To add a
control: a component in `controls`, and a wish in `director` if it changes the play.
"""
