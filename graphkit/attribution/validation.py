"""Published figures about feeds, held against the model: what runs of it give beside them."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.attribution.figures import (
    FIGURES,
    LONG,
    ROLES,
    Arm,
    Codes,
    Figure,
    coded_log,
    entries,
    first_posters,
    topics_of,
    unconnected_share,
)
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.spread import FILLER_LIMIT, Spread
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    GraphkitWarning,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
)
from graphkit.measures.intervals import HIGHER, Scheme
from graphkit.measures.paired import scheme_of_worlds
from graphkit.parallel import refuse_after_fork
from graphkit.recommenders import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation import Behaviour, perturb_world, scan_impressions, simulate_spread
from graphkit.synthetic import platform
from graphkit.synthetic import worlds as make_worlds

__all__ = ["Validation", "validate"]

Floats = npt.NDArray[np.float64]

#: Verdicts on a figure; "not computed: needs …" besides.
WITHIN, DIRECTION, NOT_MET = "within tolerance", "direction only", "not met"
CANNOT, FILLED = "the model cannot express it", "filler forbids a direction"
NOT_COMPUTED = "not computed: needs "

#: Acts of a sock puppet, all of one kind, and the signal of the feed by act.
DOSE = 10
ACTS = {"follow": "follow", "like": "like", "watch": "completion"}


_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("figure", "source", "published", "tolerance"), pl.String),
    **dict.fromkeys(("ours", "low", "high"), pl.Float64),
    **dict.fromkeys(("direction_met", "within_tolerance"), pl.Boolean),
    **dict.fromkeys(("verdict", "use"), pl.String),
}


@dataclass(frozen=True, repr=False, eq=False)
class Validation(Frozen, title="Published figures", table="frame"):
    """Published figures beside those of the model.

    Attributes
    ----------
    frame
        One row per figure of :func:`published_figures`: figure (its key), source, published,
        tolerance (as text), ours, low, high (95 % interval over worlds), direction_met (the
        interval of the claimed difference is above 0), within_tolerance (ours lies in the band),
        verdict and use. A verdict is ``"within tolerance"``, ``"direction only"``, ``"not met"``,
        ``"the model cannot express it"``, ``"filler forbids a direction"`` (above 25 % in an arm that
        the figure is about), or ``"not computed: needs …"``.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    provenance
        How it was made.
    """

    frame: pl.DataFrame
    calibrated: bool = False
    provenance: Provenance = field(default_factory=lambda: Provenance("Validation"))

    @classmethod
    def of(
        cls,
        spread: Spread,
        *,
        arms: Mapping[str, str] | None = None,
        impressions: pl.LazyFrame | pl.DataFrame | None = None,
    ) -> Validation:
        """The figures that the runs of a simulation meet; nothing else is simulated.

        Parameters
        ----------
        spread
            The simulation.
        arms
            Arm of the spread by role: ``"interest_centric"``, ``"follower_centric"``,
            ``"chronological"``. By default arms of these names.
        impressions
            Its impressions, as of :func:`graphkit.simulation.scan_impressions`; without them,
            figures that need single impressions are not computed.

        Raises
        ------
        OptionError
            For an unknown role.
        MissingDataError
            If the spread has no such arm.
        DataError
            If the impressions are not those of the spread.

        Examples
        --------
        >>> import graphkit as gk
        >>> world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), rng=1)
        >>> arms = {"interest_centric": gk.recommenders.interest_centric()}
        >>> spread = gk.simulate_spread(world, arms, ticks=2, slots=3, rng=1)
        >>> found = Validation.of(spread).frame
        >>> found.filter(figure="exploit_share")["verdict"].item()
        'not computed: needs the impression log'
        """
        refuse_after_fork()
        named = _named_arms(spread, arms)
        found = _compute(FIGURES, spread, named, impressions)
        record = Provenance.of(
            "Validation.of",
            {"arms": dict(named)},
            made_from=(spread,),
            packages=("numpy", "polars"),
        )
        return cls(_frame(found, scheme_of_worlds(spread.worlds)), spread.calibrated, record)

    @property
    def content_key(self) -> str:
        """Key of all numbers."""
        return content_key(self.frame)

    def met(self, use: str | None = None) -> tuple[int, int]:
        """Number of figures met in direction (or level), and of those within tolerance.

        The second are among the first. `use` is ``"tune"`` or ``"test"`` for these only.
        """
        frame = self.frame if use is None else self.frame.filter(use=use)
        verdicts = frame["verdict"].to_list()
        within = verdicts.count(WITHIN)
        return within + verdicts.count(DIRECTION), within

    def _facts(self) -> dict[str, object]:
        met, within = self.met()
        facts: dict[str, object] = {"figures": self.frame.height}
        facts |= {"met in direction": met, "of these within tolerance": within}
        facts["behaviour"] = "calibrated" if self.calibrated else "not calibrated: assumptions"
        return facts | dict(self.frame.select("figure", "verdict").iter_rows())


class _Found(NamedTuple):
    """A figure by run: its values and claimed differences; or what is missing."""

    values: Floats
    claims: Floats
    worlds: Codes
    needs: str = ""
    filled: bool = False


def _compute(
    figures: Mapping[str, Figure],
    spread: Spread,
    named: Mapping[str, str],
    impressions: pl.LazyFrame | pl.DataFrame | None,
) -> dict[str, _Found]:
    """The figures in every run of a spread; of the log, one run is read at a time."""
    needs = {key: _missing_arm(figure, named) for key, figure in figures.items()}
    values: dict[str, list[tuple[float, float]]] = {key: [] for key in figures}
    jobs = [(w, r) for w in range(len(spread.worlds)) for r in range(spread.replications)]
    for w, r in jobs:
        arms = _arms_of(spread, named, impressions, w, r)
        for key, figure in figures.items():
            if needs[key]:
                continue
            try:
                values[key].append(figure.compute(arms))
            except MissingDataError as error:
                needs[key] = str(error)
    worlds, found = np.array([w for w, _ in jobs], np.int64), {}
    for key, figure in figures.items():
        # a feed that shows strangers by its filler is what the share of strangers is about
        about = () if figure.compute is unconnected_share else figure.arms
        shares = [spread.filler(named[role]) for role in about if role in named]
        pairs = np.array(values[key], np.float64).reshape(-1, 2)
        filled = max(shares, default=0.0) > FILLER_LIMIT
        found[key] = _Found(pairs[:, 0], pairs[:, 1], worlds, needs[key], filled)
    return found


def _missing_arm(figure: Figure, named: Mapping[str, str]) -> str:
    """What a figure lacks of arms, as text; empty if nothing."""
    missing = [role for role in figure.arms if role not in named and figure.run != "puppets"]
    return f"the arm {missing[0]}" if missing else ""


def _named_arms(spread: Spread, arms: Mapping[str, str] | None) -> dict[str, str]:
    """Arm of the spread by role."""
    if arms is None:
        return {role: role for role in ROLES if role in spread.arms}
    for role, arm in arms.items():
        check_choice("arms", role, ROLES)
        spread.of(arm)
    return dict(arms)


def _arms_of(
    spread: Spread,
    named: Mapping[str, str],
    impressions: pl.LazyFrame | pl.DataFrame | None,
    w: int,
    r: int,
) -> dict[str, Arm]:
    """The arms by role in one world and replication."""
    found = {}
    for role, arm in named.items():
        world = spread.world_of(arm, w, r)
        tally, log = spread.tallies[arm, w, r], None
        if impressions is not None:
            rows = impressions.lazy().filter(
                pl.col("arm") == arm, pl.col("world") == w, pl.col("replication") == r
            )
            log = coded_log(rows, world)
            if log.height != tally.impressions:
                raise DataError(
                    f"the impressions hold {log.height:,} of arm {arm!r} in world {w}, and the spread "
                    f"{tally.impressions:,}: they must be of the same simulation."
                )
        found[role] = Arm(world, tally, log, spread.reading)
    return found


def _frame(found: Mapping[str, _Found], scheme: Scheme) -> pl.DataFrame:
    """One row per published figure."""
    rows = [_row(entry, found.get(entry["key"]), scheme) for entry in entries()]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _row(entry: Mapping[str, Any], found: _Found | None, scheme: Scheme) -> tuple[Any, ...]:
    source = f"{_cite(entry['authors'])} ({entry['year']}), {entry['id']}"
    number: float | None = entry.get("figure")
    published = entry["direction"] if number is None else f"{number:g} {entry['unit']}"
    tolerance = (
        None if number is None else f"{entry['low']:g} … {entry['high']:g}".replace("-", "−")
    )
    head = (entry["key"], source, published, tolerance)
    if not entry["expressed"] or found is None:
        return (*head, None, None, None, None, None, CANNOT, entry["use"])
    if found.needs:
        why = NOT_COMPUTED + found.needs
        return (*head, None, None, None, None, None, why, entry["use"])
    values = scheme.find(found.values, np.abs(found.values), found.worlds, 0.95)
    numbers = [None if math.isnan(v) else v for v in (values.centre, values.low, values.high)]
    met = None
    if entry["direction"]:
        claim = scheme.find(found.claims, np.abs(found.claims), found.worlds, 0.95)
        sign = claim.direction(filled=False)
        met = None if sign is None else sign == HIGHER
    within = None
    if number is not None and numbers[0] is not None:
        within = bool(entry["low"] <= numbers[0] <= entry["high"])
    verdict = _verdict(bool(entry["direction"]), met, within, found.filled)
    if found.filled:
        met = within = None
    return (*head, *numbers, met, within, verdict, entry["use"])


def _cite(authors: str) -> str:
    """Authors as in a citation: one, two, or the first of more."""
    names = authors.split(", ")
    return f"{names[0]} et al." if len(names) > 2 else " & ".join(names)


def _verdict(claims: bool, met: bool | None, within: bool | None, filled: bool) -> str:
    """The verdict on a computed figure."""
    if filled:
        return FILLED
    if claims and met is None:
        return f"{NOT_COMPUTED}several worlds, for an interval"
    if within and met is not False:
        return WITHIN
    return DIRECTION if met else NOT_MET


# --- runs of its own ------------------------------------------------------------------------------


def validate(
    worlds: World | Sequence[World] | None = None,
    *,
    arms: Mapping[str, Feed] | None = None,
    behaviour: Behaviour | None = None,
    ticks: int = 20,
    slots: int = 10,
    cache: str | Path | None = None,
    rng: RNGLike | None = None,
) -> Validation:
    """Run the feeds in worlds of their own, and hold them against published figures.

    Of every world there are: all arms, with slots that a feed cannot fill left empty, so that
    no filler is compared; the follower-centric feed with its filler; the interest-centric one after
    a cold start, with enough slots for 300 posts a viewer; and sock puppets. All share random
    numbers. A tenth of the accounts are puppets, each of which does one thing to ten posts of one
    topic before its first session, after a cold start: it follows their posters, likes them, or
    watches them to the end; its twins in the same world do nothing. Influence is the share of
    that topic in what puppets are shown, less that of the twins.

    Parameters
    ----------
    worlds
        Worlds made independently; by default four synthetic platforms of 900 accounts, four posts
        each, without half of the follows between accounts of opposite leaning.
    arms
        Feeds by role: ``"interest_centric"``, ``"follower_centric"`` and ``"chronological"``; by
        default the presets, also for roles that are not named.
    behaviour
        Parameters of the viewers; by default the documented assumptions.
    ticks, slots
        Of the simulation; at least 3 ticks.
    cache
        Folder for checkpoints, from which the same call goes on; new, empty, or of the same call.
    rng
        Seed.

    Returns
    -------
    Validation

    Raises
    ------
    OptionError
        For an unknown role, or options out of range.

    Examples
    --------
    >>> from graphkit.synthetic import platform, worlds
    >>> like = platform(100, communities=2, posts_per_account=4.0, rng=1)
    >>> found = validate(worlds(2, like=like, ticks=3, rng=1), ticks=3, slots=3, rng=1)
    >>> found.frame.filter(figure="diversity_declines")["verdict"].item()
    'not computed: needs 300 impressions per viewer'
    """
    refuse_after_fork()
    ticks, slots = check_integer("ticks", ticks, 3), check_integer("slots", slots, 1)
    for role in arms or {}:
        check_choice("arms", role, ROLES)
    feeds = {role: make() for role, make in ROLES.items()} | dict(arms or {})
    streams = Streams(rng)
    population = _population(worlds, ticks, streams)
    mind, seed = behaviour or Behaviour(), streams.integer("simulation")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) if cache is None else None
        runner = _Runner(ticks, mind, seed, Path(cache) if folder is None else folder)  # type: ignore[arg-type]
        found = _validate(population, feeds, slots, runner)
    options = {"ticks": ticks, "slots": slots, "arms": {r: f.name for r, f in feeds.items()}}
    options |= {"behaviour": dict(mind.frame.select("parameter", "value").iter_rows())}
    record = Provenance.of(
        "validate", options, seed=streams.seed, made_from=population, packages=("numba", "numpy")
    )
    return Validation(_frame(found, scheme_of_worlds(population)), mind.calibrated, record)


def _population(
    worlds: World | Sequence[World] | None, ticks: int, streams: Streams
) -> tuple[World, ...]:
    if isinstance(worlds, World):
        return (worlds,)
    if worlds is not None:
        if not worlds:
            raise OptionError("validate needs at least one world.")
        return tuple(worlds)
    seed = streams.integer("worlds")
    like = platform(900, posts_per_account=4.0, leaning=0.5, rng=seed)
    return tuple(make_worlds(4, like=like, ticks=ticks, rng=seed))


@dataclass(frozen=True)
class _Runner:
    """Simulations with their impressions, in a folder."""

    ticks: int
    behaviour: Behaviour
    seed: int
    folder: Path

    def run(
        self,
        name: str,
        worlds: Sequence[World],
        feeds: Mapping[str, Feed],
        slots: int,
        reading: str,
    ) -> tuple[Spread, pl.LazyFrame]:
        """The feeds in the worlds, and the impressions."""
        root = self.folder / name
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
            spread = simulate_spread(
                worlds,
                feeds,
                ticks=self.ticks,
                slots=slots,
                reading=reading,
                behaviour=self.behaviour,
                impressions=root / "impressions",
                checkpoint=root / "checkpoint",
                rng=self.seed,
            )
        return spread, scan_impressions(root / "impressions")


def _validate(
    worlds: tuple[World, ...], feeds: Mapping[str, Feed], slots: int, runner: _Runner
) -> dict[str, _Found]:
    """Every figure, from the run that it is computed in."""
    own, social = ({r: feeds[r]} for r in ("interest_centric", "follower_centric"))
    cold = [perturb_world(world, cold_start=True) for world in worlds]
    enough = max(slots, math.ceil(1.2 * LONG / (runner.ticks * runner.behaviour.activity)))
    plans: dict[str, tuple[Sequence[World], Mapping[str, Feed], int, str]] = {
        "empty": (worlds, feeds, slots, "empty"),
        "filled": (worlds, social, slots, "filled"),
        "long": (cold, own, enough, "empty"),
    }
    found: dict[str, _Found] = {}
    for name, plan in plans.items():
        spread, log = runner.run(name, *plan)
        figures = {key: figure for key, figure in FIGURES.items() if figure.run == name}
        found |= _compute(figures, spread, {role: role for role in plan[1]}, log)
    try:
        moved = influence(cold, feeds["interest_centric"], slots, runner)
    except MissingDataError as error:
        none = np.zeros(0)
        found["influence_order"] = _Found(none, none, none.astype(np.int64), str(error))
        return found
    gaps = np.minimum(moved["follow"] - moved["like"], moved["like"] - moved["watch"])
    found["influence_order"] = _Found(gaps, gaps, np.arange(len(worlds)))
    return found


def influence(
    worlds: Sequence[World], feed: Feed, slots: int, runner: _Runner
) -> dict[str, Floats]:
    """Share of the signalled topic in the feeds of puppets beyond that of their twins, by act."""
    plans = [puppets(world) for world in worlds]

    def shares(name: str, changed: Sequence[World]) -> Floats:
        spread, log = runner.run(name, changed, {"arm": feed}, slots, "empty")
        arms = [_arms_of(spread, {"arm": "arm"}, log, w, 0)["arm"] for w in range(len(worlds))]
        pairs = zip(arms, plans, strict=True)
        return np.array([topic_share(arm, chosen, topics) for arm, (chosen, topics, _) in pairs])

    control = shares("twins", worlds)
    found = {}
    for act in ACTS:
        pairs = zip(worlds, plans, strict=True)
        found[act] = shares(f"puppets {act}", [acted(w, act, feed, *p) for w, p in pairs]) - control
    return found


def topic_share(arm: Arm, chosen: Codes, topics: Codes) -> float:
    """Share of its own topic in what each chosen account is shown, all together."""
    wanted = np.full(arm.world.n_accounts, -1, np.int64)
    wanted[chosen] = topics
    log = arm.impressions()
    topic = wanted[log["account"]]
    match = topics_of(arm.world.taste_features)[log["post"]] == topic
    return float(match[topic >= 0].mean()) if (topic >= 0).any() else math.nan


def puppets(world: World) -> tuple[Codes, Codes, Codes]:
    """A tenth of the accounts, the topic of each, and ten posts of it from the stock of each.

    The same whatever the act. Topics of fewer than ten posts in the stock are not drawn.
    """
    rng = np.random.default_rng(7)
    chosen = np.sort(rng.choice(world.n_accounts, max(world.n_accounts // 10, 1), replace=False))
    stock = np.flatnonzero(world.ticks == world.ticks.min())
    of_post = topics_of(world.taste_features)[stock]
    large = np.flatnonzero(np.bincount(of_post) >= DOSE)
    if not large.size:
        raise MissingDataError(f"a topic of {DOSE} posts at the start in every world")
    topics = rng.choice(large, chosen.size)
    posts = np.stack([rng.choice(stock[of_post == topic], DOSE, replace=False) for topic in topics])
    return chosen, topics, posts


def acted(world: World, act: str, feed: Feed, chosen: Codes, _topics: Codes, posts: Codes) -> World:
    """The world after the chosen accounts did `act` to their posts.

    Each act moves the profile by learning rate · signal, as it does in a session; a follow adds the
    tie besides.
    """
    move = feed.learning_rate * feed.signals.get(ACTS[act], 0.0)
    profiles = world.profiles.astype(np.float64)
    profiles[chosen] += move * world.post_features[posts].astype(np.float64).sum(axis=1)
    length = np.linalg.norm(profiles, axis=1, keepdims=True)
    profiles = np.divide(profiles, length, out=np.zeros_like(profiles), where=length > 0)
    changed = replace(world, profiles=profiles.astype(np.float32))
    if act != "follow":
        return changed
    n = world.n_accounts
    old = world.follows.edge_arrays()
    arcs = old[0].astype(np.int64) * n + old[1]
    arcs = np.union1d(arcs, np.repeat(chosen, DOSE) * n + first_posters(world)[posts.ravel()])
    arcs = arcs[arcs // n != arcs % n]
    ids = world.accounts.series
    ties = Graph.from_edges(
        ids.gather(arcs // n),
        ids.gather(arcs % n),
        directed=True,
        nodes=world.accounts,
        node_kind="accounts",
    )
    return replace(changed, follows=ties)
