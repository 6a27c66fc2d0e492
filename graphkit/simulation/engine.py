"""Simulation of one arm in one replication of one world, tick by tick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphkit.data.answers import Answers, world_with_answers
from graphkit.data.spread import ArmTally
from graphkit.data.world import LEAST_DIVISIVE, World
from graphkit.kernels.search import assign, search_index
from graphkit.kernels.sessions import (
    CandidatePairs,
    GivenScores,
    TickImpressions,
    count_marked,
    count_origins,
    count_reached,
    count_viewers,
    list_pairs,
    list_seen,
    merge_tallies,
    run_sessions,
    start_sessions,
)
from graphkit.kernels.state import (
    DIVISIVE,
    FLAGGED,
    INTEREST,
    RECENT,
    TASTE_TOPIC,
    TOPIC,
    FeedInputs,
    NearPosts,
    State,
    TickContext,
)
from graphkit.parallel import helpers, spare_cores
from graphkit.recommenders.context import Context, checked_scores
from graphkit.recommenders.factors import PAIR_FACTORS, POST_FACTORS
from graphkit.recommenders.feed import SOURCES, Feed
from graphkit.recommenders.search import recall, replace_features
from graphkit.simulation.agents import Viewers
from graphkit.simulation.answers import Answering, Entering
from graphkit.simulation.arrays import (
    SimulationArrays,
    allocate_aligned,
    allocate_scratch,
    cache_lines,
    card_views,
    copy_aligned,
    feed_parameters,
    initial_profiles,
    largest_topic,
    viewer_parameters,
)
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.earnings import Earnings
from graphkit.simulation.platform_state import PlatformState
from graphkit.simulation.shared_slots import SharedSlots, SharedTally
from graphkit.simulation.tallies import Tallies

if TYPE_CHECKING:
    from graphkit.measures.payouts import Payout

Ints = npt.NDArray[np.int64]

#: Sessions that a function scores at a time.
BATCH = 8192


def given_scores(run: Run, tick: TickContext, active: Ints) -> GivenScores:
    """Scores of the candidates of all sessions, computed by the feed's own function."""
    sizes, parts = [np.zeros(1, np.int64)], [np.zeros(0, np.float32)]
    for begin in range(0, active.size, BATCH):
        size, scores = _score_batch(run, tick, active[begin : begin + BATCH])
        sizes.append(size)
        parts.append(scores)
    return GivenScores(np.concatenate(parts), np.cumsum(np.concatenate(sizes))[:-1])


def _score_batch(run: Run, tick: TickContext, active: Ints) -> tuple[Ints, npt.NDArray[np.float32]]:
    """Candidates per session, and their scores."""
    assert run.feed.score is not None
    arrays, width = run.arrays, int(run.params.quotas.sum())
    rows = active.size * width
    post, source = np.zeros(rows, np.int32), np.zeros(rows, np.int8)
    factors = np.zeros((len(PAIR_FACTORS), rows), np.float32)
    size = np.zeros(active.size, np.int64)
    found = CandidatePairs(post, source, factors, size)

    def list_range(low: int, high: int, scratch: Any) -> None:
        near = run.start_sessions(tick, active[low:high])
        list_pairs(run.feed_inputs(tick), active, low, high, scratch, near, width, found)

    run.in_ranges(list_range, active.size)
    used = np.arange(rows) % max(width, 1) < np.repeat(size, width)
    chosen = post[used]
    values: dict[str, Any] = {name: factors[row, used] for row, name in enumerate(PAIR_FACTORS)}
    for name in POST_FACTORS:
        values[name] = _post_factor(run, name, tick.t, chosen)
    viewer = arrays.accounts[np.repeat(active, size)].astype(np.int32)
    post = arrays.posts[chosen].astype(np.int32)
    context = Context(run.world(), tick.t, viewer, post, source[used], values)
    return size, checked_scores(run.feed.name, context, run.feed.score(context))


def _post_factor(run: Run, name: str, tick: int, posts: npt.NDArray[np.int32]) -> Any:
    """Query-independent factor of posts, computed on first use."""
    return lambda: run.counts.factor(name, tick)[posts].astype(np.float32)


#: Sessions below which threads are not worth their start, and those that run together at most.
FEW, MOST = 256, 4096
#: Accounts on whom the recall of the interest index is measured at the end.
MEASURED = 200
#: Attributes of the answers that entered, from which a run that is resumed makes their posts.
_ANSWERED = ("made_author", "made_parent", "made_kind", "made_tick")
#: Fields of the state that ticks change.
_CHANGED = tuple(name for name in State._fields if name != "seen_start")


def _more_rows(rows: npt.NDArray[Any], count: int, value: int) -> npt.NDArray[Any]:
    """The rows and so many more of this value, which posts that have not entered have as well."""
    more = np.full((count, *rows.shape[1:]), value, rows.dtype)
    return np.concatenate([rows, more])


class Run:
    """Simulation of one feed in one world.

    Under a free budget, `arrays` are replaced in each tick in which answers enter, so that they
    are always those of the world's posts and the answers so far.

    Parameters
    ----------
    arrays, feed, behaviour
        The world, the feed, and the parameters of viewers and creators.
    ticks, slots
        Number of ticks, and posts per session.
    free
        Whether the exposure budget is endogenous.
    seed
        Of all common random numbers in this replication of this world; the same in all arms.
    shared
        Slots that all arms fill from their own sources, if only these are tallied.
    counting
        Whether the shared slots are not known yet: all slots are tallied, and they are lowered
        to those that this arm fills.
    payout
        Payout scheme to whose incomes creators respond, in place of reactions.
    workers
        Threads, by default one per core that is free at each tick; the result does not depend on it.
    """

    def __init__(
        self,
        arrays: SimulationArrays,
        feed: Feed,
        behaviour: Behaviour,
        *,
        ticks: int,
        slots: int,
        free: bool,
        seed: int,
        shared: SharedSlots | None = None,
        counting: bool = False,
        payout: Payout | None = None,
        workers: int | None = None,
    ) -> None:
        n, m = arrays.accounts.size, arrays.posts.size
        self.arrays, self.feed, self.behaviour = arrays, feed, behaviour
        self.ticks, self.slots, self.free, self.seed = ticks, slots, free, seed
        self._workers = workers
        self.static, self.index = arrays.static, arrays.index
        self._searches = feed.sources.get("interest", 0) > 0
        if free and behaviour.drift > 0:
            # content adaptation changes features in this arm only
            features, cards = copy_aligned(self.static.features), copy_aligned(self.static.cards)
            post_keys, attributes, traits = card_views(cards)
            self.static = self.static._replace(
                features=features,
                lines=cache_lines(features),
                taste_features=copy_aligned(self.static.taste_features),
                cards=cards,
                post_keys=post_keys,
                attributes=attributes,
                traits=traits,
            )
            self.index = self.index._replace(blocks=self.index.blocks.copy())
        key = np.uint64(seed)
        self.viewers = Viewers(self.static.account_keys, behaviour, key, free)
        self._earnings = None if payout is None else Earnings(arrays, payout)
        self.counts = PlatformState(arrays, feed, ticks)
        self._counted: tuple[npt.NDArray[np.int32], Ints] | None = None
        self.params = feed_parameters(feed, behaviour, slots, ticks)
        self.viewer_params = viewer_parameters(behaviour, free)
        # under a free budget duets and stitches become posts
        self.answering = Answering(arrays, behaviour, key, ticks) if free else None
        self._world: World | None = arrays.world
        capacity = self.viewers.most_sessions(ticks) * slots
        if not free or behaviour.answer_posts == 0:
            # no more posts than the world has
            capacity = np.minimum(capacity, m)
        # hash tables of seen posts, at most two thirds full
        seen_start = np.concatenate([[0], np.cumsum(capacity + capacity // 2 + 2)]).astype(np.int64)
        recent_activity = allocate_aligned((n, RECENT, 2), np.int32)
        recent_activity[...] = -(2**30)
        remembered = (n, m) if feed.sources.get("covisited", 0) else (0, 0)
        self.state = State(
            profiles=initial_profiles(arrays, feed),
            last=np.full(n, -1, np.int32),
            cell=np.zeros(n, np.int32),
            recent_activity=recent_activity,
            activity_next=np.zeros(n, np.int8),
            recent_completions=np.full((remembered[0], RECENT), -1, np.int32),
            completions_next=np.zeros(remembered[0], np.int8),
            recent_completers=np.full((remembered[1], RECENT), -1, np.int32),
            completers_next=np.zeros(remembered[1], np.int8),
            seen_start=seen_start,
            seen=np.full(int(seen_start[-1]), -1, np.int32),
            withdrawn=np.zeros(m, np.bool_),
        )
        if self._searches:
            assign(self.state.profiles, self.index.centres, 0, n, self.state.cell)
        self.sources = np.zeros(len(SOURCES) + 1, np.int64)
        self.shared, self.counting = shared, counting
        own_slots = None
        if shared is not None and not counting:
            own_slots = SharedTally(shared.caps, m, self.sources.size)
        self.tallies = Tallies(
            replace(arrays, static=self.static),
            behaviour,
            seed=seed,
            free=free,
            of_shared=shared is not None,
            slots=own_slots,
        )

    def step(self, t: int) -> tuple[npt.NDArray[np.int64], TickImpressions, int]:
        """Run tick t; returns active accounts, tallied impressions, and slots left empty."""
        self._enter_posts(t)
        if self.answering is not None:
            static, quit = self.static, self.tallies.creators.quit
            entering = self.answering.take(t, self.viewers.gone, quit, static)
            if entering.author.size:
                self._enter_answers(t, entering)
        active = self.viewers.open_feed(t)
        shape = (active.size, self.slots)
        shown = TickImpressions(
            post=np.full(shape, -1, np.int32),
            source=np.zeros(shape, np.int8),
            watch=np.zeros(shape, np.int32),
            fraction=np.zeros(shape),
            react=np.zeros(shape, np.uint8),
            parent=np.full(shape, -1, np.int32),
            propensity=np.zeros((active.size, 3)),
            candidates=np.zeros(active.size, np.int32),
            limit=np.full(active.size, self.slots, np.int32),
        )
        if self.shared is not None and not self.counting:
            shown.limit[:] = self.shared.caps[active, t]
        tick = self.counts.tick_context(t, self.seed, self.state.withdrawn, self._followers())
        self._run_sessions(tick, active, shown)
        counts, tallies = self.counts, self.tallies
        of_feed: Any = counts.watch, counts.views, counts.reacted, self.sources
        of_feed += counts.reactions, counts.item_ticks
        tasks: list[Callable[[], Any]] = [
            lambda: merge_tallies(t, active, shown, self.state, of_feed),
            lambda: tallies.arrivals.add(t, active, shown.post),
        ]
        if tallies.slots is not None:
            # only shared slots are tallied
            missing = int(tasks[0]())
            shown = tallies.slots.add(t, active, shown)
            tasks[1]()
        else:
            missing = int(self._together(tasks, active.size)[0])
            if self.shared is not None:
                self.shared.lower(t, active, shown.post)
        self.counts.widen_exploration()
        tallies.add(t, active, shown, missing)
        if self.answering is not None:
            self.answering.add(t, active, shown, self.arrays)
        changes = tallies.follow_changes
        self.static = changes.apply(self.static, active, shown.post, shown.react)
        self.viewers.close_feed(active, shown.propensity, t)
        return active, shown, missing

    def _followers(self) -> Ints:
        """Number of followers of each account."""
        edges = self.static.f_indices
        if self._counted is None or self._counted[0] is not edges:
            size = self.arrays.accounts.size
            self._counted = edges, np.bincount(edges, minlength=size)
        return self._counted[1]

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """All that ticks change, by name; arrays are those of the run, not copies."""
        kept = {
            f"{part}.{name}": np.asarray(getattr(owner, name))
            for part, owner, names in self._named_parts()
            for name in names
        }
        kept |= {f"state.{name}": getattr(self.state, name) for name in _CHANGED}
        if self.free:
            kept |= {"f_indptr": self.static.f_indptr, "f_indices": self.static.f_indices}
        if self.shared is not None and self.counting:
            kept["shared_caps"] = self.shared.caps
        kept["shares"] = self.tallies.all_shares()
        return kept | self._adapting_arrays()

    def restore(self, kept: dict[str, npt.NDArray[Any]]) -> None:
        """Resume a run of the same arguments: the inverse of :meth:`memory`."""
        if self.answering is not None:
            for name in _ANSWERED:
                setattr(self.answering, name, kept[f"answers.{name}"])
            for t, entering in self.answering.made():
                self._enter_answers(t, entering)
        for part, owner, names in self._named_parts():
            for name in names:
                value = kept[f"{part}.{name}"]
                setattr(owner, name, value if value.ndim else value.item())
        # these arrays are shared
        changed = {f"state.{name}": getattr(self.state, name) for name in _CHANGED}
        for name, array in (changed | self._adapting_arrays()).items():
            array[...] = kept[name]
        if self.free:
            self.static = self.static._replace(
                f_indptr=kept["f_indptr"], f_indices=kept["f_indices"]
            )
        if self.shared is not None and self.counting:
            # of other arms as well, which may have lowered it since
            np.minimum(self.shared.caps, kept["shared_caps"], out=self.shared.caps)
        self.tallies.shares = [kept["shares"]]

    def _named_parts(self) -> list[tuple[str, object, list[str]]]:
        counted = "watch views reacted reactions item_ticks budget"
        sums = "sessions read empty candidates leave back stay"
        shared = "watch reacted reactions item_ticks sources _next _posts"
        parts: list[tuple[str, object, list[str]]] = [
            ("run", self, ["sources"]),
            ("run", self.tallies, sums.split()),
            ("viewers", self.viewers, ["gone", "satisfaction"]),
            ("creators", self.tallies.creators, ["quit", "posting", "quitting", "scheduled"]),
            ("follows", self.tallies.follow_changes, ["_added", "_removed", "gained", "lost"]),
            ("counts", self.counts, counted.split()),
            ("arrivals", self.tallies.arrivals, ["count", "ages"]),
        ]
        if self.tallies.slots is not None:
            parts.append(("shared", self.tallies.slots, shared.split()))
        if self.answering is not None:
            counts = "author parent kind due late left quit declined"
            parts.append(("answers", self.answering, [*_ANSWERED, *counts.split()]))
        return parts

    def _adapting_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays that content adaptation changes."""
        if not (self.free and self.behaviour.drift > 0):
            return {}
        static = self.static
        names = ("features", "taste_features", "attributes")
        changed = {name: getattr(static, name) for name in names}
        index = self.index
        # the cell of an answer is that of its content when it entered
        cells = {"index_start": index.start, "index_posts": index.posts}
        return changed | {"blocks": index.blocks, **(cells if self._n_answers else {})}

    def tally(self) -> ArmTally:
        """Tallies of the run in the world's codes, by community of every partition."""
        return self.tally_of(self.tallies, self.arrays)

    def tally_of(self, tallies: Tallies, arrays: SimulationArrays) -> ArmTally:
        """The same of other `tallies` of its ticks; `arrays` have the partitions to tally by."""
        world, accounts, posts = arrays.world, arrays.accounts, arrays.posts
        back_a, back_p = np.argsort(accounts), np.argsort(posts)
        views, diet, reach = {}, {}, {}
        counts, sources = tallies.counts(self.counts), self.sources
        seen = self.state.seen_start, self.state.seen
        if tallies.slots is not None:
            sources, seen = tallies.slots.sources, tallies.slots.seen
        seen = list_seen(*seen)
        # the counts of posts are large: they are made in the world's codes at once
        rows = posts.astype(np.int32)
        p_indptr, posters = self.static.p_indptr, self.static.posters
        traits = self.static.traits
        marks = [traits[:, FLAGGED] > 0, traits[:, DIVISIVE] >= LEAST_DIVISIVE]
        kinds_marked = np.stack(marks, axis=1)
        counts_of: list[Callable[[], Any]] = [lambda: count_marked(*seen, kinds_marked)[back_a]]
        for kind, partition in world.partitions.items():
            members, number = partition.membership[accounts], partition.n_communities
            homes = np.concatenate([world.homes[kind], members[self._answered_by]])[posts]
            counts_of += [
                partial(lambda *of: count_viewers(*seen, *of), rows, members, number),
                partial(lambda *of: count_origins(*seen, *of)[back_a], homes, number),
                partial(lambda of: count_reached(*seen, of, p_indptr, posters)[back_a], members),
            ]
        marked, *found = self._together(counts_of, accounts.size)
        for k, kind in enumerate(world.partitions):
            views[kind], diet[kind], reach[kind] = found[3 * k : 3 * k + 3]
        held: float = max(tallies.read, 1)
        if tallies.of_shared and not tallies.read:
            held = float("nan")
        creators = tallies.creators
        scheduled = creators.scheduled or float("nan")
        shares = tallies.all_shares()
        shares[:, 0] = posts[shares[:, 0]]
        shares[:, 1] = accounts[shares[:, 1]]
        shares[:, 2] = np.where(shares[:, 2] < 0, -1, accounts[shares[:, 2]])
        return ArmTally(
            views=views,
            diet=diet,
            member_reach=reach,
            ticks=counts.item_ticks[back_p],
            reactions=counts.reactions[back_p],
            watch=counts.watch[back_p],
            sources=sources.copy(),
            sessions=tallies.sessions,
            empty=tallies.empty,
            leave=tallies.leave / held,
            back=tallies.back / held,
            stay=tallies.stay / held,
            candidates=tallies.candidates,
            shares=shares,
            posting=creators.posting / scheduled,
            quitting=creators.quitting / scheduled,
            posted=~self.state.withdrawn[back_p],
            left=self.viewers.gone[back_a],
            quit=creators.quit[back_a],
            gained=tallies.follow_changes.gained[back_a],
            lost=tallies.follow_changes.lost[back_a],
            recall=self._index_recall(),
            untallied=int(self.sources.sum() - sources.sum()),
            arrivals=tallies.arrivals.by_kind(back_p),
            flagged_shown=None if world.flagged is None else marked[:, 0].copy(),
            divisive_shown=None if world.divisiveness is None else marked[:, 1].copy(),
            answers=self._answers(),
        )

    @property
    def _answered_by(self) -> npt.NDArray[np.integer]:
        """Authors of the answers that entered, in the codes of the kernels."""
        made = self.answering
        return np.zeros(0, np.int64) if made is None else made.made_author

    @property
    def _n_answers(self) -> int:
        return int(self._answered_by.size)

    def _answers(self) -> Answers:
        """The answers that entered, in the world's codes."""
        return Answers() if self.answering is None else self.answering.record(self.arrays)

    def world(self) -> World:
        """The world with the answers that have entered so far."""
        if self._world is None:
            self._world = world_with_answers(self.arrays.world, self._answers())
        return self._world

    def _enter_posts(self, t: int) -> None:
        """Decide which of the tick's posts are posted, and adapt their content."""
        if not self.arrays.world.authored or t == 0:
            return
        low, high = self.counts.n_eligible(t - 1), self.counts.n_eligible(t)
        withdrawn, reacted = self.state.withdrawn, self.tallies.counts(self.counts).reacted
        income = None
        rewards: Ints | npt.NDArray[np.float64] = reacted
        if self._earnings is not None:
            before = low, withdrawn, self.counts, self.static.f_indices
            income, rewards = self._earnings.so_far(*before)
        creators = self.tallies.creators
        posted = creators.schedule(low, high, reacted, withdrawn, income)
        if posted.size and self.behaviour.drift > 0:
            static = self.static
            for rows, topic in ((static.features, TOPIC), (static.taste_features, TASTE_TOPIC)):
                moved = creators.adapt_content(rows, posted, rewards, withdrawn)
                rows[posted] = moved.astype(np.float32)
                static.attributes[posted, topic] = largest_topic(rows[posted])
            if self.index.posts.size:
                replace_features(self.index, posted, static.features[posted])

    def _enter_answers(self, t: int, entering: Entering) -> None:
        """Insert answers behind the posts of tick t; later ones, which nothing refers to, move."""
        assert self.answering is not None
        at = self.counts.n_eligible(t)
        arrays = replace(self.arrays, static=self.static, index=self.index)
        self.arrays = arrays = self.answering.insert(arrays, t, at, entering)
        self.static, self.index, self._world = arrays.static, arrays.index, None
        self.tallies.creators.static = arrays.static
        if self._earnings is not None:
            self._earnings.arrays = arrays
        count = entering.author.size
        self.counts.append(arrays, count)
        self.tallies.arrivals.insert(arrays.ticks, at, entering.author)
        state = self.state
        grown = {"withdrawn": _more_rows(state.withdrawn, count, False)}
        if state.recent_completers.size:
            grown["recent_completers"] = _more_rows(state.recent_completers, count, -1)
            grown["completers_next"] = _more_rows(state.completers_next, count, 0)
        self.state = state._replace(**grown)

    def feed_inputs(self, tick: TickContext) -> FeedInputs:
        """All inputs of the feed's ranking at one tick."""
        return FeedInputs(self.static, self.state, tick, self.params)

    def start_sessions(self, tick: TickContext, accounts: Ints) -> NearPosts:
        """Bring the profiles of accounts to this tick, and find the posts nearest to them."""
        state, params, size = self.state, self.params, accounts.size
        near = NearPosts(
            queries=np.empty((size, self.static.features.shape[1]), np.float32),
            keys=np.empty((size, int(params.quotas[INTEREST])), np.int64),
            sizes=np.zeros(size, np.int64),
        )
        start_sessions(
            state.profiles, state.last, params.profile_decay, tick.t, accounts, near.queries
        )
        if self._searches:
            search_index(
                self.index,
                tick.cell_end,
                near.queries,
                accounts,
                state.seen_start,
                state.seen,
                state.withdrawn,
                tick.any_withdrawn,
                params.interest_cap,
                near.keys,
                near.sizes,
                state.cell,
            )
        return near

    def _run_sessions(
        self, tick: TickContext, active: npt.NDArray[np.int64], shown: TickImpressions
    ) -> None:
        """Run all sessions of a tick; viewers of similar interests are adjacent, for speed."""
        order = np.arange(active.size)
        if self._searches:
            order = np.argsort(self.state.cell[active], kind="stable")
        given = GivenScores(np.zeros(0, np.float32), np.zeros(0, np.int64))
        if self.feed.score is not None:
            given = given_scores(self, tick, active)
        inputs = self.feed_inputs(tick)

        def run_range(low: int, high: int, scratch: Any) -> None:
            viewers, near = self.viewer_params, self.start_sessions(tick, active[order[low:high]])
            run_sessions(inputs, viewers, active, order, low, high, scratch, near, given, shown)

        self.in_ranges(run_range, active.size)

    def _index_recall(self) -> float:
        """Recall@100 of the index for profiles as they are at the end."""
        if not self._searches:
            return float("nan")
        profiles = self.state.profiles
        known = np.flatnonzero(profiles.any(axis=1))
        picked = known[np.linspace(0, known.size - 1, min(MEASURED, known.size)).astype(np.int64)]
        n_eligible = self.counts.n_eligible(self.ticks - 1)
        return recall(self.index, profiles[picked], n_eligible)

    def _together(self, tasks: list[Callable[[], Any]], size: int) -> list[Any]:
        """Results of the tasks, in threads if there are enough accounts or sessions, the size."""
        found: list[Any] = [None] * len(tasks)

        def run_task(worker: int, number: int) -> None:
            found[number] = tasks[number]()

        with helpers(
            1 if size < MOST else min(self._workers or spare_cores(), len(tasks))
        ) as share_out:
            share_out(run_task, len(tasks))
        return found

    def in_ranges(self, task: Callable[[int, int, Any], None], size: int) -> None:
        """Run the task over ranges of 0 … size − 1, in threads if there are enough sessions."""
        workers = 1 if size < FEW else self._workers or spare_cores()
        scratch = [allocate_scratch(self.static, self.params) for _ in range(workers)]
        step = MOST if workers == 1 else min(max(FEW // 4, -(-size // (8 * workers))), MOST)

        def run_range(worker: int, number: int) -> None:
            low = number * step
            task(low, min(low + step, size), scratch[worker])

        with helpers(workers) as share_out:
            share_out(run_range, -(-size // step))
