"""Studies: from a dataset or a study file to a folder of tables, figures and a report."""

from graphkit.study.communities import study_communities
from graphkit.study.config import (
    ArmConfig,
    CalibrationConfig,
    CommunitiesConfig,
    ConditionsConfig,
    DataConfig,
    EconomyConfig,
    ReportConfig,
    ScanConfig,
    SimulationConfig,
    StudyConfig,
    WorldConfig,
    load_config,
)
from graphkit.study.export import read_results, write_study_graph
from graphkit.study.inputs import check_study
from graphkit.study.results import CommunityStudy, Curve, StudyResult
from graphkit.study.run import demo_config, run_study
from graphkit.study.sharing import share_bundle
from graphkit.teaching import teach

__all__ = [
    "ArmConfig",
    "CalibrationConfig",
    "CommunitiesConfig",
    "CommunityStudy",
    "ConditionsConfig",
    "Curve",
    "DataConfig",
    "EconomyConfig",
    "ReportConfig",
    "ScanConfig",
    "SimulationConfig",
    "StudyConfig",
    "StudyResult",
    "WorldConfig",
    "check_study",
    "demo_config",
    "load_config",
    "read_results",
    "run_study",
    "share_bundle",
    "study_communities",
    "write_study_graph",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())
