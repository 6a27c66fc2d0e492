"""Answers of a dataset or of a run as arrays: parents, accounts, communities, delays, viewers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.spread import ArmTally
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError, shorten

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Window = tuple[datetime | None, datetime | None]

DAY = 86_400.0

#: Days after which a window without an end ends.
OPEN = 1e9


@dataclass(frozen=True, eq=False)
class Viewers:
    """Who was shown each post, shape (m,): all viewers, those with a community, those at home.

    At home are viewers of the community of the post at the root of the tree.
    """

    everyone: Codes
    assigned: Codes
    at_home: Codes


@dataclass(frozen=True, eq=False)
class AnswerLog:
    """Answers of one dataset or run, k of them, among m posts.

    Attributes
    ----------
    answer, parent
        Codes of posts, shape (k,).
    root, level
        Of each post, shape (m,): the post at the root of its tree, and the steps to it.
    answerer, author
        Codes of accounts, shape (k,): who answers, and whom; −1 if unknown.
    community, answered
        Their communities, shape (k,); −1 without one.
    delay, lowest, highest
        Days, shape (k,), and between which days it could have been observed; NaN if unknown. A
        window without an end lasts 10⁹ days.
    width
        Resolution of the delays in days.
    home
        Community of each post's author, shape (m,).
    present
        bool, shape (m,): posts that count; in a run, those that entered.
    viewers
        Who was shown the posts; `None` if that is not known.
    removed
        Counts of what was left out, by reason.
    """

    answer: Codes
    parent: Codes
    root: Codes
    level: Codes
    answerer: Codes
    author: Codes
    community: Codes
    answered: Codes
    delay: Floats
    lowest: Floats
    highest: Floats
    width: float
    home: Codes
    present: npt.NDArray[np.bool_]
    viewers: Viewers | None
    removed: Counter[str]

    @property
    def parents(self) -> Codes:
        """Parent of each post, shape (m,); −1 for none."""
        return _parents(self.answer, self.parent, self.root.size)


def roots(parents: Codes) -> tuple[Codes, Codes]:
    """Root of each post and the steps to it, by pointer jumping; −1 is no parent.

    Posts whose parents go round in a circle keep a root that has a parent.
    """
    own = np.arange(parents.size)
    top = np.where(parents < 0, own, parents)
    level = (parents >= 0).astype(np.int64)
    for _ in range(int(parents.size).bit_length() + 1):
        above = top[top]
        if np.array_equal(above, top):
            break
        level += level[top]
        top = above
    return top, level


def _parents(answer: Codes, parent: Codes, m: int) -> Codes:
    up = np.full(m, -1, np.int64)
    up[answer] = parent
    return up


def log_of_run(world: World, tally: ArmTally, kind: str | None, *, tick_days: float) -> AnswerLog:
    """Answers among the posts that entered in a run."""
    if not world.authored:
        raise MissingDataError(
            "answers needs the authors of posts: the posts of this world enter through seeders."
        )
    n_ticks = tally.ticks.shape[1]
    m = world.n_posts
    entered = (world.ticks < n_ticks) & tally.posted
    given = np.full(m, -1, np.int64)
    if world.answers_to is not None:
        given = world.answers_to.astype(np.int64)
    removed: Counter[str] = Counter()
    scheduled = given >= 0
    removed["answers that did not enter"] = int((scheduled & ~entered).sum())
    lost = scheduled & entered & ~entered[np.maximum(given, 0)]
    removed["answers whose parent did not enter"] = int(lost.sum())
    answer = np.flatnonzero(scheduled & entered & ~lost)
    parent = given[answer]
    author = world.posters[world.poster_indptr[:-1]].astype(np.int64)
    ticks = world.ticks.astype(np.int64)
    root, level = roots(_parents(answer, parent, m))
    member = np.full(world.n_accounts, -1, np.int64)
    home = np.full(m, -1, np.int64)
    viewers = None
    if kind is not None:
        member = world.partitions[kind].membership.astype(np.int64)
        home = np.where(entered, world.homes[kind].astype(np.int64), -1)
        views = tally.views[kind].astype(np.int64)
        of_root = home[root]
        here = views[np.arange(m), np.maximum(of_root, 0)]
        viewers = Viewers(
            np.where(entered, views.sum(axis=1), 0),
            np.where(entered, views[:, :-1].sum(axis=1), 0),
            np.where(entered & (of_root >= 0), here, 0),
        )
    return AnswerLog(
        answer,
        parent,
        root,
        level,
        author[answer],
        author[parent],
        member[author[answer]],
        member[author[parent]],
        (ticks[answer] - ticks[parent]).astype(np.float64) * tick_days,
        np.zeros(answer.size),
        (n_ticks - 0.5 - ticks[parent]) * tick_days,
        tick_days,
        home,
        entered,
        viewers,
        +removed,
    )


def log_of_dataset(
    dataset: Dataset, partition: Partition | None, *, kinds: Sequence[str], window: Window | None
) -> AnswerLog:
    """Answers of a dataset: its interactions of these kinds."""
    removed: Counter[str] = Counter()
    pairs = _pairs(dataset, kinds, removed)
    posts = Vocabulary(
        pl.concat([dataset.item_ids.series, pairs["item_id"], pairs["target_item_id"]])
    )
    accounts, author, created = _facts_of_posts(dataset, posts, pairs)
    answer = posts.encode(pairs["item_id"]).astype(np.int64)
    parent = posts.encode(pairs["target_item_id"]).astype(np.int64)
    # who made an answer is told by the answer itself, where the items do not
    makers = accounts.lookup(pairs["account_id"]).astype(np.int64)
    author[answer] = np.where(author[answer] < 0, makers, author[answer])
    made_at = np.where(np.isnan(created[answer]), _seconds(pairs["at"]), created[answer])
    start, end = _span(window, made_at)
    late = (made_at < start) | (made_at > end)
    removed["answers outside the window"] = int(late.sum())
    delay = (made_at - created[parent]) / DAY
    early = delay < 0
    removed["answers made before their parent"] = int((early & ~late).sum())
    kept = ~late & ~early
    pairs, answer, parent = pairs.filter(pl.Series(kept)), answer[kept], parent[kept]
    delay, made_at = delay[kept], made_at[kept]
    circular = _circular(answer, parent, len(posts))
    removed["answers in a circle of answers"] = int(circular.sum())
    pairs, answer, parent = pairs.filter(pl.Series(~circular)), answer[~circular], parent[~circular]
    delay = delay[~circular]
    removed["delays unknown: no time of the answer or the parent (answers kept)"] = int(
        np.isnan(delay).sum()
    )
    answerer = accounts.lookup(pairs["account_id"]).astype(np.int64)
    whom = accounts.lookup(pairs["target_account_id"].fill_null("")).astype(np.int64)
    whom = np.where(pairs["target_account_id"].is_null().to_numpy(), -1, whom)
    whom = np.where(whom < 0, author[parent], whom)
    removed |= _parents_without_record(dataset.items, posts, parent)
    root, level = roots(_parents(answer, parent, len(posts)))
    member, home, viewers = _places(dataset, partition, posts, accounts, author, root)
    removed["answers whose parent has no known author (kept)"] = int((whom < 0).sum())
    created_parent = created[parent]
    return AnswerLog(
        answer,
        parent,
        root,
        level,
        answerer,
        whom,
        np.where(answerer >= 0, member[answerer], -1),
        np.where(whom >= 0, member[whom], -1),
        np.maximum(delay, 0.5 / DAY),  # one second of both is below the resolution
        np.maximum((start - created_parent) / DAY, 0.0),
        np.clip((end - created_parent) / DAY, 1.0 / DAY, OPEN),
        0.0,
        home,
        np.ones(len(posts), np.bool_),
        viewers,
        +removed,
    )


def _pairs(dataset: Dataset, kinds: Sequence[str], removed: Counter[str]) -> pl.DataFrame:
    """One row per answer: account_id, item_id, target_item_id, target_account_id, at; sorted."""
    table = dataset.require("interactions", "item_id", "target_item_id", verb="answers")
    if isinstance(kinds, str) or not kinds:
        raise OptionError(
            f"kinds={shorten(kinds)}: a sequence such as ('duet', 'stitch') is needed."
        )
    rows = table.filter(pl.col("kind").cast(pl.String).is_in(list(kinds)))
    if not rows.height:
        known = table.get_column("kind").cast(pl.String).unique().sort().to_list()
        raise MissingDataError(
            f"answers: no interaction is of the kinds {', '.join(kinds)}; there are "
            f"{', '.join(known)}."
        )
    removed["answers in the data (interactions)"] = rows.height
    absent = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in (("target_account_id", pl.String), ("at", pl.Datetime("us", "UTC")))
        if name not in rows.columns
    ]
    rows = rows.with_columns(absent).select(
        "account_id", "item_id", "target_item_id", "target_account_id", "at"
    )
    for reason, right in (
        ("answers without an id", pl.col("item_id").is_not_null()),
        ("answers without the id of their parent", pl.col("target_item_id").is_not_null()),
        ("answers to themselves", pl.col("item_id") != pl.col("target_item_id")),
    ):
        kept = rows.filter(right)
        removed[reason] = rows.height - kept.height
        rows = kept
    rows = rows.sort("item_id", "target_item_id", "account_id", "at", "target_account_id")
    once = rows.unique(["item_id", "target_item_id"], keep="first", maintain_order=True)
    removed["answers given again"] = rows.height - once.height
    first = once.unique("item_id", keep="first", maintain_order=True)
    removed["further parents of an answer"] = once.height - first.height
    if not first.height:
        raise MissingDataError("answers: no answer has its own id and that of its parent.")
    return first


def _facts_of_posts(
    dataset: Dataset, posts: Vocabulary, pairs: pl.DataFrame
) -> tuple[Vocabulary, Codes, Floats]:
    """All accounts; author of each post, −1 if unknown; second of its creation, NaN if unknown."""
    items = dataset.items
    texts = [dataset.account_ids.series, pairs["account_id"], pairs["target_account_id"]]
    known = items is not None and "author_id" in items.columns
    if items is not None and known:
        texts.append(items["author_id"])
    accounts = Vocabulary(pl.concat([t.cast(pl.String).drop_nulls() for t in texts]))
    author = np.full(len(posts), -1, np.int64)
    created = np.full(len(posts), np.nan)
    if items is not None and known:
        rows = items.select("item_id", "author_id").drop_nulls()
        author[posts.encode(rows["item_id"])] = accounts.encode(rows["author_id"])
    if items is not None and "created_at" in items.columns:
        created[posts.encode(items["item_id"])] = _seconds(items["created_at"])
    return accounts, author, created


def _parents_without_record(
    items: pl.DataFrame | None, posts: Vocabulary, parent: Codes
) -> Counter[str]:
    """Number of answers to posts that are no items, or of which items say hardly anything."""
    if items is None:
        return Counter({"answers whose parent is not among the items (kept)": parent.size})
    said = [c for c in items.columns if c not in ("item_id", "author_id", "created_at")]
    if not said:
        return Counter()
    bare = items.filter(pl.all_horizontal(pl.col(said).is_null()))["item_id"]
    lacking = np.zeros(len(posts), np.bool_)
    lacking[posts.encode(bare)] = True
    reason = "answers whose parent is known by id, author or time only (kept)"
    return Counter({reason: int(lacking[parent].sum())})


def _seconds(times: pl.Series) -> Floats:
    """Seconds since 1970, NaN if missing."""
    seconds = times.dt.epoch("us").cast(pl.Float64) / 1e6
    return np.asarray(seconds.fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _span(window: Window | None, made_at: Floats) -> tuple[float, float]:
    """Start and end of the window in seconds; by default the span of the answers."""
    known = made_at[~np.isnan(made_at)]
    if window is None:
        # times are in whole seconds
        return (known.min() - 0.5, known.max() + 0.5) if known.size else (-np.inf, np.inf)
    if not isinstance(window, tuple) or len(window) != 2:
        raise OptionError(f"window={shorten(window)}: a pair of times (start, end) is needed.")
    ends = []
    for value, none in zip(window, (-np.inf, np.inf), strict=True):
        if value is None:
            ends.append(float(none))
            continue
        if not isinstance(value, datetime):
            raise OptionError(f"window: {shorten(value)} is no datetime.")
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        ends.append(aware.timestamp())
    if not ends[0] < ends[1]:
        raise OptionError("window: it must start before it ends.")
    return ends[0], ends[1]


def _circular(answer: Codes, parent: Codes, m: int) -> npt.NDArray[np.bool_]:
    """Answers that lie on a circle of answers, which only unknown times allow."""
    up = _parents(answer, parent, m)
    top, _ = roots(up)
    lost = up[top] >= 0
    # after as many steps as there are posts, only circles are left
    on = np.zeros(m, np.bool_)
    on[top[lost]] = True
    return np.asarray(on[answer], dtype=np.bool_)


def _places(
    dataset: Dataset,
    partition: Partition | None,
    posts: Vocabulary,
    accounts: Vocabulary,
    author: Codes,
    root: Codes,
) -> tuple[Codes, Codes, Viewers | None]:
    """Communities of accounts and of posts, and viewers if there are impressions."""
    member = np.full(len(accounts), -1, np.int64)
    home = np.full(len(posts), -1, np.int64)
    if partition is None:
        return member, home, None
    codes = partition.vocabulary.lookup(accounts.series)
    member = np.where(codes >= 0, partition.membership[codes], -1).astype(np.int64)
    if not (member >= 0).any():
        raise DataError(
            "answers: no account of the data is in the partition: its nodes "
            f"(such as {partition.vocabulary.ids[:1].tolist()}) must be accounts "
            f"(such as {accounts.ids[:1].tolist()})."
        )
    home = np.where(author >= 0, member[author], -1)
    table = dataset.tables.get("impressions")
    if table is None or not table.height:
        return member, home, None
    seen = table.select("account_id", "item_id").drop_nulls().unique()
    viewer = accounts.encode(seen["account_id"]).astype(np.int64)
    item = posts.encode(seen["item_id"]).astype(np.int64)
    foreign = viewer != author[item]
    viewer, item = viewer[foreign], item[foreign]
    m = len(posts)
    of = member[viewer]
    everyone = np.bincount(item, minlength=m)
    assigned = np.bincount(item[of >= 0], minlength=m)
    at_home = np.bincount(item[(of >= 0) & (of == home[root[item]])], minlength=m)
    return member, home, Viewers(everyone, assigned, at_home)
