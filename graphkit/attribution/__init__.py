"""Attribution of differences between feeds: causes, limits, and published figures as a check."""

from graphkit.attribution.ablation import Ablation, ablate
from graphkit.attribution.conditions import (
    Condition,
    condition_rows,
    conditions_of,
    partition_conditions,
)
from graphkit.attribution.cross_posting import CrossPostDemotion, cross_post_demotion
from graphkit.attribution.evaluation import evaluate
from graphkit.attribution.feed_factors import FeedFactors, feed_factors
from graphkit.attribution.figures import published_figures
from graphkit.attribution.robustness import Robustness, judge, robustness
from graphkit.attribution.sensitivity import Sensitivity, SobolIndices, sensitivity, sobol_indices
from graphkit.attribution.shapley import Shapley, interaction_index, shapley, shapley_values
from graphkit.attribution.two_platforms import TwoPlatforms, two_platforms
from graphkit.attribution.validation import Validation, validate
from graphkit.attribution.variety import Variety, judge_variety, variety
from graphkit.teaching import teach

__all__ = [
    "Ablation",
    "Condition",
    "CrossPostDemotion",
    "FeedFactors",
    "Robustness",
    "Sensitivity",
    "Shapley",
    "SobolIndices",
    "TwoPlatforms",
    "Validation",
    "Variety",
    "ablate",
    "condition_rows",
    "conditions_of",
    "cross_post_demotion",
    "evaluate",
    "feed_factors",
    "interaction_index",
    "judge",
    "judge_variety",
    "partition_conditions",
    "published_figures",
    "robustness",
    "sensitivity",
    "shapley",
    "shapley_values",
    "sobol_indices",
    "two_platforms",
    "validate",
    "variety",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())
