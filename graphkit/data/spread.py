"""Tallies of a simulation: exposure and reactions of each arm, in constant memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.answers import Answers, world_with_answers
from graphkit.data.files import loading, save_arrays
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.provenance import Provenance
from graphkit.data.world import World
from graphkit.errors import FileError, MissingDataError, nearest
from graphkit.parallel import refuse_after_fork

#: Reactions of viewers, in the order of the columns of :attr:`ArmTally.reactions`.
REACTIONS = ("like", "comment", "share", "follow", "complete", "duet", "stitch", "unfollow", "skip")

#: Share of filler from which a simulation warns, and above which no direction is claimed.
FILLER_WARNED, FILLER_LIMIT = 0.2, 0.25

#: Accounts of a foreign community that must be shown a post for the community to be reached.
REACHED = 5
#: Foreign communities reached, up to which the ages of a post are kept; and the highest age.
MOST_ARRIVALS, OLDEST = 8, 2**15 - 1

#: Reactions that reward the author.
REWARDS = ("like", "comment", "share", "follow", "duet", "stitch")


@dataclass(frozen=True, eq=False)
class ArmTally(Frozen):
    """Tallies of one arm in one replication of one world: m posts, n accounts, T ticks.

    The posts are those of the world, in its order, and behind them the answers (duets and
    stitches that became posts) of this run, if there are any: see :meth:`Spread.world_of`.

    Attributes
    ----------
    views
        Per partition kind, int32, shape (m, C + 1): distinct accounts of each community that
        saw each post, without its posters; the last column counts unassigned accounts.
    diet
        Per partition kind, int32, shape (n, C + 1): posts shown to each account by community
        of origin of the post; the last column counts posts without one.
    member_reach
        Per partition kind, int32, shape (n,): distinct members of the poster's own
        community, without the poster, that any of its posts reached.
    ticks
        int32, shape (m, T): impressions of each post in each tick.
    reactions
        int64, shape (m, 9), in the order of ``REACTIONS``: likes, comments, shares, follows,
        completions, duets, stitches of each post, unfollows of its author, and skips.
    watch
        int64, shape (m,): summed watch fraction of each post, in 1/65536.
    sources
        int64, shape (S,): impressions by source, the last one filler (backfill).
    sessions, empty
        Number of sessions, and of slots left empty.
    leave, back, stay
        Means over sessions: propensity to leave for good, watch fraction that drives the
        return, and number of posts after which the session would end, at most its slots.
    candidates
        Distinct candidates that were ranked, over all sessions.
    shares
        int32, shape (x, 5): post, account that reshared it, parent (−1: the poster), tick,
        kind (0 share, 1 duet, 2 stitch).
    posting, quitting
        Mean propensities of creators to post as scheduled, and to quit; NaN if none posted twice.
    posted
        bool, shape (m,): posts that their creators posted; all under a matched budget. Posts
        of later ticks than the last have not entered either.
    left, quit
        bool, shape (n,): accounts that left, creators that quit; none under a matched budget.
    gained, lost
        int32, shape (n,): followers gained and lost; with effect under a free budget only.
    recall
        Recall@100 of the interest index at the end, over a sample of accounts; NaN if the
        feed does not use it.
    untallied
        Number of slots filled from the feed's own sources that are not tallied, since another
        arm cannot fill them; 0 unless only shared slots are.
    arrivals
        Per partition kind, int16, shape (m, min(C − 1, 8)): column k is the age of each post, in
        ticks since it entered, at which k + 1 communities other than its own had been reached,
        by 5 accounts each, without its posters; −1: not up to the end of the run or the age of
        32,767 ticks, and for posts without a community of origin. No kinds if it was saved by an
        earlier version.
    flagged_shown, divisive_shown
        int32, shape (n,): posts shown to each account that are flagged, and whose divisiveness is
        at least 0.5. `None` where the posts have no flags, or no divisiveness, and if it was saved
        by an earlier version.
    answers
        The answers, which are the last posts; none under a matched budget.
    """

    views: Mapping[str, npt.NDArray[np.int32]]
    diet: Mapping[str, npt.NDArray[np.int32]]
    member_reach: Mapping[str, npt.NDArray[np.int32]]
    ticks: npt.NDArray[np.int32]
    reactions: npt.NDArray[np.int64]
    watch: npt.NDArray[np.int64]
    sources: npt.NDArray[np.int64]
    sessions: int
    empty: int
    leave: float
    back: float
    stay: float
    candidates: int
    shares: npt.NDArray[np.int32]
    posting: float
    quitting: float
    posted: npt.NDArray[np.bool_]
    left: npt.NDArray[np.bool_]
    quit: npt.NDArray[np.bool_]
    gained: npt.NDArray[np.int32]
    lost: npt.NDArray[np.int32]
    recall: float
    untallied: int = 0
    arrivals: Mapping[str, npt.NDArray[np.int16]] = field(default_factory=dict)
    flagged_shown: npt.NDArray[np.int32] | None = None
    divisive_shown: npt.NDArray[np.int32] | None = None
    answers: Answers = field(default_factory=Answers)

    @property
    def impressions(self) -> int:
        """Total number of impressions."""
        return int(self.sources.sum())

    @property
    def offered(self) -> int:
        """Number of slots that sessions offered: tallied, untallied and empty ones."""
        return self.impressions + self.untallied + self.empty

    @property
    def rewards(self) -> npt.NDArray[np.int64]:
        """Likes, comments, shares, follows, duets and stitches of each post, shape (m,)."""
        kinds = [REACTIONS.index(name) for name in REWARDS]
        return np.asarray(self.reactions[:, kinds].sum(axis=1), dtype=np.int64)

    def of_kinds(self, kinds: Collection[str]) -> ArmTally:
        """The tally under these kinds of partition only."""
        names = ("views", "diet", "member_reach", "arrivals")
        tables: dict[str, Any] = {
            name: {kind: rows for kind, rows in getattr(self, name).items() if kind in kinds}
            for name in names
        }
        return replace(self, **tables)

    def save(self, path: str | Path, *, of: str | None = None, passing: bool = False) -> Path:
        """Write the tally as one ``.npz`` file, the same bytes each time; returns its path.

        `of` is a key of the run that it is of, by which :meth:`load` knows it. A `passing` file,
        as of a checkpoint, is written faster, and is for :meth:`load` alone.
        """
        kinds = list(self.views)
        numbers: dict[str, float] = {}
        arrays: dict[str, npt.NDArray[Any]] = {}
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, Mapping):
                arrays |= {
                    f"{spec.name}_{k}": value[kind] for k, kind in enumerate(kinds) if kind in value
                }
            elif isinstance(value, np.ndarray):
                arrays[spec.name] = value
            elif isinstance(value, Answers):
                if value.none:  # as in files of earlier versions
                    continue
                for part in fields(value):
                    content = getattr(value, part.name)
                    kept = arrays if isinstance(content, np.ndarray) else numbers
                    kept[f"{spec.name}_{part.name}"] = content
            elif value is not None:
                numbers[spec.name] = _to_plain(value)
        header: dict[str, Any] = {"kinds": kinds, "numbers": numbers}
        header |= {} if of is None else {"of": of}
        return save_arrays(path, "ArmTally", header, arrays, passing=passing)

    @classmethod
    def load(cls, path: str | Path, *, of: str | None = None) -> ArmTally:
        """The inverse of :meth:`save`.

        Raises
        ------
        FileError
            If the file is missing, damaged, holds something else, or is not `of` this run.
        """
        with loading(path, "ArmTally") as (header, arrays):
            if of not in (None, header.get("of")):
                raise FileError("it is the tally of another run.")
            # files of earlier versions have no untallied slots, arrivals and counts by account
            values: dict[str, Any] = {"untallied": 0, "flagged_shown": None, "divisive_shown": None}
            values |= {**header["numbers"], **arrays}
            kinds = dict(enumerate(header["kinds"]))
            for name in ("views", "diet", "member_reach"):
                values[name] = {kind: arrays[f"{name}_{k}"] for k, kind in kinds.items()}
            later = any(name.startswith("arrivals_") for name in arrays)
            kept = kinds.items() if later else ()
            values["arrivals"] = {kind: arrays[f"arrivals_{k}"] for k, kind in kept}
            names = [spec.name for spec in fields(Answers) if f"answers_{spec.name}" in values]
            values["answers"] = Answers(**{name: values[f"answers_{name}"] for name in names})
            return cls(**{spec.name: values[spec.name] for spec in fields(cls)})


@dataclass(frozen=True, repr=False, eq=False)
class Spread(Frozen, table="summary"):
    """Result of a simulation: tallies of all arms, worlds and replications.

    Attributes
    ----------
    worlds
        The simulated worlds.
    arms
        Names of the arms.
    tallies
        By (arm, world, replication).
    replications
        Per world.
    source_names
        Names of the entries of ``ArmTally.sources``.
    budget
        ``"matched"`` or ``"free"``.
    calibrated
        Whether the viewers' behaviour was fitted to a log.
    reading
        ``"filled"``, ``"empty"`` or ``"shared"``: what becomes of slots that a feed cannot fill
        from its own sources, see :func:`simulate_spread`.
    """

    worlds: tuple[World, ...]
    arms: tuple[str, ...]
    tallies: Mapping[tuple[str, int, int], ArmTally]
    replications: int
    source_names: tuple[str, ...]
    budget: str
    calibrated: bool
    provenance: Provenance = field(default_factory=lambda: Provenance("simulate_spread"))
    reading: str = "filled"

    @cached_property
    def content_key(self) -> str:
        """Key of all tallies, every field of each."""
        parts: list[object] = []
        for key, tally in sorted(self.tallies.items()):
            values = [getattr(tally, spec.name) for spec in fields(tally)]
            parts.append(key)
            for value in values:
                if isinstance(value, Mapping):
                    parts += chain(*sorted(value.items()))
                elif isinstance(value, Answers):
                    parts += [] if value.none else [value._key]
                else:
                    parts.append(_to_plain(value))
        return content_key(*parts)

    def world_of(self, arm: str, world: int, replication: int) -> World:
        """The world as it is after a run: its posts are the rows of the run's tally.

        Under a free budget, duets and stitches that became posts follow the posts of the world,
        with their parents in :attr:`World.answers_to`. Worlds with answers are made when they are
        asked for, and the latest two are kept: each has features of its own.

        Parameters
        ----------
        arm, world, replication
            The run.

        Raises
        ------
        MissingDataError
            If there is no such arm, or no such run.
        """
        self.of(arm)
        job = arm, world, replication
        if job not in self.tallies:
            raise MissingDataError(
                f"there is no world {world} with replication {replication}: the spread has "
                f"{len(self.worlds)} worlds and {self.replications} replications, counted from 0."
            )
        answers = self.tallies[job].answers
        if not len(answers):
            return self.worlds[world]
        kept = self._with_answers
        found = kept.pop(job, None) or world_with_answers(self.worlds[world], answers)
        kept[job] = found
        while len(kept) > 2:
            kept.pop(next(iter(kept)), None)
        return found

    @cached_property
    def _with_answers(self) -> dict[tuple[str, int, int], World]:
        """The latest worlds with answers, by run."""
        return {}

    def of(self, arm: str) -> list[ArmTally]:
        """The tallies of an arm, by world and replication."""
        if arm not in self.arms:
            raise MissingDataError(
                f"no arm {arm!r}.{nearest(arm, self.arms)} Arms: {', '.join(self.arms)}."
            )
        return [t for (name, _, _), t in sorted(self.tallies.items()) if name == arm]

    def impressions(self, arm: str) -> int:
        """Impressions of an arm over all worlds and replications."""
        return sum(t.impressions for t in self.of(arm))

    def _whole(self, arm: str) -> list[ArmTally]:
        """The tallies of an arm without those of the parts of a jackknife."""
        self.of(arm)
        parts = {w for w, world in enumerate(self.worlds) if world.sample == "part"}
        tallies = sorted(self.tallies.items())
        return [t for (name, w, _), t in tallies if name == arm and w not in parts]

    def filler(self, arm: str) -> float:
        """Share of filler in the impressions of an arm; 0 without impressions.

        Over all worlds and replications, without the parts of a jackknife.
        """
        tallies = self._whole(arm)
        shown = sum(t.impressions for t in tallies)
        return sum(int(t.sources[-1]) for t in tallies) / max(shown, 1)

    def summary(self) -> pl.DataFrame:
        """One row per arm, over all worlds and replications, without the parts of a jackknife.

        Columns: arm, impressions, sessions, empty_slots; kept (share of the offered slots that
        are tallied); candidates_per_session (distinct candidates ranked), index_recall (mean of
        :attr:`ArmTally.recall`),
        reactions_per_impression (likes, comments, shares, follows, duets and stitches), null
        where undefined; and the share of each source in the impressions.
        """
        refuse_after_fork()
        rows = []
        for arm in self.arms:
            tallies = self._whole(arm)
            total = sum(t.sources for t in tallies)
            shown = max(int(np.sum(total)), 1)
            sessions = sum(t.sessions for t in tallies)
            recalls = [float(t.recall) for t in tallies if not np.isnan(t.recall)]
            rewards = sum(int(t.rewards.sum()) for t in tallies)
            candidates = sum(t.candidates for t in tallies)
            offered = sum(t.offered for t in tallies)
            row: dict[str, object] = {
                "arm": arm,
                "impressions": int(np.sum(total)),
                "sessions": sessions,
                "empty_slots": sum(t.empty for t in tallies),
                "kept": int(np.sum(total)) / offered if offered else None,
                "candidates_per_session": candidates / sessions if sessions else None,
                "index_recall": sum(recalls) / len(recalls) if recalls else None,
                "reactions_per_impression": rewards / shown if np.sum(total) else None,
            }
            shares = zip(self.source_names, np.asarray(total).tolist(), strict=True)
            rows.append(row | {name: count / shown for name, count in shares})
        numbers = ("kept", "candidates_per_session", "index_recall", "reactions_per_impression")
        frame = pl.DataFrame(rows, infer_schema_length=None)
        return frame.with_columns(pl.col(*numbers).cast(pl.Float64))

    def _facts(self) -> dict[str, object]:
        return {
            "arms": ", ".join(self.arms),
            "worlds": len(self.worlds),
            "replications": self.replications,
            "budget": self.budget,
            **self._payout_facts(),
            "reading": _READINGS[self.reading],
            **{f"arm {arm}": self._slots_of(arm) for arm in self.arms},
            **self._oracle_facts(),
            "behaviour": "calibrated" if self.calibrated else "not calibrated: assumptions",
            **self.provenance.removed,
        }

    def _payout_facts(self) -> dict[str, object]:
        """That creators respond to income, if they do."""
        payout = self.provenance.parameters.get("payout")
        return {} if payout is None else {"creators respond to": f"income, {payout['name']}"}

    def _oracle_facts(self) -> dict[str, object]:
        """That feeds read planted topics, if they do."""
        known = [world.provenance.parameters for world in self.worlds]
        if not any(facts.get("space") == "planted" for facts in known):
            return {}
        return {"feeds read": "planted topics: an oracle"}

    def _slots_of(self, arm: str) -> str:
        """How an arm fills its slots, as text."""
        tallies = self._whole(arm)
        offered = max(sum(t.offered for t in tallies), 1)
        sessions = max(sum(t.sessions for t in tallies), 1)
        filler = self.filler(arm)
        limit = " (no direction is claimed)" if filler > FILLER_LIMIT else ""
        parts = [
            f"{filler:.0%} filler{limit}",
            f"{sum(t.empty for t in tallies) / offered:.0%} empty",
            f"{sum(t.candidates for t in tallies) / sessions:.3g} candidates a session",
        ]
        if answers := sum(len(t.answers) for t in tallies):
            parts.append(f"{answers / len(tallies):,.1f} answers a run")
        if self.reading == "shared":
            parts.append(f"{sum(t.impressions for t in tallies) / offered:.0%} kept")
        return ", ".join(parts)


def arrival_columns(n_communities: int) -> int:
    """Columns of :attr:`ArmTally.arrivals` under a partition of so many communities."""
    return min(max(n_communities - 1, 0), MOST_ARRIVALS)


#: What becomes of slots that a feed cannot fill from its own sources.
_READINGS = {
    "filled": "filled: each feed's own filler",
    "empty": "empty: no filler",
    "shared": "shared: slots that all arms fill",
}


def _to_plain(value: Any) -> Any:
    """A NumPy number as a Python one, so that equal content has equal keys."""
    return value.item() if isinstance(value, np.generic) else value
