"""Whole chains: from a dataset to a folder of tables, figures and a manifest."""

from graphkit.study.communities import CommunityStudy, study_communities

__all__ = ["CommunityStudy", "study_communities"]
