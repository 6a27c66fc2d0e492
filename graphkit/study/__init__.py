"""Whole chains: from a dataset or a study file to a folder of tables, figures and a report."""

from graphkit.study._materials import check_study
from graphkit.study.communities import CommunityStudy, study_communities
from graphkit.study.config import StudyConfig, load_config
from graphkit.study.demo import demo_config
from graphkit.study.run import StudyResult, run_study

__all__ = [
    "CommunityStudy",
    "StudyConfig",
    "StudyResult",
    "check_study",
    "demo_config",
    "load_config",
    "run_study",
    "study_communities",
]
