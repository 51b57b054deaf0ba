"""Learning rules: how players who do not know the game change what they do.

Entry points: `RULES` (the registry), `gradients.descend` (many runs of a rule on amounts at once).
Rules on amounts are directions on arrays (`gradients.py`), those on tables change mixtures (`mixtures.py`).
To add one: a class in one of the two and its name in `RULES`.
"""

from market.games.learning.base import LearningRule
from market.games.learning.gradients import (
    AltruisticGradient,
    Collective,
    ConsensusGradient,
    Individual,
    SocialValue,
    StatusQuo,
    SymplecticGradient,
)
from market.games.learning.mixtures import (
    FictitiousPlay,
    Logit,
    MagneticMirrorDescent,
    MultiplicativeWeights,
    RegretMatching,
)
from market.registry import Registry

RULES: Registry[LearningRule] = Registry(
    "learning rule",
    Individual,
    Collective,
    ConsensusGradient,
    SymplecticGradient,
    SocialValue,
    StatusQuo,
    AltruisticGradient,
    MultiplicativeWeights,
    RegretMatching,
    FictitiousPlay,
    MagneticMirrorDescent,
    Logit,
)

__all__ = ["RULES", "LearningRule"]
