"""Layout of `manifest.json` and `result.json`, and one message if a file has another one.

`tables.py` fills these models, and a file that is read must have exactly their keys. Nothing is converted: a
number is a JSON number that a float can hold, true is not a number, and the words "Infinity" and "-Infinity"
stand only where a number can be infinite. The numbers themselves are checked in `verify`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from market.errors import RunError
from market.intervention import BOUNDS
from market.mechanisms import MECHANISMS
from market.outcome import Status

SCHEMA = 1
LARGEST_MAP = 1000  # agents; above, per-agent maps are null and only agents.parquet has them


def number(value: float | str) -> float:
    """Return a number of the result as a float: "-Infinity" is -inf."""
    return float(value)


def _number(value: object) -> object:
    """Return a finite number unchanged."""
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:  # type: ignore[arg-type]
        raise ValueError("a finite number is needed")
    return value


def _at_least_zero(value: object) -> object:
    if value < 0:  # type: ignore[operator]
        raise ValueError("it must not be negative")
    return value


def _number_or(*words: str) -> BeforeValidator:
    """Accept a finite number or one of the words for infinity."""

    def read(value: object) -> object:
        return value if isinstance(value, str) and value in words else _number(value)

    return BeforeValidator(read)


def _size(value: object) -> object:
    """Return a number that is not negative, or infinity, unchanged."""
    return value if value == "Infinity" and isinstance(value, str) else _at_least_zero(_number(value))


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    return value


def _kind(value: object) -> object:
    if not isinstance(value, str) or value not in MECHANISMS:
        raise ValueError(f"one of {', '.join(MECHANISMS.names)} is needed")
    return value


def _schema(value: object) -> object:
    if type(value) is not int or value != SCHEMA:
        raise ValueError(f"this version reads schema {SCHEMA}, not schema {value!s:.20}")
    return value


Text = Annotated[Any, BeforeValidator(_text)]  # also a file name that is not UTF-8
Finite = Annotated[Any, BeforeValidator(_number)]
Extended = Annotated[Any, _number_or("Infinity", "-Infinity")]
Size = Annotated[Any, BeforeValidator(_size)]
Price = Annotated[Any, BeforeValidator(_at_least_zero), BeforeValidator(_number)]  # the last one runs first
Count = Annotated[int, Field(ge=0, lt=2**63)]
Kind = Annotated[Any, BeforeValidator(_kind)]
Schema = Annotated[Any, BeforeValidator(_schema)]
ByAgent = dict[str, Extended]
ByBoth = dict[str, dict[str, Finite]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ScenarioReference(_Strict):
    """The scenario, as both files name it."""

    title: Text = Field(description="of the scenario")
    file: Text = Field(description="its name as given")
    sha256: Text = Field(description="of its bytes, before changes by `--set`")


class ListedFile(_Strict):
    """A file of the folder."""

    bytes: Count = Field(description="its size")
    sha256: Text = Field(description="of its bytes")


class Manifest(_Strict):
    """`manifest.json`."""

    schema_: Schema = Field(alias="schema", description="the version of this format")
    created: Text = Field(description="when, in UTC")
    seed: Count = Field(description="the root of every random draw")
    scenario: ScenarioReference = Field(description="that was played")
    overrides: list[Text] = Field(description="`path=value` of `--set`, in order")
    mechanisms: Annotated[list[Text], Field(min_length=1)] = Field(
        description="the names of those that were played"
    )
    shards: Count | None = Field(
        None, description="number of shards that wrote the rows of agents; null: one file"
    )
    versions: dict[str, Text] = Field(description="of Python and of the numerical packages")
    files: dict[str, ListedFile] = Field(description="of the folder, by name")


class AlignmentResult(_Strict):
    """The alignment report of a mechanism."""

    efficient: bool | None = Field(
        description="true if no reallocation of goods is a Pareto improvement; null if unknown"
    )
    degenerate: bool = Field(
        description="true if every supporting set of weights gives some agent a weight of zero"
    )
    weights: dict[str, Finite] | None = Field(
        description="`{agent: w}`, welfare weights summing to 1, of consumers and of producers that bear a "
        "cost, else 0; null where none supports the outcome or "
        "above 1000 agents; where a utility is not concave, of u^(1/A), A the sum of the weights in u"
    )
    supporting_prices: dict[str, Finite] | None = Field(
        description="`{good: p}` that go with the weights, in units of weighted utility: of equal "
        "weights 1/n, shadow prices divided by n"
    )
    residual: Size = Field(
        description="largest relative violation of the conditions for support by these weights and prices"
    )
    resource_utilisation: Finite | None = Field(
        description="Debreu's coefficient: the smallest share of all resources with which all agents could "
        "be as well off; null without resources, or if unknown"
    )
    efficient_with_transfers: bool | None = Field(
        description="as `efficient`, with transfers of money too; null without money, or if unknown"
    )
    surplus_gap: Extended | None = Field(
        description="unrealised gains from trade (deadweight loss), money; null where money is not "
        "quasilinear, or if unknown"
    )
    improvement: ByBoth | None = Field(
        description="`{agent: {good: x}}`, a Pareto improvement; null if none was found"
    )
    improvement_production: ByBoth | None = Field(description="`{agent: {good: y}}`, production in it")
    price_interval: dict[str, Annotated[list[Size], Field(min_length=2, max_length=2)] | None] | None = Field(
        None,
        description="`{good: [low, high]}`, range of the prices that clear markets with these quantities, "
        "other prices adjusting (of a planner: that support them); null for a good with one such price; null "
        "without such prices, with unequal weights of a planner, or if unknown",
    )
    unknown: list[Text] = Field(description="figures that could not be computed, and why")
    personal_supporting_prices: ByBoth | None = Field(
        None,
        description="`{agent: {good: p}}`, parts of the supporting prices of public goods, one for each "
        "agent; only with public goods",
    )


class SurplusResult(_Strict):
    """Consumer, producer and total surplus of a mechanism, money."""

    consumer: Extended | None = Field(
        description="sum of u(x) - u(e) - p.(x - e) over agents that want some good, e what they own; "
        "Infinity where a first unit is worth infinitely much; null if another agent has -Infinity"
    )
    producer: Finite = Field(
        description="sum of p.y - C(y), and of the proceeds of owners that want no good; without payments "
        "minus the cost"
    )
    revenue: Finite = Field(description="of the common stock")
    utility_minus_payments: Extended = Field(
        description="consumer surplus with the utility of what consumers own; differences of it are those of "
        "consumer surplus"
    )
    total: Extended = Field(description="sum of u(x) - C(y), less harm; -Infinity if any agent is")
    deadweight_loss: Extended | None = Field(
        description="unrealised gains from trade, `surplus_gap` of the alignment report; null if unknown"
    )
    harm: Finite | None = Field(
        None,
        description="money that agents lose by the output of others, negative for a benefit; left out where "
        "no agent can be harmed",
    )


class InterventionResult(_Strict):
    """Taxes, caps, floors and quotas of an auctioneer: prices of each side, and money that is neither's."""

    buyer_prices: dict[str, Price] = Field(
        description="`{good: p}`, paid by buyers, taxes and rents included"
    )
    taxed_prices: dict[str, Price] = Field(
        description="`{good: p}`, what taxed sellers get; the announced prices unless only some are taxed"
    )
    rents: dict[str, Price] = Field(
        description="`{good: money}`, the worth of the right to sell a unit within a quota"
    )
    traded: dict[str, Size] = Field(description="`{good: amount}` bought in all")
    tax_revenue: Finite = Field(description="taxes less subsidies, money; a part of total surplus")
    returned: Finite = Field(description="the part of it that agents get in lump sums, under `exchange`")
    commons_revenue: Finite = Field(description="the value of the commons sold, at the sellers' price")
    quota_rent: Finite = Field(description="of all rights to sell within quotas; a part of total surplus")
    binding: dict[str, Literal[BOUNDS]] = Field(  # type: ignore[valid-type]
        description="`{good: bound}`: the cap, floor or quota that binds, empty if none does"
    )
    unserved: dict[str, Extended] = Field(
        description="`{good: amount}`, excess demand at a cap or floor that binds, else 0"
    )
    free_prices: dict[str, Price] | None = Field(
        description="`{good: p}` of the same auction without interventions; null if unknown"
    )
    borne_by_buyers: dict[str, Finite | None] | None = Field(
        description="`{good: share}` of the difference between both sides' prices that buyers bear, as a "
        "rise of theirs; null without a difference, or if the prices without interventions are unknown"
    )


class ReferenceCheck(_Strict):
    """Comparison of an auctioneer's prices with a reference solution."""

    method: Text = Field(description="that found the reference solution")
    residual: Size = Field(description="of the reference solution")
    agrees: bool | None = Field(description="false is a contradiction; null if undecided")
    prices: dict[str, Finite] | None = Field(description="`{good: p}` of the reference equilibrium")
    price_difference: Size | None = Field(description="the largest one, relative")
    consumption_difference: Size | None = Field(
        description="the largest one, relative to average consumption of the good"
    )
    equilibria: Count | None = Field(description="number that a quick search found; null without a search")
    reason: Text = Field(description="the comparison in words")


class MechanismResult(_Strict):
    """Outcome of a mechanism, with its alignment report."""

    name: Text = Field(description="of the mechanism in the scenario")
    kind: Kind = Field(description=f"of the mechanism: {', '.join(f'`{each}`' for each in MECHANISMS.names)}")
    status: Literal[  # type: ignore[valid-type]
        tuple(each.value for each in Status if each is not Status.IN_PLAY)  # files hold finished plays
    ] = Field(description="how it ended")
    reason: Text = Field(description="one sentence with the numbers behind the status")
    rounds: Count = Field(description="number of rounds played")
    prices: dict[str, Price] | None = Field(
        description="`{good: p}` announced last, or of the planner, shadow prices; null where there are none"
    )
    disequilibrium: Size | None = Field(
        description="largest relative excess demand over goods; null of games and planners"
    )
    auctioneer_payoff: Extended | None = Field(
        description="minus the sum of absolute excess demand, units of goods; null of games and planners"
    )
    consumption: ByBoth | None = Field(description="`{agent: {good: x}}`; null above 1000 agents")
    production: ByBoth | None = Field(
        description="`{agent: {good: y}}`, netputs of technologies; null above 1000 agents"
    )
    personal_prices: ByBoth | None = Field(
        None,
        description="`{agent: {good: p}}`, what each agent pays for a unit (Lindahl), of a planner the "
        "personal shadow price; only with public goods, null without such prices or above 1000 agents",
    )
    payments: dict[str, Finite] | None = Field(
        description="`{agent: money}`, net money paid; null above 1000 agents"
    )
    revenue: Finite = Field(description="of the auctioneer for the commons, money")
    utilities: ByAgent | None = Field(
        description="`{agent: u(x) - C(y)}`, less harm by others; null above 1000 agents"
    )
    payoffs: ByAgent | None = Field(
        description="`{agent: payoff}` in the game that was played, money and penalties included; null above "
        "1000 agents"
    )
    payoffs_with_revenue: ByAgent | None = Field(
        None,
        description="`{agent: payoff}` with the revenue of the commons handed back in lump sums, by "
        "`commons_shares`, else equally among agents with a utility; null where money is not "
        "quasilinear, and above 1000 agents",
    )
    surplus: SurplusResult | None = Field(
        None, description="consumer, producer and total surplus; null where money is not quasilinear"
    )
    max_regret: Size | None = Field(
        description="the largest gain of any agent from deviating alone; null for a planner"
    )
    evidence: dict[str, Extended] = Field(description="`{name: number}`, the numbers behind the status")
    alignment: AlignmentResult = Field(description="the alignment report")
    intervention: InterventionResult | None = Field(
        None, description="of an auctioneer with taxes, caps, floors or quotas; absent otherwise"
    )
    check: ReferenceCheck | None = Field(
        None, description="of an auctioneer with `--check`: against a reference solution; absent otherwise"
    )

    @model_validator(mode="after")
    def _of_its_kind(self) -> MechanismResult:
        """Check that the numbers of a kind are there, and no others."""
        for field in _ALWAYS.get(self.kind, ()):
            if getattr(self, field) is None:
                raise ValueError(f"of the kind {self.kind} there must be a value of {field}")
        negative = [
            name for name, value in self.evidence.items() if value == "-Infinity" or number(value) < 0
        ]
        if negative and self.kind in _NEVER:
            raise ValueError(f"evidence.{negative[0]}: it must not be negative")
        for field in _NEVER.get(self.kind, ("check", "intervention")):
            if getattr(self, field) is not None:
                raise ValueError(f"of the kind {self.kind} there is no {field}")
        return self


_ALWAYS = {
    "auctioneer": ("prices", "disequilibrium", "auctioneer_payoff", "max_regret"),
    "unmediated": ("max_regret",),
}
_NEVER = {
    "auctioneer": (),
    "unmediated": ("disequilibrium", "auctioneer_payoff", "check", "intervention"),
    "planner": ("disequilibrium", "auctioneer_payoff", "max_regret", "check", "intervention"),
}


class Result(_Strict):
    """`result.json`."""

    schema_: Schema = Field(alias="schema", description="the version of this format")
    scenario: ScenarioReference = Field(description="that was played")
    seed: Count = Field(description="the root of every random draw")
    goods: list[Text] = Field(description="their names, in order")
    agents: list[Text] | None = Field(description="their names, in order; null above 1000 agents in shards")
    mechanisms: Annotated[list[MechanismResult], Field(min_length=1)] = Field(
        description="outcome of each, in order"
    )


def check_layout(path: Path, read: Mapping[str, Any], layout: type[Manifest | Result]) -> None:
    """Check that an object has its layout.

    Args:
        path: where it was read, for the message.
        read: the object.
        layout: `Manifest` or `Result`.

    Raises:
        RunError: it has another one; names the first place that differs.
    """
    try:
        layout.model_validate(read)
    except ValidationError as error:
        raise RunError(f"'{path}' is not what a run writes: {first_fault(error)}") from error


def first_fault(error: ValidationError) -> str:
    """Return the first place that differs from the layout, and why it is refused."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: " * bool(where) + first["msg"].removeprefix("Value error, ")
