"""World: a population with its interests, follow graph, and the posts to simulate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from graphkit.data.frozen import Frozen, content_key
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, check_choice

#: A post without a duration counts as one of so many seconds.
USUAL_SECONDS = 20.0

#: A post counts as divisive from this divisiveness on.
LEAST_DIVISIVE = 0.5

#: What a world is, see :attr:`World.sample`.
SAMPLES = ("population", "whole", "part")

#: Fields with one row per account, and with one per post, which stay as they are in a world of
#: fewer accounts or posts. The others refer to accounts, posts or communities by their codes.
ACCOUNT_FIELDS = (
    *("account_keys", "interests", "profiles", "country", "language", "device", "age_band"),
    "account_leaning",
)
POST_FIELDS = (
    *(
        "post_keys",
        "post_features",
        "taste_features",
        "ticks",
        "quality",
        "durations",
        "divisiveness",
    ),
    *("flagged", "cross_posted", "post_country", "post_language", "post_leaning"),
)

#: Fields of accounts whose codes may have names.
CODED = ("country", "language", "device", "age_band")

#: Parameters in the record of a world that say what feeds read of it and what tastes act on.
READING = (
    *("space", "dimensions", "reads", "tastes"),
    *("feature_noise", "profile_noise", "cold_start", "rank_correlation"),
)


@dataclass(frozen=True, repr=False, eq=False)
class World(Frozen):
    """Input of a simulation: accounts with true interests and follows, and timed posts.

    Attributes
    ----------
    accounts
        n accounts.
    posts
        m posts whose spread is measured.
    account_keys, post_keys
        uint64, shapes (n,) and (m,): keys of the counter-based draws, independent of ids.
    follows
        Follow graph, follower → followee, over `accounts`.
    interests
        float32, shape (n, d), rows of unit length or zero: true interests; a viewer's liking
        of a post is the product with its row of `taste_features`.
    profiles
        float32, shape (n, f), likewise: interests as estimated by a feed at the start, from
        other data than partitions and posts; f need not be d.
    post_features
        float32, shape (m, f), likewise: what feeds read of the posts.
    taste_features
        float32, shape (m, d), likewise: what the posts are, for tastes; no feed reads them.
    poster_indptr, posters
        int64 (m + 1,) and int32: accounts through which a post enters: its author, or its
        seeders (initial adopters).
    authored
        Whether each post has an author, its only poster; else its posters are seeders.
    ticks
        int32, shape (m,): tick at which the post enters, from 0 on.
    quality
        float32, shape (m,), in [0, 1].
    partitions
        Partitions of the accounts by kind, such as ``"planted"``, ``"interest"``,
        ``"follow"``.
    homes
        int32, shape (m,), by the same kinds: community of origin of each post; −1 if none.
    durations
        float32, shape (m,), seconds > 0; NaN where unknown. This and all that follow may be
        `None` if unknown.
    divisiveness
        float32, shape (m,), in [0, 1]; 0 where unknown.
    flagged, cross_posted
        bool, shape (m,): flagged (as misinformation, say), and first posted elsewhere.
    answers_to
        int32, shape (m,): parent post of a duet or stitch, in this world; −1 if none. After a run,
        :meth:`Spread.world_of`, the last posts are those that answered in the run.
    country, language, device, age_band
        int32, shape (n,): codes of the accounts', −1 where unknown.
    post_country, post_language
        int32, shape (m,): the posts', in the same codes.
    group_indptr, groups
        int64 (n + 1,) and int32: groups of each account, ascending.
    account_leaning, post_leaning
        float32, shapes (n,) and (m,), in [−1, 1]: political leaning, by one scale for both; NaN
        where unknown. Neither tastes nor feeds read it.
    code_names
        Names of the codes 0, 1, … of ``"country"``, ``"language"``, ``"device"`` and
        ``"age_band"``, in lower case; without a key where they have no names.
    sample
        What the world is: ``"population"``, made independently of others (or the only one);
        ``"whole"``, the data's own world in a jackknife; or ``"part"``, that without one group of
        its accounts. See :func:`graphkit.resample_worlds`.
    provenance
        How the world was made.
    """

    accounts: Vocabulary
    posts: Vocabulary
    account_keys: npt.NDArray[np.uint64]
    post_keys: npt.NDArray[np.uint64]
    follows: Graph
    interests: npt.NDArray[np.float32]
    profiles: npt.NDArray[np.float32]
    post_features: npt.NDArray[np.float32]
    taste_features: npt.NDArray[np.float32]
    poster_indptr: npt.NDArray[np.int64]
    posters: npt.NDArray[np.int32]
    authored: bool
    ticks: npt.NDArray[np.int32]
    quality: npt.NDArray[np.float32]
    partitions: Mapping[str, Partition]
    homes: Mapping[str, npt.NDArray[np.int32]]
    durations: npt.NDArray[np.float32] | None = None
    divisiveness: npt.NDArray[np.float32] | None = None
    flagged: npt.NDArray[np.bool_] | None = None
    cross_posted: npt.NDArray[np.bool_] | None = None
    answers_to: npt.NDArray[np.int32] | None = None
    post_country: npt.NDArray[np.int32] | None = None
    post_language: npt.NDArray[np.int32] | None = None
    country: npt.NDArray[np.int32] | None = None
    language: npt.NDArray[np.int32] | None = None
    device: npt.NDArray[np.int32] | None = None
    age_band: npt.NDArray[np.int32] | None = None
    group_indptr: npt.NDArray[np.int64] | None = None
    groups: npt.NDArray[np.int32] | None = None
    account_leaning: npt.NDArray[np.float32] | None = None
    post_leaning: npt.NDArray[np.float32] | None = None
    code_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sample: str = "population"
    provenance: Provenance = field(default_factory=lambda: Provenance("World"))

    def __post_init__(self) -> None:
        check_choice("sample", self.sample, SAMPLES)
        n, m = len(self.accounts), len(self.posts)
        d, f = np.shape(self.interests)[1], np.shape(self.profiles)[1]
        k = int(self.poster_indptr[-1])
        for dtype, shape, names in (
            (np.uint64, (n,), ("account_keys",)),
            (np.uint64, (m,), ("post_keys",)),
            (np.float32, (n, d), ("interests",)),
            (np.float32, (n, f), ("profiles",)),
            (np.float32, (m, f), ("post_features",)),
            (np.float32, (m, d), ("taste_features",)),
            (np.int64, (m + 1,), ("poster_indptr",)),
            (np.int32, (k,), ("posters",)),
            (np.int32, (m,), ("ticks",)),
            (np.float32, (m,), ("quality",)),
        ):
            self._set(**{x: _check_array(getattr(self, x), dtype, shape, x) for x in names})
        self._check_optional(n, m)
        if n < 2 or m < 1:
            raise DataError(f"a world needs at least two accounts and one post, not {n} and {m}.")
        for name, ids in (("account_keys", n), ("post_keys", m)):
            if np.unique(getattr(self, name)).size != ids:
                raise DataError(f"world: {name} must be distinct.")
        if self.follows.vocabulary != self.accounts or not self.follows.directed:
            raise DataError("world: follows must be a directed graph over the accounts.")
        if int(self.ticks.min()) < 0:
            raise DataError("world: a post enters before tick 0, in the history.")
        if self.posters.size and not 0 <= int(self.posters.min()) <= int(self.posters.max()) < n:
            raise DataError(f"world: posters must lie in 0 … {n - 1}.")
        if (np.diff(self.poster_indptr) < 1).any():
            raise DataError("world: every post needs a poster, through whom it enters.")
        if not self.partitions:
            raise DataError("world: at least one partition is needed.")
        homes = {}
        for kind, partition in self.partitions.items():
            if partition.vocabulary != self.accounts:
                raise DataError(f"world: the partition {kind!r} is not over the accounts.")
            if kind not in self.homes:
                raise DataError(f"world: homes of the posts by the partition {kind!r} are missing.")
            home = _check_array(self.homes[kind], np.int32, (m,), f"homes[{kind!r}]")
            if m and int(home.max()) >= partition.n_communities:
                raise DataError(f"world: homes[{kind!r}] names a community that does not exist.")
            homes[kind] = home
        partitions = MappingProxyType(dict(self.partitions))
        self._set(partitions=partitions, homes=MappingProxyType(homes))

    def _check_optional(self, n: int, m: int) -> None:
        """Check shapes and ranges of optional fields, and the rows of groups."""
        for name, (dtype, size, low, high) in _OPTIONAL.items():
            value = getattr(self, name)
            if value is None:
                continue
            array = _check_array(value, dtype, (n if size == "n" else m,), name, unknown=True)
            known = array[~np.isnan(array)] if dtype is np.float32 else array
            top = m - 1 if high == "m" else high
            if known.size and not low <= known.min() <= known.max() <= top:
                raise DataError(
                    f"world: {name} must lie in {low:g} … {top}, not {known.min():g} … "
                    f"{known.max():g}."
                )
            self._set(**{name: array})
        names = {}
        for name, given in self.code_names.items():
            check_choice("code_names", name, CODED)
            codes = [
                getattr(self, field) for field in (name, f"post_{name}") if hasattr(self, field)
            ]
            most = max((int(c.max(initial=-1)) for c in codes if c is not None), default=-1)
            if len(set(given)) < len(given) or most >= len(given):
                raise DataError(
                    f"world: code_names[{name!r}] must name every code, 0 … {most}, by a text of its own."
                )
            names[name] = tuple(given)
        self._set(code_names=MappingProxyType(names))
        if self.answers_to is not None and (self.answers_to == np.arange(m)).any():
            raise DataError("world: answers_to names a post as its own parent.")
        if (self.group_indptr is None) != (self.groups is None):
            raise DataError("world: groups and group_indptr go together.")
        if self.group_indptr is not None and self.groups is not None:
            indptr = _check_array(self.group_indptr, np.int64, (n + 1,), "group_indptr")
            groups = _check_array(self.groups, np.int32, (int(indptr[-1]),), "groups")
            if (np.diff(indptr) < 0).any() or (groups.size and int(groups.min()) < 0):
                raise DataError("world: groups must be codes 0, 1, … in rows of ascending starts.")
            self._set(group_indptr=indptr, groups=groups)

    @property
    def n_accounts(self) -> int:
        """Number of accounts."""
        return len(self.accounts)

    @property
    def n_posts(self) -> int:
        """Number of posts."""
        return len(self.posts)

    @cached_property
    def minors(self) -> npt.NDArray[np.bool_] | None:
        """Accounts known to be under 18, shape (n,), by the names of age bands; None without any.

        A band is of minors if its highest age is below 18: ``13-17``, ``under 18``, ``<16``.
        """
        if self.age_band is None or "age_band" not in self.code_names:
            return None
        young = [_is_of_minors(name) for name in self.code_names["age_band"]]
        return np.array([*young, False])[self.age_band]

    @cached_property
    def content_key(self) -> str:
        """Key of all fields but the provenance."""
        features = ("interests", "profiles", "post_features", "taste_features")
        always = (*features, "poster_indptr", "posters", "authored")
        optional = {name: getattr(self, name) for name in (*_OPTIONAL, "group_indptr", "groups")}
        return content_key(
            *(self.accounts.content_key, self.posts.content_key),
            *(self.account_keys, self.post_keys, self.follows.content_key),
            *(getattr(self, name) for name in (*always, "ticks", "quality")),
            *(f"{k}{p.content_key}" for k, p in self.partitions.items()),
            *self.homes.values(),
            *(part for pair in optional.items() if pair[1] is not None for part in pair),
            *(f"{name}{names}" for name, names in sorted(self.code_names.items())),
            *(() if self.sample == "population" else (self.sample,)),
        )

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "accounts": self.n_accounts,
            "follows": self.follows.n_edges,
            "posts": self.n_posts,
            "entering": "by their authors" if self.authored else "introduced by seeders",
            "ticks": f"0 … {int(self.ticks.max())}",
        }
        for kind, partition in self.partitions.items():
            none = int(np.count_nonzero(self.homes[kind] < 0))
            communities = f"{partition.n_communities} communities"
            homeless = f"{none:,} posts without a community of origin"
            facts[f"partition {kind!r}"] = f"{communities}, {homeless}"
        if self.sample != "population":
            facts["sample"] = self.sample
        facts |= self._reading_facts()
        if self.provenance.removed:
            left_out = (f"{k}: {v:,}" for k, v in self.provenance.removed.items())
            facts["left out"] = ", ".join(left_out)
        return facts

    def _reading_facts(self) -> dict[str, object]:
        """What feeds read and tastes act on, if the record of the world says it."""
        known = self.provenance.parameters
        if "rank_correlation" not in known:
            return {}
        reads = str(known["reads"])
        if known["feature_noise"]:
            reads += f"; {known['feature_noise']:.0%} of the posts read as another"
        profiles = "of no difference at the start" if known["cold_start"] else "from the history"
        if known["profile_noise"] and not known["cold_start"]:
            profiles += f", {known['profile_noise']:.0%} of another account"
        likeness = known["rank_correlation"]
        return {
            "feeds read": reads,
            "profiles": profiles,
            "tastes act on": known["tastes"],
            "reading and taste": "cannot be compared"
            if likeness is None
            else f"rank correlation {likeness:.2f} of the likeness of pairs of posts",
        }


#: Optional fields: dtype, one entry per account (n) or post (m), and range.
_OPTIONAL: dict[str, tuple[type, str, float, float | str]] = {
    "durations": (np.float32, "m", 1e-3, 1e9),
    "divisiveness": (np.float32, "m", 0, 1),
    "flagged": (np.bool_, "m", 0, 1),
    "cross_posted": (np.bool_, "m", 0, 1),
    "answers_to": (np.int32, "m", -1, "m"),
    **dict.fromkeys(("post_country", "post_language"), (np.int32, "m", -1, 2**31 - 1)),
    **dict.fromkeys(CODED, (np.int32, "n", -1, 2**31 - 1)),
    "account_leaning": (np.float32, "n", -1, 1),
    "post_leaning": (np.float32, "m", -1, 1),
}


def _is_of_minors(band: str) -> bool:
    """Whether the highest age of a band is below 18."""
    ages = [int(text) for text in re.findall("[0-9]+", band)]
    if not ages or re.search(r"\+|over|older|above|or more|and up|at least|>|≥", band):
        return False
    # "17 and under" has those of 17, "under 18" none of 18
    below = re.search("(?<!and )(?<!or )(under|below)|younger than|<(?!=)", band) is not None
    return max(ages) - below < 18


def _check_array(
    value: npt.ArrayLike, dtype: type, shape: tuple[int, ...], name: str, *, unknown: bool = False
) -> npt.NDArray[np.generic]:
    array: npt.NDArray[np.generic] = np.ascontiguousarray(value, dtype=dtype)
    if array.shape != shape:
        raise DataError(f"world: {name} has shape {array.shape}, not {shape}.")
    if dtype is np.float32 and not (np.isfinite(array) | (unknown & np.isnan(array))).all():
        raise DataError(f"world: {name} holds values that are not finite.")
    return array
