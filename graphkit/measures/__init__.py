"""Measures of graphs, impressions and simulated spread between communities."""

from graphkit.measures.answers import AnswersCompared, AnswerTrees, answers, compare_answers
from graphkit.measures.audience import AudienceExposure, audience_exposure
from graphkit.measures.bridges import Bridges, bridges
from graphkit.measures.cascades import Cascades, cascades
from graphkit.measures.catalogue import MEASURES, Measure
from graphkit.measures.contrast import Contrast, arm_means, contrast
from graphkit.measures.controversy import (
    Controversy,
    ExposedLeaning,
    NeighboursLeaning,
    controversy,
    exposed_leaning,
    neighbours_leaning,
)
from graphkit.measures.delays import DelayFit, fit_delays
from graphkit.measures.economy import Economy, economy
from graphkit.measures.exposure import (
    class_counts,
    effective_number,
    entropy,
    feature_distance,
    gini,
    intra_list_distance,
    item_features,
    lorenz,
    miscalibration,
    small_creator_share,
)
from graphkit.measures.feed_change import feed_change
from graphkit.measures.flagged_cascades import FlaggedCascades, flagged_cascades
from graphkit.measures.flow_contrast import FlowContrast, flow_contrast
from graphkit.measures.gains import Gains, who_gains
from graphkit.measures.harm import HostingOfFlagged, hosting_of_flagged
from graphkit.measures.headline import Finding, Headline, headline
from graphkit.measures.hosting import hosting_creators, hosting_members, hosting_reach
from graphkit.measures.hosting_visibility import hosting_by_visibility
from graphkit.measures.income import Income, income
from graphkit.measures.intervention_costs import InterventionCosts, intervention_costs
from graphkit.measures.mixing import Crossing, Mixing, crossing, ei_index, ei_null, flow, mixing
from graphkit.measures.observed import Observed, observed
from graphkit.measures.own_share import ColdStart, OwnShare, cold_start, own_share
from graphkit.measures.payouts import Payout, payout_numbers, payouts
from graphkit.measures.permutation import PermutationNull, permutation_null
from graphkit.measures.reach import ReachCurve, amplification, reach_by_age, reach_curve
from graphkit.measures.sample_size import SampleSize, worlds_needed
from graphkit.measures.spread import measure_spread
from graphkit.measures.survival import LogRank, kaplan_meier, logrank
from graphkit.measures.time_to_cross import TimeToCross, time_to_cross
from graphkit.teaching import teach

__all__ = [
    "MEASURES",
    "AnswerTrees",
    "AnswersCompared",
    "AudienceExposure",
    "Bridges",
    "Cascades",
    "ColdStart",
    "Contrast",
    "Controversy",
    "Crossing",
    "DelayFit",
    "Economy",
    "ExposedLeaning",
    "Finding",
    "FlaggedCascades",
    "FlowContrast",
    "Gains",
    "Headline",
    "HostingOfFlagged",
    "Income",
    "InterventionCosts",
    "LogRank",
    "Measure",
    "Mixing",
    "NeighboursLeaning",
    "Observed",
    "OwnShare",
    "Payout",
    "PermutationNull",
    "ReachCurve",
    "SampleSize",
    "TimeToCross",
    "amplification",
    "answers",
    "arm_means",
    "audience_exposure",
    "bridges",
    "cascades",
    "class_counts",
    "cold_start",
    "compare_answers",
    "contrast",
    "controversy",
    "crossing",
    "economy",
    "effective_number",
    "ei_index",
    "ei_null",
    "entropy",
    "exposed_leaning",
    "feature_distance",
    "feed_change",
    "fit_delays",
    "flagged_cascades",
    "flow",
    "flow_contrast",
    "gini",
    "headline",
    "hosting_by_visibility",
    "hosting_creators",
    "hosting_members",
    "hosting_of_flagged",
    "hosting_reach",
    "income",
    "intervention_costs",
    "intra_list_distance",
    "item_features",
    "kaplan_meier",
    "logrank",
    "lorenz",
    "measure_spread",
    "miscalibration",
    "mixing",
    "neighbours_leaning",
    "observed",
    "own_share",
    "payout_numbers",
    "payouts",
    "permutation_null",
    "reach_by_age",
    "reach_curve",
    "small_creator_share",
    "time_to_cross",
    "who_gains",
    "worlds_needed",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())
