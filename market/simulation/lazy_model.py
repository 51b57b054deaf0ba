"""A Mesa model whose agents are made when they are first used.

`agents`, `agents_by_type` and `agent_types`, and all methods that Mesa builds on them (`select`, `agg`, `do`,
`shuffle_do`, ...), hold all agents, in the order and with the numbers of agents made at the start. Before the
first use there are none, and a million of them take no time and no memory. A single agent can be made too
(`agent`); it joins the others when they are made.
"""

from __future__ import annotations

from typing import Any

import mesa


class LazyModel(mesa.Model):
    """A model with a number of agents, and a method that makes the agent in each place."""

    def __init__(self, rng: int) -> None:
        super().__init__(rng=rng)
        self._made: dict[int, mesa.Agent] = {}
        self._making = False
        self._complete = False
        self._added = 0

    @property
    def size(self) -> int:
        """Number of agents, made or not."""
        raise NotImplementedError

    def make(self, place: int) -> mesa.Agent:
        """Make the agent in this place, 0 to size - 1."""
        raise NotImplementedError

    def agent(self, place: int) -> mesa.Agent:
        """Return the agent in this place."""
        if place not in self._made:
            self._making, before = True, self._making
            try:
                made = self.make(place)
            finally:
                self._making = before
            made.unique_id = place + 1
            self._made[place] = made
        return self._made[place]

    def make_all(self) -> list[mesa.Agent]:
        """Return all agents in the order of their places, and register them with Mesa."""
        made = [self.agent(place) for place in range(self.size)]
        if not self._complete:
            self._complete = True
            for place, agent in enumerate(made):
                super().register_agent(agent)
                agent.unique_id = place + 1
        return made

    @property
    def agents(self) -> Any:
        """All agents, as a Mesa `AgentSet`; they are made at the first call."""
        self.make_all()
        return self._all_agents

    @property
    def agents_by_type(self) -> Any:
        """Class -> its agents, as a Mesa `AgentSet`; they are made at the first call."""
        self.make_all()
        return self._agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """The classes of all agents; they are made at the first call."""
        return list(self.agents_by_type)

    def register_agent(self, agent: mesa.Agent) -> None:
        """Register an agent, called by Mesa; agents of this model join when all are made, others follow."""
        if self._making:
            return
        self.make_all()
        super().register_agent(agent)
        self._added += 1
        agent.unique_id = self.size + self._added

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Remove an agent, called by Mesa; makes all agents first."""
        self.make_all()
        super().deregister_agent(agent)

    def remove_all_agents(self) -> None:
        """Remove all agents from Mesa's sets."""
        self.make_all()
        super().remove_all_agents()
