"""A game as a Mesa model: stepping, players with decisions of their own, what is collected."""

from __future__ import annotations

import mesa
import pytest

import market
from market.errors import InputError, NumericalError

CHICKEN = """schema = 1
game = "chicken"
comparable = true
[[mechanisms]]
name = "alone"
kind = "unmediated"
[[mechanisms]]
name = "learn"
kind = "learning"
rule = "regret_matching"
max_rounds = 20
"""


@pytest.fixture
def scenario():
    return market.loads(CHICKEN)


def test_steps_lead_to_the_outcome_of_a_run(scenario):
    stepped, run = market.GameModel(scenario, "alone"), market.GameModel(scenario, "alone").run()
    assert isinstance(stepped, mesa.Model)
    assert stepped.outcome().status == "in_play"
    while stepped.running:
        stepped.step()
    assert stepped.outcome().status == run.status == "nash"
    assert [player.action for player in stepped.players] == ["straight", "swerve"]
    assert stepped.player("row").payoff == 7.0
    assert len(stepped.datacollector.get_model_vars_dataframe()) == run.rounds


def test_a_player_with_a_rule_of_its_own_decides(scenario):
    class Daredevil(market.Player):
        def act(self, others, advised):
            return "straight"

    outcome = market.GameModel(scenario, "alone", players={"column": Daredevil}).run()
    assert outcome.status == "nash"
    assert outcome.payoffs.tolist() == [2.0, 7.0]

    class Tosser(market.Player):
        def act(self, others, advised):
            assert set(others) == {"column"}
            return {"swerve": 0.5, "straight": 0.5}

    compared = market.compare(scenario, ["learn"], players={"row": Tosser})
    assert compared.outcomes["learn"].regret.max() > 0.1


@pytest.mark.parametrize("said", ["sideways", {"swerve": 0.4}, 3, None])
def test_decisions_that_are_no_action_are_refused(scenario, said):
    class Odd(market.Player):
        def act(self, others, advised):
            return said

    with pytest.raises(NumericalError, match="row acted with"):
        market.GameModel(scenario, "alone", players={"row": Odd}).run()


def test_amounts_of_ones_own_must_be_within_bounds():
    text = 'schema = 1\ngame = "cournot"\nparameters = { intercept = 12.0 }\n'
    text += 'players = [{ name = "firm", count = 2 }]\nmechanisms = [{ name = "a", kind = "unmediated" }]\n'

    class Leader(market.Player):
        amount = 6.0

        def act(self, others, advised):
            return self.amount

    outcome = market.GameModel(market.loads(text), players={"firm[0]": Leader}).run()
    assert outcome.play.values.ravel() == pytest.approx([6.0, 3.0])  # Stackelberg's quantities
    Leader.amount = 20.0
    with pytest.raises(NumericalError, match="not within its bounds"):
        market.GameModel(market.loads(text), players={"firm[0]": Leader}).run()


def test_names_and_classes_are_checked(scenario):
    with pytest.raises(InputError, match="Did you mean 'row'"):
        market.GameModel(scenario, players={"rwo": market.Player})
    with pytest.raises(InputError, match="needs a subclass of"):
        market.GameModel(scenario, players={"row": market.Trader})
    with pytest.raises(InputError, match="no mechanism"):
        market.GameModel(scenario, "other")


def test_a_comparison_speaks(scenario):
    compared = market.compare(scenario)
    assert "What players do" in str(compared)
    assert "<table" in compared._repr_html_()
    assert "chicken" in str(scenario)
    assert "Outcome of 'alone'" in str(compared.outcomes["alone"])
    assert list(compared.table()["mechanism"]) == ["alone", "learn"]


class Swerver(market.Player):
    def act(self, others, advised):
        return "swerve"


def test_outcome_says_what_players_with_rules_of_their_own_forgo():
    """Both swerve and have 6 each; one that went straight would have 7."""
    scenario = market.loads(
        'schema = 1\ngame = "chicken"\nmechanisms = [{ name = "m", kind = "unmediated" }]'
    )
    both = market.GameModel(scenario, players={"row": Swerver, "column": Swerver}).run()
    assert both.reason.endswith("row, column follow rules of their own, and forgo up to 1.")
    one = market.GameModel(scenario, players={"column": Swerver}).run()
    assert one.reason.endswith("column follows a rule of its own, and forgoes 0.")


@pytest.mark.parametrize("kind", ["planner", "mediator", "equilibria"])
def test_mechanism_that_chooses_for_all_says_that_it_asks_no_player(kind):
    scenario = market.loads(f'schema = 1\ngame = "chicken"\nmechanisms = [{{ name = "m", kind = "{kind}" }}]')
    plain = market.GameModel(scenario).run()
    found = market.GameModel(scenario, players={"row": Swerver}).run()
    assert found.reason == f"{plain.reason} No player is asked here, so the rule of row is not used."
    assert (found.payoffs == plain.payoffs).all()
