"""Configuration of a study: study.toml as frozen, validated values with every default."""

from __future__ import annotations

import dataclasses
import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    create_model,
    field_validator,
)

from graphkit import recommenders
from graphkit.communities.null import MIN_DRAWS
from graphkit.data.display import plain_text
from graphkit.data.files import read_toml, to_toml
from graphkit.data.tags import STOP_TAGS
from graphkit.data.times import as_instant, check_zone
from graphkit.errors import FileError, OptionError, check_choice, check_integer, shorten
from graphkit.graphs.options import ProjectionOptions
from graphkit.measures import Payout
from graphkit.measures.hosting_visibility import RANDOM
from graphkit.measures.payouts import find_payout
from graphkit.readwrite import formats
from graphkit.recommenders import Feed
from graphkit.recommenders.factors import NUMBERS, TABLES
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.interests import check_sources
from graphkit.study.keys import check_keys, explain_errors

__all__ = ["PRESETS", "ArmConfig", "StudyConfig", "load_config"]

_PRESET_NAMES = (
    *("follower_centric", "interest_centric", "circle_popularity", "watch_time"),
    *("chronological", "popularity", "uniform"),
)
PRESETS: dict[str, Callable[[], Feed]] = {n: getattr(recommenders, n) for n in _PRESET_NAMES}

#: Presets whose numbers are chosen by published figures.
PUBLISHED: dict[str, Callable[[], Feed]] = {
    name: partial(recommenders.published, name) for name in ("interest_centric", "follower_centric")
}

#: Data that need no file: the platform that comes with graphkit, and a new one.
PLATFORMS = ("bundled", "synthetic")


Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A table of study.toml: frozen, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataConfig(Section):
    """Data of a study.

    Attributes
    ----------
    source
        ``"bundled"`` (the platform that comes with graphkit), ``"synthetic"`` (a new one),
        ``"fetch"`` (public data), ``"any"`` (recognised from the files, by
        :func:`graphkit.read_any`), or a format of :func:`graphkit.readwrite.formats`:
        ``"folder"`` (of :func:`graphkit.write_dataset`, or tables as CSV, NDJSON or Parquet),
        ``"tiktok"`` (Research API JSON), ``"hetrec-lastfm"``, …
    path
        Folder or file of the data, relative to the study file.
    name
        With fetch: a name of :func:`graphkit.datasets.available`, such as ``"hetrec"``.
    stitches
        With tiktok: files or folders of stitch lists, likewise.
    account, direction
        What files do not say themselves, see :func:`graphkit.read_any`: whose likes, follows or feed
        they hold (one name, or names by file), and the direction of lists of follows.
    columns
        With folder: columns by their names in the files, for each table, as
        ``[data.columns.interactions]`` with ``user = "account_id"``.
    table, kind_is, separator
        With folder, as in :func:`graphkit.read_dataset`: the table that one file holds, what was done
        in a log without kinds, what parts lists in cells.
    tz
        Zone of times without one.
    accounts, mixing, seed
        Of a synthetic platform.
    """

    source: str = "bundled"
    path: str | None = None
    name: str | None = None
    stitches: tuple[str, ...] = ()
    account: str | dict[str, str] | None = None
    direction: Literal["followers", "following"] | None = None
    columns: dict[str, dict[str, str]] = Field(default_factory=dict)
    table: str | None = None
    kind_is: str | None = None
    tz: str | None = None
    separator: str | None = None
    accounts: Annotated[int, Field(ge=48)] = 5000
    mixing: Share = 0.3
    seed: Annotated[int, Field(ge=0)] = 1

    @field_validator("source")
    @classmethod
    def _check_source(cls, source: str) -> str:
        check_choice("source", source, (*PLATFORMS, "fetch", "any", *formats().get_column("name")))
        return source

    def table_options(self) -> dict[str, Any]:
        """Options of :func:`graphkit.read_dataset` that are given."""
        keys = ("columns", "table", "kind_is", "separator")
        return {key: getattr(self, key) for key in keys if getattr(self, key) not in (None, {})}


def check_null_draws(draws: int) -> int:
    """Number of random logs of the null test: 0, or enough for a p of 0.05."""
    draws = check_integer("null_draws", draws, 0)
    if 0 < draws < MIN_DRAWS:
        raise OptionError(
            f"null_draws={draws}: with fewer than {MIN_DRAWS} no p can reach 0.05; 0 leaves the "
            "test out."
        )
    return draws


@dataclass(frozen=True)
class CommunitiesConfig(ProjectionOptions):
    """How communities are found: :func:`graphkit.cointeraction_graph`, :func:`graphkit.leiden`.

    Between accounts or authors. No kinds are the default ones; through tags, the stop-tags are
    excluded too. `null_draws` random logs, 19 or more, or 0 for no test, are projected for
    :func:`graphkit.communities.projection_null`.

    Attributes
    ----------
    between, through
        Nodes, ``"accounts"`` or ``"authors"``, and the objects that they share: ``"items"``,
        ``"tags"``, ``"sounds"``, …
    kinds
        Kinds of interaction that count, such as ``["like", "share"]``.
    window
        Longest time between the two interactions, such as ``"1d"``.
    exclude
        Ids of objects to leave out.
    weight
        Of an edge: ``"count"``, ``"pairs"``, ``"actions"``, ``"jaccard"``, ``"cosine"``,
        ``"newman"`` or ``"tfidf"``.
    min_shared, max_degree, top
        Fewest shared objects of an edge, most nodes of an object, and most edges of a node.
    mutual
        With top: an edge stays only if both of its nodes keep it.
    memory
        Memory of the projection, such as ``"4GB"``; a share of the free memory if absent.
    quality, resolution
        ``"modularity"`` or ``"cpm"``, and its γ: 1, or the density for cpm, if absent.
    runs
        Runs of Leiden, whose agreement is told.
    engine
        ``"native"``, ``"igraph"`` or ``"leidenalg"``.
    null_draws
        Random logs of the null test.
    """

    kinds: tuple[str, ...] | None = None
    weight: str = "tfidf"
    window: str | None = None
    exclude: tuple[str, ...] = ()
    quality: str = "modularity"
    resolution: Annotated[float, Field(gt=0)] | None = None
    runs: Count = 10
    engine: Literal["native", "igraph", "leidenalg"] = "native"
    null_draws: Annotated[int, Field(ge=0)] = 99

    def __post_init__(self) -> None:
        check_null_draws(self.null_draws)
        object.__setattr__(self, "kinds", self.kinds or None)
        if self.through == "tags":
            object.__setattr__(self, "exclude", (*self.exclude, *STOP_TAGS))
        super().__post_init__()
        if self.between not in ("accounts", "authors"):
            raise OptionError(
                f"between={self.between!r}: a study shows posts to accounts, so its communities are "
                "between 'accounts' or 'authors'."
            )


class WorldConfig(Section):
    """Population and posts: :func:`graphkit.build_world`, :func:`graphkit.resample_worlds`.

    Attributes
    ----------
    posts
        ``"authored"`` (items enter through their authors) or ``"introduced"`` (a sample of
        items is held out and enters through accounts of its audience).
    since
        First instant of the authored posts, of any form of :mod:`graphkit.data.times`; the last
        third of the items if absent.
    ticks
        Posts enter in ticks 0 … ticks − 1.
    stock
        Share of the posts that exist at the start of the simulation (warm start).
    share_of_posts, introducers
        Of introduced posts.
    worlds
        Of synthetic data: number of worlds, the given one and others that are made anew with the
        same parameters. With one, intervals hold within this world only.
    groups
        Of other data: number of groups of accounts that are left out in turn, which gives the
        interval; at least 2, or 0 for an interval within this world only.
    space
        What feeds read of the posts: weights of sources, such as ``{tags = 1.0, sounds = 0.5}``,
        ``"embedding"``, ``"interactions"``, or ``"planted"``, the oracle of a synthetic platform.
        If absent, tags, sounds and captions, as far as the data have them.
    dimensions
        Of that space, at most.
    feature_noise
        Share of the posts that feeds read as another post.
    profile_noise
        Share of another account in every initial profile.
    cold_start
        Whether every initial profile is the mean of all.
    """

    posts: Literal["authored", "introduced"] = "authored"
    since: str | None = None
    ticks: Count = 20
    stock: Annotated[float, Field(ge=0, lt=1)] = 0.3
    share_of_posts: Annotated[float, Field(gt=0, le=0.5)] = 0.15
    introducers: Count = 3
    worlds: Count = 10
    groups: Annotated[int, Field(ge=0)] = 20
    space: dict[str, float] | str | None = None
    dimensions: Annotated[int, Field(ge=2)] = 32
    feature_noise: Share = 0.0
    profile_noise: Share = 0.0
    cold_start: bool = False

    @field_validator("groups")
    @classmethod
    def _check_groups(cls, groups: int) -> int:
        if groups == 1:
            raise OptionError(
                "groups=1: leaving out one group of one leaves nobody; 2 or more, or 0."
            )
        return groups

    @field_validator("since")
    @classmethod
    def _check_since(cls, since: str | None) -> str | None:
        if since is not None:
            as_instant("since", since)
        return since

    @field_validator("space")
    @classmethod
    def _check_space(cls, space: dict[str, float] | str | None) -> dict[str, float] | str | None:
        check_sources(space)
        return space


class _ArmFields(Section):
    """One feed of the comparison: one of preset, blend, file and ranker, with changed numbers.

    Attributes
    ----------
    name
        Of the arm, in tables and text.
    preset
        ``follower_centric``, ``interest_centric``, ``circle_popularity``, ``watch_time``,
        ``chronological``, ``popularity`` or ``uniform``.
    blend, share
        Two presets, and the share of the second.
    file
        A custom feed, as :func:`graphkit.recommenders.write_feed` writes it, relative to the
        study file.
    ranker
        A published ranking, such as ``x_2023``.
    sources, weights, signals
        Numbers that replace those of the feed, one by one.
    filler
        ``"uniform"``, ``"popularity"`` or ``"empty"``; the feed's own if absent.
    topic_penalty, author_penalty, author_decay, author_floor, learning_rate, half_life
        Other numbers of a :class:`graphkit.recommenders.Feed`, likewise: every key of
        ``graphkit.recommenders.factors.NUMBERS``.
    interest_share, delivery, trial_size, trial_growth, minor_cap, share_friction
        Likewise.
    """

    # a half-life may be infinite, which JSON has no number for
    model_config = ConfigDict(ser_json_inf_nan="constants")

    name: Annotated[str, Field(min_length=1)]
    preset: str | None = None
    blend: Annotated[tuple[str, ...], Field(max_length=2)] = ()
    share: Share = 0.5
    file: str | None = None
    ranker: str | None = None
    sources: dict[str, int] = Field(default_factory=dict)
    weights: dict[str, float] = Field(default_factory=dict)
    signals: dict[str, float] = Field(default_factory=dict)
    filler: str | None = None

    def feed(self, base: Path = Path(), *, published: bool = False) -> Feed:
        """The feed that the arm names, with the numbers that the study changes.

        With `published`, presets have the numbers of :func:`graphkit.recommenders.published`.

        `file` is relative to `base`. An unknown preset, ranker, source, factor or signal is an
        :class:`OptionError` that names the nearest, an unreadable file a :class:`FileError`.
        """
        named = [key for key in ("preset", "blend", "file", "ranker") if getattr(self, key)]
        if len(named) != 1:
            found = f", not {' and '.join(named)}" if named else ""
            raise OptionError(f"{self.name!r} needs one of preset, blend, file or ranker{found}.")
        changes = {key: getattr(self, key) for key in (*TABLES, *NUMBERS, "filler")}
        return self._unchanged_feed(base, published).but(self.name, **changes)

    def _unchanged_feed(self, base: Path, published: bool) -> Feed:
        if self.file:
            return recommenders.read_feed(base / Path(self.file).expanduser())
        if self.ranker:
            return recommenders.ranker(self.ranker)
        for name in [self.preset] if self.preset else self.blend:
            check_choice(f"{self.name!r}: preset", name, PRESETS)
        presets = PRESETS | (PUBLISHED if published else {})
        if self.preset:
            return presets[self.preset]()
        if len(self.blend) != 2:
            raise OptionError(f"{self.name!r}: blend names two presets, not {list(self.blend)}.")
        first, second = self.blend
        return recommenders.blend(presets[first](), presets[second](), self.share)


if TYPE_CHECKING:
    ArmConfig = _ArmFields
else:
    _numbers = {key: (int | None if n.whole else float | None, None) for key, n in NUMBERS.items()}
    ArmConfig = create_model(
        "ArmConfig",
        __base__=_ArmFields,
        __module__=__name__,
        __doc__=_ArmFields.__doc__,
        **_numbers,
    )


class SimulationConfig(Section):
    """How long and how often: :func:`graphkit.simulate_spread`.

    Attributes
    ----------
    ticks, slots, replications, budget
        Of the simulation. Under ``"free"`` viewers leave and return, and creators post less, give up
        and adapt, by what happens to them.
    payout
        Under a free budget, the payout scheme to whose incomes creators respond in place of
        reactions: the name of one of :func:`graphkit.measures.payouts`, or the numbers of a
        :class:`graphkit.measures.Payout`, such as ``{name = "tips", per_reaction = 1.0}``.
    impressions
        Whether every impression is written to the folder ``impressions`` of the results, to be
        read by :func:`graphkit.simulation.scan_impressions`.
    """

    ticks: Count = 20
    slots: Count = 10
    replications: Count = 1
    budget: Literal["matched", "free"] = "matched"
    payout: str | Payout | None = None
    impressions: bool = False


class EconomyConfig(Section):
    """Payout schemes that are compared: :func:`graphkit.measures.economy`.

    Under a free budget each scheme is simulated anew, with creators who respond to its incomes;
    under a matched one, schemes distribute the income of the same runs.

    Attributes
    ----------
    payouts
        The schemes, each a name or numbers, as ``payout`` in ``[simulation]``, whose scheme comes
        first. Without any, and without that, there is no section on income.
    living
        Income that is a living, in mean incomes per creator of the first arm.
    """

    payouts: tuple[str | Payout, ...] = ()
    living: Annotated[float, Field(gt=0)] = 0.5


class ScanConfig(Section):
    """Sensitivity sweep over s, the share of taste that follows followees instead of the topic.

    Attributes
    ----------
    social_share
        Values of s; none for no sweep.
    worlds, replications
        May be fewer than in the study to save time; the report says so.
    """

    social_share: tuple[Share, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    worlds: Count = 4
    replications: Count = 1


class ConditionsConfig(Section):
    """Conditions that could end the findings, beside the sweep over s: each is tried alone.

    Other partitions need no simulations of their own; a value that the study has already is no
    condition. What cannot be run is told, with the reason.

    Attributes
    ----------
    cold_start
        Whether to try feeds that know nothing of their viewers at first: all profiles begin as
        their mean.
    feature_noise, profile_noise
        Shares of the posts that feeds read as another post, and weights of another account in
        every first profile.
    topic_penalty
        Penalties of a repeated topic in re-ranking, in all compared feeds.
    slots
        Posts per session.
    posts_per_tick
        Shares of the posts of every tick.
    partition_seeds
        Number of other seeds of the interest partition.
    resolution
        Factors of the resolution of the interest partition.
    top, min_shared
        Other thresholds of the graph that the interest partition is found in.
    space
        Other spaces that feeds read, as in ``[world]``: the worlds are built anew.
    homophily
        Of a synthetic platform: least homophily of the follows of every community, in new worlds.
    worlds
        May be fewer than in the study, if worlds are made independently.
    """

    cold_start: bool = True
    feature_noise: tuple[Share, ...] = (0.7,)
    profile_noise: tuple[Share, ...] = (0.5,)
    topic_penalty: tuple[Annotated[float, Field(ge=0)], ...] = (0.3,)
    slots: tuple[Count, ...] = ()
    posts_per_tick: tuple[Annotated[float, Field(gt=0, le=1)], ...] = ()
    partition_seeds: Annotated[int, Field(ge=0)] = 1
    resolution: tuple[Annotated[float, Field(gt=0)], ...] = (0.5, 2.0)
    top: tuple[Count, ...] = ()
    min_shared: tuple[Count, ...] = ()
    space: tuple[dict[str, float] | str, ...] = ()
    homophily: tuple[Share, ...] = ()
    worlds: Count = 5

    @field_validator("*")
    @classmethod
    def _check_distinct(cls, values: Any) -> Any:
        """Refuse values that are there twice, or alike in the names of their conditions."""
        if isinstance(values, tuple):
            texts = [f"{v:g}" if isinstance(v, float | int) else str(v) for v in values]
            for text in texts:
                if texts.count(text) > 1:
                    raise OptionError(f"{text} is there twice: each condition is tried once.")
        return values

    @field_validator("space")
    @classmethod
    def _check_spaces(
        cls, spaces: tuple[dict[str, float] | str, ...]
    ) -> tuple[dict[str, float] | str, ...]:
        for space in spaces:
            check_sources(space)
        return spaces


class CalibrationConfig(Section):
    """Where the numbers of viewers and feeds come from, beside the documented assumptions.

    Attributes
    ----------
    preset
        ``"none"``, or ``"published"``: those of :meth:`Behaviour.published` and
        :func:`graphkit.recommenders.published`. Parameters of the behaviour that differ from the
        default, and numbers of an arm, stay.
    log
        Whether the viewers are then fitted to the impressions of the data, by
        :func:`graphkit.simulation.calibrate`.
    """

    preset: Literal["none", "published"] = "none"
    log: bool = False


class ReportConfig(Section):
    """Title and disclosure control of the report.

    Attributes
    ----------
    title, question
        Its first lines.
    min_group_size
        Smaller communities are told apart nowhere (small-cell suppression): before anything is
        computed of them, their members become members of none.
    members
        Whether the folder holds a table of the members of communities: ``"none"``, ``"pseudonyms"``
        (of a random key that is not kept: its bytes differ between runs) or ``"raw"``, with ids as
        they are in the data.
    """

    title: str = "How far does content travel, and across which borders?"
    question: str = (
        "Does an interest-centric feed carry content further across the borders of communities "
        "than a follower-centric one, and does it host the cultures that the follow graph does "
        "not show?"
    )
    min_group_size: Count = 10
    members: Literal["none", "pseudonyms", "raw"] = "none"


_ARMS = (
    ArmConfig(name="follower", preset="follower_centric"),
    ArmConfig(name="interest", preset="interest_centric"),
)


class StudyConfig(Section):
    """A whole study; every section has defaults, so that an empty file is a study.

    Attributes
    ----------
    seed
        Root of all random streams.
    data, communities, world, arms, simulation, economy, behaviour, calibration, s_scan, conditions
        The sections, and report; the first arm is the baseline of every comparison.

    Examples
    --------
    >>> StudyConfig().arms[1].feed().name
    'interest'
    """

    seed: Annotated[int, Field(ge=0)] = 1
    data: DataConfig = DataConfig()
    communities: CommunitiesConfig = CommunitiesConfig()
    world: WorldConfig = WorldConfig()
    arms: Annotated[tuple[ArmConfig, ...], Field(min_length=2)] = _ARMS
    simulation: SimulationConfig = SimulationConfig()
    economy: EconomyConfig = EconomyConfig()
    behaviour: Behaviour = Behaviour()
    calibration: CalibrationConfig = CalibrationConfig()
    s_scan: ScanConfig = ScanConfig()
    conditions: ConditionsConfig = ConditionsConfig()
    report: ReportConfig = ReportConfig()
    _base: Path = PrivateAttr(default=Path())

    @classmethod
    def of(
        cls, values: dict[str, Any], *, place: str = "study", base: Path = Path()
    ) -> StudyConfig:
        """A configuration from plain values, as `tomllib` gives them.

        Parameters
        ----------
        values
            By section and key.
        place
            Name of their origin in error messages.
        base
            Folder that paths in the values are relative to.

        Raises
        ------
        OptionError
            For an unknown key, with its place and the nearest known one, or an invalid value.
        FileError
            If the file of a feed cannot be read.
        """
        check_keys(cls, values, place)
        try:
            config = cls.model_validate_json(json.dumps(values, default=_date_text), strict=True)
        except ValidationError as error:
            raise OptionError(f"{place}: {explain_errors(error)}") from None
        if config.calibration.preset == "published":
            changed = {k: v for k, v in published_behaviour().items() if _is_default(config, k)}
            behaviour = dataclasses.replace(config.behaviour, **changed)
            config = config.model_copy(update={"behaviour": behaviour})
        config._base = base
        config._check_consistency(place)
        return config

    def _check_consistency(self, place: str) -> None:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise OptionError(f"{place}: arms: the names {names} must be distinct.")
        if RANDOM in names and self.random_arm != RANDOM:
            raise OptionError(
                f"{place}: arms: the name {RANDOM!r} is that of the preset of random posts."
            )
        for arm in self.arms:
            try:
                arm.feed(self._base)
            except (OptionError, FileError) as error:
                raise type(error)(f"{place}: arms: {error}") from None
        self._check_payouts(place)
        own, fetched = self.data.source in PLATFORMS, self.data.source == "fetch"
        if (own or fetched) and self.data.path is not None:
            raise OptionError(f"{place}: data.path goes with a source other than 'bundled'.")
        if fetched != (self.data.name is not None):
            raise OptionError(
                f"{place}: source = 'fetch' and data.name, of public data, go together."
            )
        for key in ("account", "direction", "tz") if own or fetched else ():
            if getattr(self.data, key) is not None:
                raise OptionError(
                    f"{place}: data.{key} goes with data that are read, from data.path."
                )
        if not (own or fetched) and self.data.path is None:
            raise OptionError(f"{place}: data.path is missing: where are the data?")
        if self.data.stitches and self.data.source not in ("tiktok", "any"):
            raise OptionError(f"{place}: data.stitches goes with source = 'tiktok'.")
        if (options := self.data.table_options()) and self.data.source not in ("folder", "any"):
            raise OptionError(f"{place}: data.{next(iter(options))} goes with source = 'folder'.")
        if self.data.tz is not None:
            check_zone(self.data.tz)
        if own and self.world.posts == "introduced":
            raise OptionError(
                f"{place}: world.posts = 'introduced' is for items without authors; those of a "
                "synthetic platform have them: 'authored'."
            )
        if not own and self.conditions.homophily:
            raise OptionError(
                f"{place}: conditions.homophily is a dial of a synthetic platform, and the data of "
                f"{self.data.source!r} are as they are."
            )
        if not own and "planted" in (self.world.space, *self.conditions.space):
            raise OptionError(
                f"{place}: space = 'planted' is the oracle of a synthetic platform; the data "
                f"of {self.data.source!r} have no planted topics."
            )

    def _check_payouts(self, place: str) -> None:
        try:
            own, several = self.payout, self.compared_payouts
        except OptionError as error:
            raise OptionError(f"{place}: {error}") from None
        names = [payout.name for payout in several]
        if len(set(names)) < len(names):
            raise OptionError(f"{place}: economy.payouts: the names {names} must be distinct.")
        if own is not None and self.simulation.budget != "free":
            raise OptionError(
                f"{place}: simulation.payout needs simulation.budget = 'free': under a matched budget "
                "creators respond to nothing. To compare incomes all the same, set economy.payouts."
            )
        if several and self.world.posts == "introduced":
            raise OptionError(
                f"{place}: payouts go with world.posts = 'authored': who introduces a post did not "
                "make it, and earns nothing."
            )

    @property
    def payout(self) -> Payout | None:
        """The payout scheme to whose incomes creators respond, if any."""
        own = self.simulation.payout
        return None if own is None else find_payout(own)

    @property
    def compared_payouts(self) -> tuple[Payout, ...]:
        """The payout schemes of the report: that of the simulation first, then the others."""
        own = self.payout
        others = [find_payout(payout) for payout in self.economy.payouts]
        return (*([own] if own else []), *(other for other in others if other != own))

    @property
    def random_arm(self) -> str:
        """Name of the arm of random posts: the first ``uniform`` preset, else one that is added."""
        names = [arm.name for arm in self.arms if arm.preset == "uniform"]
        return names[0] if names else RANDOM

    def feeds(self) -> dict[str, Feed]:
        """The feeds by the names of their arms, the baseline first.

        Without an arm of random posts, one is added at the end: levels are told beside it.
        """
        published = self.calibration.preset == "published"
        feeds = {arm.name: arm.feed(self._base, published=published) for arm in self.arms}
        return feeds | ({} if self.random_arm in feeds else {RANDOM: recommenders.uniform()})

    @property
    def compared_arms(self) -> tuple[str, ...]:
        """The arms that are compared with the first: all others but that of random posts.

        If there is no other, that of random posts is compared.
        """
        others = list(self.feeds())[1:]
        return tuple(name for name in others if name != self.random_arm) or (others[0],)

    def resolve(self, path: str) -> Path:
        """A path of the file, relative to the folder that the file is in."""
        return self._base / Path(path).expanduser()

    def to_toml(self) -> str:
        """The study as TOML with every default written out.

        Examples
        --------
        >>> import tomllib
        >>> StudyConfig.of(tomllib.loads(StudyConfig().to_toml())) == StudyConfig()
        True
        """
        return to_toml(json.loads(self.model_dump_json()))

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(plain_text(self.to_toml()))}</pre>"


def published_behaviour() -> dict[str, Any]:
    """Parameters of :meth:`Behaviour.published` that are not the default ones."""
    default = dict(Behaviour().frame.select("parameter", "value").iter_rows())
    return {
        k: v
        for k, v in Behaviour.published().frame.select("parameter", "value").iter_rows()
        if v != default[k]
    }


def _is_default(config: StudyConfig, parameter: str) -> bool:
    """Whether a study leaves a parameter of the behaviour at its default."""
    return bool(getattr(config.behaviour, parameter) == getattr(Behaviour(), parameter))


def _date_text(value: object) -> str:
    """Dates and times of TOML as text; other types are refused."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise OptionError(
        f"a value of study.toml is {shorten(value)}, of a type that a study does not have."
    )


def load_config(path: str | Path) -> StudyConfig:
    """Read a study file.

    Parameters
    ----------
    path
        TOML; paths in it are relative to its folder.

    Returns
    -------
    StudyConfig

    Raises
    ------
    FileError
        If it, or the file of a feed, cannot be read or is not TOML.
    OptionError
        For unknown keys and values out of range.
    """
    if not isinstance(path, str | Path):
        raise OptionError(
            f"a study is a file, or the StudyConfig that load_config makes of it, not a "
            f"{type(path).__name__}."
        )
    path = Path(path)
    return StudyConfig.of(read_toml(path), place=path.name, base=path.parent)
