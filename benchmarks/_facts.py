"""What the checks of stylised_facts.py share: worlds, runs kept for reuse, intervals, verdicts."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

import graphkit as gk
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import GraphkitWarning
from graphkit.measures.intervals import OVER_POPULATIONS, Scheme
from graphkit.recommenders import SOURCES, Feed
from graphkit.simulation import Behaviour, scan_impressions

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be told"
HETREC = Path(__file__).parents[2] / "shared" / "data" / "hetrec2011_lastfm_2k"
#: From which watch fraction on a post counts as taken up by its viewer.
STAYED = 0.5
#: What tells a feed that a viewer is interested.
ENGAGED = ("like", "comment", "share", "follow", "complete", "duet", "stitch")


@dataclass(frozen=True)
class Interval:
    """A mean over worlds with its 95 % t interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Interval:
        """Over the worlds in which the value is defined."""
        known = np.array([value for value in values if np.isfinite(value)])
        scheme = Scheme(OVER_POPULATIONS, known.size)
        found = scheme.find(known, np.abs(known), np.arange(known.size), 0.95)
        return cls(found.centre, found.low, found.high)

    @property
    def sign(self) -> int:
        """1 or −1 if the whole interval lies above or below 0, else 0."""
        return int(self.low > 0) - int(self.high < 0)

    def inside(self, low: float, high: float) -> int:
        """1 if the whole interval lies within the range, −1 if all of it lies outside, else 0."""
        if low <= self.low and self.high <= high:
            return 1
        return -1 if self.high < low or self.low > high else 0

    def __str__(self) -> str:
        """Mean [low, high]."""
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def every(signs: Iterable[int]) -> str:
    """A claim of several parts: holds if all do, fails if any part is the other way round."""
    known = list(signs)
    if known and min(known) > 0:
        return HOLDS
    return FAILS if known and min(known) < 0 else OPEN


def agree(signs: Iterable[int]) -> str:
    """One claim measured in several ways: they must agree, or it cannot be told."""
    known = list(signs)
    if known and min(known) > 0:
        return HOLDS
    return FAILS if known and max(known) < 0 else OPEN


@dataclass(frozen=True)
class Verdict:
    """One published figure held against the model.

    Attributes
    ----------
    name
        Of the check.
    claim, source
        What was published, and where.
    data
        Name of the worlds.
    figure
        The figure that decides, with its interval over worlds.
    verdict
        ``"holds"``, ``"does not hold"`` or ``"cannot be told"``, by a rule in the check.
    takes
        What the verdict rests on, or what would make it hold.
    table
        Lines with the figures behind it.
    """

    name: str
    claim: str
    source: str
    data: str
    figure: str
    verdict: str
    takes: str
    table: Sequence[str] = ()


@dataclass
class Data:
    """Worlds, and every feed that was run in them so far.

    Attributes
    ----------
    name
        Of the worlds.
    worlds
        W of them.
    ticks, slots
        Of every run.
    """

    name: str
    worlds: list[World]
    ticks: int = 20
    slots: int = 8
    _tallies: dict[tuple[object, ...], ArmTally] = field(default_factory=dict, repr=False)
    _logs: dict[tuple[object, ...], pl.DataFrame] = field(default_factory=dict, repr=False)

    @property
    def few(self) -> Data:
        """The first three worlds alone, for scans; what was run in them is known."""
        return replace(self, worlds=self.worlds[:3])

    def spread(
        self,
        arms: Mapping[str, Feed],
        behaviour: Behaviour | None = None,
        *,
        again: bool = False,
        reading: str = "filled",
    ) -> Spread:
        """Tallies of the arms in all worlds, by the same draws in every arm; or by others `again`.

        The checks say how much of a feed is filler where it matters, so no warning does.
        """
        mind = behaviour or Behaviour()
        tallies: dict[tuple[str, int, int], ArmTally] = {}
        # what is shared depends on all arms
        others = [_key(feed, mind) for feed in arms.values()] if reading == "shared" else []
        read = (reading, *others)
        for w, world in enumerate(self.worlds):
            keys = {name: (*_key(feed, mind), w, again, read) for name, feed in arms.items()}
            new = {name: arms[name] for name, key in keys.items() if key not in self._tallies}
            if new:
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
                    made = gk.simulate_spread(
                        world,
                        arms if reading == "shared" else new,
                        ticks=self.ticks,
                        slots=self.slots,
                        reading=reading,
                        behaviour=mind,
                        rng=1 + w + 1000 * again,
                    )
                self._tallies |= {keys[name]: made.tallies[name, 0, 0] for name in new}
            tallies |= {(name, w, 0): self._tallies[key] for name, key in keys.items()}
        return Spread(
            tuple(self.worlds),
            tuple(arms),
            tallies,
            1,
            (*SOURCES, "filler"),
            "matched",
            mind.calibrated,
            reading=reading,
        )

    def each(
        self,
        feed: Feed,
        measure: Callable[[World, ArmTally], float],
        behaviour: Behaviour | None = None,
    ) -> npt.NDArray[np.float64]:
        """A number for every world."""
        tallies = self.spread({"arm": feed}, behaviour).of("arm")
        pairs = zip(self.worlds, tallies, strict=True)
        return np.array([measure(world, tally) for world, tally in pairs])

    def logs(
        self, feed: Feed, behaviour: Behaviour | None = None, *, worlds: Sequence[World] = ()
    ) -> list[pl.DataFrame]:
        """Every impression of a feed, world by world, accounts and posts as codes of the world.

        `worlds` are other worlds in place of these.
        """
        mind, logs = behaviour or Behaviour(), []
        for w, world in enumerate(worlds or self.worlds):
            key = (*_key(feed, mind), w, self.slots)
            if not worlds and key in self._logs:
                logs.append(self._logs[key])
                continue
            with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
                warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
                gk.simulate_spread(
                    world,
                    {"arm": feed},
                    ticks=self.ticks,
                    slots=self.slots,
                    behaviour=mind,
                    impressions=folder,
                    rng=1 + w,
                )
                logs.append(_coded(scan_impressions(folder), world))
            if not worlds:
                self._logs[key] = logs[-1]
        return logs


def _key(feed: Feed, mind: Behaviour) -> tuple[object, ...]:
    return tuple(feed.frame["value"].to_list()), feed.filler, mind


def _coded(log: pl.LazyFrame, world: World) -> pl.DataFrame:
    """The rows in the order of each account's sessions."""
    accounts = pl.LazyFrame(
        {"account_id": world.accounts.series, "account": np.arange(world.n_accounts)}
    )
    posts = pl.LazyFrame({"item_id": world.posts.series, "post": np.arange(world.n_posts)})
    return (
        log.join(accounts, on="account_id")
        .join(posts, on="item_id")
        .select(
            "account",
            "post",
            "tick",
            "position",
            *ENGAGED,
            pl.col("surface").cast(pl.Enum([*SOURCES, "filler"])),
            watch="watch_fraction",
        )
        .sort("account", "tick", "position")
        .collect()
    )


def bundled(worlds: int, *, ticks: int = 20) -> Data:
    """The bundled platform, with other luck in every world: intervals are within it."""
    made = (_of_platform(gk.load_platform(), ticks, rng=1 + w) for w in range(worlds))
    return Data("bundled", list(made), ticks)


def fresh(
    worlds: int,
    *,
    accounts: int = 2_000,
    ticks: int = 20,
    homophily: dict[str, float] | None = None,
) -> Data:
    """Platforms of their own, each with other accounts and posts; by default of all homophilies."""
    made = (
        gk.synthetic.platform(
            accounts=accounts, posts_per_account=3.0, homophily=homophily, rng=900 + w
        )
        for w in range(worlds)
    )
    return Data("fresh", [_of_platform(platform, ticks) for platform in made], ticks)


def hetrec(worlds: int, *, ticks: int = 20) -> Data | None:
    """HetRec's Last.fm, its artists introduced by other listeners in every world; None if absent."""
    if not HETREC.is_dir():
        return None
    dataset = gk.readwrite.read_hetrec_lastfm(HETREC)[0]
    piece = gk.split_world_data(dataset, posts="introduced")
    found = {
        "interest": gk.leiden(gk.cointeraction_graph(piece, weight="tfidf", top=30), rng=1),
        "follow": gk.leiden(gk.follow_graph(piece), rng=1),
    }
    made = (
        gk.build_world(
            dataset, found, posts="introduced", share_of_posts=0.4, ticks=ticks, rng=1 + w
        )
        for w in range(worlds)
    )
    return Data("hetrec", list(made), ticks)


def _of_platform(platform: gk.Platform, ticks: int, rng: int = 1) -> World:
    piece = gk.split_world_data(platform)
    found = {
        "interest": gk.leiden(gk.cointeraction_graph(piece, weight="tfidf"), runs=3, rng=1),
        "follow": gk.leiden(gk.follow_graph(piece), runs=3, rng=1),
    }
    return gk.build_world(platform, found, ticks=ticks, rng=rng)


def first_partition(world: World) -> str:
    """The planted partition where there is one, else that of interest."""
    return next(iter(world.partitions))


def topics(world: World) -> npt.NDArray[np.int64]:
    """Topic of each post as viewers know it: its largest dimension for tastes, signed."""
    features = world.taste_features
    largest = np.abs(features).argmax(axis=1)
    below = features[np.arange(features.shape[0]), largest] < 0
    return np.asarray(2 * largest + below, dtype=np.int64)


def posters(world: World) -> pl.DataFrame:
    """Post and poster, one row each."""
    post = np.repeat(np.arange(world.n_posts), np.diff(world.poster_indptr))
    return pl.DataFrame({"post": post, "poster": world.posters.astype(np.int64)})


def follows(world: World) -> pl.DataFrame:
    """Account and followee, one row per arc."""
    tail, head, _ = world.follows.edge_arrays()
    return pl.DataFrame({"account": tail.astype(np.int64), "poster": head.astype(np.int64)})
