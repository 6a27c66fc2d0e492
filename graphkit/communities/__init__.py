"""Graph → Partition: communities, how far to trust them, their names, and their visibility."""

from graphkit.communities.comparison import (
    Agreement,
    agreement,
    best_matches,
    match_communities,
    node_agreement,
)
from graphkit.communities.consensus import consensus
from graphkit.communities.finding import CommunityMatch, find_community
from graphkit.communities.layout import Layout, layout, meta_graph
from graphkit.communities.leiden import leiden
from graphkit.communities.multilayer import by_sign
from graphkit.communities.naming import label_communities
from graphkit.communities.null import NullComparison, projection_null, rewired_null
from graphkit.communities.quality import partition_quality
from graphkit.communities.report import community_report
from graphkit.communities.resolution import ResolutionProfile, resolution_limit, resolution_profile
from graphkit.communities.temporal import leiden_slices
from graphkit.communities.tracking import Tracks, track
from graphkit.communities.visibility import visibility
from graphkit.data.visibility import Visibility
from graphkit.teaching import teach

__all__ = [
    "Agreement",
    "CommunityMatch",
    "Layout",
    "NullComparison",
    "ResolutionProfile",
    "Tracks",
    "Visibility",
    "agreement",
    "best_matches",
    "by_sign",
    "community_report",
    "consensus",
    "find_community",
    "label_communities",
    "layout",
    "leiden",
    "leiden_slices",
    "match_communities",
    "meta_graph",
    "node_agreement",
    "partition_quality",
    "projection_null",
    "resolution_limit",
    "resolution_profile",
    "rewired_null",
    "track",
    "visibility",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())
