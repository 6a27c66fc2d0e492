"""Graph → Partition: communities, their agreement, their names, and their visibility."""

from graphkit.communities.agreement import agreement, best_matches
from graphkit.communities.find import find_community
from graphkit.communities.labels import label_communities
from graphkit.communities.leiden import leiden
from graphkit.communities.quality import partition_quality
from graphkit.communities.visible import visibility

__all__ = [
    "agreement",
    "best_matches",
    "find_community",
    "label_communities",
    "leiden",
    "partition_quality",
    "visibility",
]
