"""The printed table and interpretation: they fit, are complete, and agree with theory."""

import io
from pathlib import Path

import numpy as np
import pytest
from helpers import stories
from rich.console import Console

import market
from market.interfaces.text import report
from market.interfaces.text.sections import LOST, NEAREST, NO_LIMIT, SHADOW, WEIGHTS, sections
from market.interfaces.text.sentences import number, percent, reading, visible


def printed(compared, width):
    """The lines printed at a width, as into a pipe."""
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(report.comparison(compared, width))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def cells(compared, title, label):
    """The cells of a row, one a mechanism."""
    [section] = [section for section in sections(compared) if section.title == title]
    [row] = [row for row in section.rows if row.label == label]
    return list(row.cells)


@pytest.fixture(scope="module")
def commons():
    return market.compare(market.loads(stories.COMMONS))


@pytest.fixture(scope="module")
def war():
    return market.compare(market.loads(stories.WAR))


@pytest.fixture(scope="module")
def gift():
    return market.compare(market.loads(stories.GIFT))


@pytest.fixture(scope="module")
def crowd():
    return market.compare(market.loads(stories.crowd(235, "first mover", "prices")))


@pytest.fixture(scope="module")
def barter():
    return market.compare(market.loads(stories.barter(10)))


@pytest.fixture(params=["commons", "war", "gift", "crowd", "barter"])
def any_story(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_is_longer_than_the_terminal(any_story, width):
    assert max(map(len, printed(any_story, width))) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_every_row_and_reason_is_printed(any_story, width):
    text = "\n".join(printed(any_story, width))
    assert any_story.scenario.title in text
    assert "How each mechanism ended" in text
    assert "Interpretation" in text
    unfolded = " ".join(text.split())
    for section in sections(any_story):
        for label in (section.title, *(row.label for row in section.rows)):
            assert label.split()[0] in unfolded if label else True
    for name, outcome in any_story.outcomes.items():
        assert name in text
        assert " ".join(outcome.reason.split()[:3]) in " ".join(text.split())


def test_a_pipe_gets_no_colours(commons):
    assert "\x1b" not in "\n".join(printed(commons, 80))


def test_the_commons_have_the_numbers_of_theory(commons):
    # one mover takes q = 10; with prices p = 2/q, x = q/2, and payoff log 5 - 1
    assert cells(commons, "Consumption of water", "alpha") == ["10", "5", "5"]
    assert cells(commons, "Prices", "water") == ["-", "0.2", "0.2 *"]
    assert cells(commons, "Utility", "beta") == ["-inf", number(np.log(5)), number(np.log(5))]
    assert cells(commons, "Payoff (utility minus payments)", "alpha")[1] == number(np.log(5) - 1)
    handed_back = cells(commons, "Payoff, revenue handed back equally", "alpha")
    assert handed_back[1:] == [number(np.log(5))] * 2
    assert cells(commons, "Surplus", "consumer surplus") == ["unbounded"] * 3
    kept = ["-inf", number(2 * np.log(5) - 2), number(2 * np.log(5))]
    assert cells(commons, "Surplus", "consumers' utility minus payments") == kept
    assert cells(commons, "Surplus", "revenue of the common stock") == ["0", "2", "0"]
    assert cells(commons, "Alignment", "Pareto efficient (goods)?") == ["yes", "yes", "yes"]
    assert cells(commons, "Alignment", "maximises total surplus?") == ["no", "yes", "yes"]
    lost = cells(commons, "Surplus", "unrealised gains from trade (deadweight loss)")
    assert lost == ["unbounded", "0", "0"]
    assert cells(commons, "Alignment", "some weight is zero?") == ["yes", "no", "no"]
    assert cells(commons, "Welfare weights (Negishi)", "beta") == ["0", "0.5", "0.5"]
    assert cells(commons, "Compared with 'first mover'", "gain") == ["-", "beta", "beta"]
    assert cells(commons, "Compared with 'first mover'", "lose") == ["-", "alpha", "alpha"]


def test_signs_are_explained_where_they_occur_and_nowhere_else(commons, war):
    assert LOST in printed(commons, 120)
    assert NO_LIMIT.format(names="beta") in printed(commons, 120)
    assert SHADOW in printed(war, 120)
    assert LOST not in printed(war, 120)


def test_the_interpretation_names_zero_weights_winners_and_losers(commons):
    first, second, third, fourth = reading(commons)
    assert "'first mover'" in first
    assert "Pareto efficient, but only with zero weight on beta" in first
    assert second == (
        "Under 'prices' and 'planner' the outcome is Pareto efficient, and total surplus is maximal."
    )
    assert third == (
        "Under 'prices' the auctioneer keeps 2, the revenue of the common stock. Handed back in lump sums it "
        "makes payoffs add up to total surplus, 3.219, as under 'planner'."
    )
    assert fourth == "Under 'prices' and 'planner', compared with 'first mover', beta gains and alpha loses."


def test_a_mechanism_that_does_not_converge_is_named_with_advice():
    restless = stories.WAR.replace("count = 3", "count = 2")  # two of them rush in and out forever
    compared = market.compare(market.loads(restless), ["one after another", "all at once"])
    assert reading(compared)[0].startswith("Not converged: 'all at once'. Prices or actions oscillate")
    assert cells(compared, "", "Status") == ["Nash", "cycling"]


def test_war_makes_all_agents_lose_and_shows_its_penalty(war):
    assert cells(war, "Payoff (utility minus penalty and payments)", "tribe[1]")[1] == "war penalty"
    assert cells(war, "Compared with 'one after another'", "lose")[1] == "all"
    sentences = " ".join(reading(war))
    assert "Under 'all at once' the outcome is not Pareto efficient" in sentences
    assert "All resources are wasted: every agent would be as well off without any." in sentences
    assert "There is war over water" in " ".join(" ".join(printed(war, 120)).split())


def test_a_good_has_rows_only_for_its_producers_or_consumers(gift):
    titles = {section.title: [row.label for row in section.rows] for section in sections(gift)}
    assert titles["Consumption of bread"] == ["guest"]
    assert titles["Production of cake"] == ["baker"]


def test_a_pareto_improvement_is_named(gift, barter):
    assert cells(barter, "Compared with 'at home'", "Pareto improvement?") == ["-", "yes"]
    assert "all agents gain and no agent loses: a Pareto improvement." in reading(barter)[-1]
    assert cells(gift, "Compared with 'gift'", "gain") == ["-", "guest"]


def test_agents_at_minus_infinity_are_counted_and_not_averaged(crowd):
    assert cells(crowd, "Utility", "thirsty (35), mean")[0] == "-inf: 34 of 35, others 3.912"  # log 50
    assert cells(crowd, "Utility", "thirsty (35), lowest")[0] == "-inf"
    assert cells(crowd, "Compared with 'first mover'", "gain") == ["-", "234 of 235"]
    assert cells(crowd, "Consumption of water", "thirsty (35), total")[0] == "50"


def test_producers_have_accounts_and_are_left_out_of_utilities_and_payoffs(gift):
    titles = {section.title: [row.label for row in section.rows] for section in sections(gift)}
    assert titles["Utility"] == titles["Payoff (utility minus payments)"] == ["guest"]
    # half a loaf at 2 and 0.6 cakes at 5: unit costs are the prices
    accounts = [cells(gift, f"{kind} of producers", "baker")[1] for kind in ("Revenue", "Cost", "Profit")]
    assert accounts == ["4", "4", "0"]


def test_profits_of_technologies_are_their_value_at_the_prices():
    chain = market.load(Path(__file__).parents[3] / "scenarios/chain.toml")
    compared = market.compare(chain, ["autarky", "prices"])
    revenue, cost, profit = (
        [cells(compared, f"{kind} of producers", name) for name in ("farm", "mill")]
        for kind in ("Revenue", "Cost", "Profit")
    )
    outcome = compared.outcomes["prices"]
    worth = outcome.production @ outcome.prices
    assert profit == [["-", number(float(worth[11]))], ["-", "0"]]
    assert revenue[1] == cost[1]
    labels = [row.label for section in sections(compared) for row in section.rows if section.title == WEIGHTS]
    assert labels == ["worker (10), each", "landlord"]


def test_utilities_without_a_common_unit_have_a_range_and_no_mean():
    compared = market.compare(
        market.loads(stories.barter(9).replace('"ann"', '"ann"\ncount = 15')), ["at home"]
    )
    [section] = [section for section in sections(compared) if section.title == "Utility"]
    hows = {row.label.rpartition(", ")[2] for row in section.rows if ", " in row.label}
    assert hows == {"lowest", "highest"}


def test_prices_that_do_not_clear_say_their_round():
    compared = market.compare(
        market.load(Path(__file__).parents[3] / "scenarios/exceptional.toml"), ["prices"]
    )
    title = "Prices (~ of the round closest to clearing)"
    path = compared.rounds[compared.rounds["good"] == "honey"]
    best = path.loc[path["disequilibrium"].idxmin()]
    assert cells(compared, title, "honey") == [f"{number(float(best['price']))} ~"]
    assert cells(compared, title, "of round") == [str(best["round"])]
    assert cells(compared, title, "an equilibrium?") == ["no"]
    assert NEAREST in printed(compared, 120)


def test_a_description_stands_under_the_title(commons):
    text = stories.COMMONS.replace("title =", 'description = """\nA well.\n\n- Look.\n"""\ntitle =')
    compared = market.compare(market.loads(text), ["planner"])
    assert printed(compared, 80)[1:5] == ["", "A well.", "- Look.", ""]
    assert printed(commons, 80)[1].startswith("2 agents")


def test_with_more_goods_than_agents_sections_are_by_agent(barter):
    titles = {section.title: [row.label for row in section.rows] for section in sections(barter)}
    assert titles["Consumption by ann"] == list(barter.economy.goods)


def test_many_goods_and_agents_are_shown_in_totals():
    compared = market.compare(market.loads(stories.barter(30)))
    titles = [section.title for section in sections(compared)]
    assert "Total consumption" in titles
    assert "Consumption by ann" not in titles
    assert max(map(len, printed(compared, 80))) <= 80


def test_many_mechanisms_are_shown_in_several_tables():
    names = [f"prices of kind number {i}" for i in range(7)]
    more = "".join(f'[[mechanisms]]\nname = "{name}"\nkind = "auctioneer"\n' for name in names)
    head = stories.COMMONS.partition("[[mechanisms]]")[0]
    compared = market.compare(market.loads(head + more))
    lines = printed(compared, 80)
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("Status") for line in lines) == 2
    assert "there is no baseline for gains and losses" in " ".join(lines)


def test_names_are_no_markup():
    title = "Who [bold]gets[/bold] it? :water_wave: 10.0"
    scenario = market.loads(stories.COMMONS.replace("Who gets the water?", title).replace("alpha", "[red]a"))
    lines = printed(market.compare(scenario, ["first mover"]), 80)
    assert lines[0] == title
    assert any(line.startswith("  [red]a ") for line in lines)


def test_a_text_from_a_file_cannot_speak_to_the_terminal():
    assert visible("Who \x1b[31mgets\u202e\x9b\nit?") == r"Who \x1b[31mgets\u202e\x9b\nit?"
    assert visible("Zoë, 北京") == "Zoë, 北京"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (5.0000000003, "5"), (-0.0001234567, "-0.000123"), (12345.6, "12,346"), (1e99, "1e99"),
        (1234.5, "1,234"), (999.97, "1,000"), (999.9, "999.9"),
        (2.5e-7, "2.5e-7"), (float("-inf"), "-inf"), (float("nan"), "-"), (None, "-"),
    ],
)  # fmt: skip
def test_numbers_are_short_and_right(value, text):
    assert number(value) == text


def test_a_tiny_share_is_not_a_row_of_digits():
    assert [percent(share) for share in (1.0, 0.63, 5.9e-12, 0.0, None)] == [
        "100 %",
        "63 %",
        "about 0 %",
        "0 %",
        "-",
    ]
