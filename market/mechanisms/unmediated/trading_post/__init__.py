"""Trading posts: a post for each good, to which money is bid and goods are offered; `p = bids / offers`.

Entry points: `game.TradingPost` (the game), `posts.Posts` (who plays, and prices from bids and offers).
Read posts, then replies (best replies), then deviations (the regret of a profile, by a search of its own),
then game; closed_forms holds replies that need no search.

Symbols: i player, g good with a post; z_ig net trade, > 0 bought, < 0 sold; w = p z money bid; y = -z amount
offered; q commons, always offered; N(p) net supply of agents that take prices; W, Y others' bids and offers.
A profile has one number for each player and good: money bid if it is positive, minus the amount offered if it
is negative, so that an agent is on one side of a post only.

The *residual supply* of a player is what is left for it at a price,

    E(p) = q + Y + N(p) - W / p,

and the price at which it takes z solves `E(p) = z`. With N = 0 that is Shapley's and Shubik's post (or,
with commons alone on offer, Kelly's); with price-taking buyers (`W = 0`, N falls with demand) it is
Cournot's market, with price-taking sellers a monopsony. Where z moves, so does the price,
`dP/dz = 1 / E'(p)`, and a player with conjecture theta ("conduct") equates the marginal value of the good,
in money, with its marginal outlay,

    v_i(z) = p + theta z / E'(p),

which is its own price at theta = 0 and the derivative of its outlay `z P(z)` at theta = 1.

Sources: Shapley and Shubik (1977), "Trade using one commodity as a means of payment"; Kelly (1997), "Charging
and rate control for elastic traffic"; Johari and Tsitsiklis (2004), "Efficiency loss in a network resource
allocation game"; Cournot (1838); Bresnahan (1982) for conduct.
"""
