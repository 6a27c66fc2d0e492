"""The verb that makes a platform."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError, check_choice, check_integer, check_number
from graphkit.rng import RNGLike, Streams
from graphkit.synthetic import tables as _tables
from graphkit.synthetic.accounts import draw_follows, draw_memberships, populate
from graphkit.synthetic.activity import (
    draw_answers,
    draw_captions,
    draw_origins,
    draw_posts,
    draw_sounds,
    draw_tags,
    react,
    show_posts,
    watch,
)
from graphkit.synthetic.topics import TOPICS, Topic

__all__ = ["platform"]

_SOURCE = "graphkit.synthetic.platform (synthetic: no real accounts, posts or people)"


def platform(
    accounts: int = 5000,
    *,
    communities: Sequence[str] | int | None = None,
    mixing: float = 0.3,
    days: int = 30,
    posts_per_account: float = 1.2,
    impressions_per_account: float = 118.0,
    follows_per_account: float = 17.0,
    tag_noise: float = 0.1,
    overlap: float = 0.1,
    hidden: Sequence[str] = ("#alttok",),
    rng: RNGLike | None = None,
) -> Platform:
    r"""Make a short-video platform in which the communities are known.

    Every account has one planted home community. Its interest in the topics, one per community, is

    .. math:: \theta_a = (1 - m)\,o_a + m\,\pi_a, \qquad
              o_a = (1 - s_a)\,e_{home} + s_a\,e_{second}, \qquad
              \pi_a \sim \mathrm{Dirichlet}(40\,p)

    with mixing :math:`m`, community shares :math:`p`, and a second interest of weight
    :math:`s_a \in [0.15, 0.40]` for the share `overlap` of accounts, else 0. Everything that an
    account does follows from :math:`\theta_a` and from traits that are independent of its home:

    * it posts on topic t at rate activity · θ_at · p_t^−0.65 (small cultures talk more per head);
    * it follows: a topic from θ_a, then an account by fame · θ²; 8 % by fame alone; 12 % are
      returned. In `hidden` communities the interest in the own topic is spent on mainstream
      accounts instead (comedy and dance), in follows and in groups alike: such a culture lives
      in shared interest only, and the follow graph does not show it;
    * it is shown posts by a **uniform** feed: in every session a uniform draw from all posts that
      exist when it begins, without its own and those shown before;
    * it watches the fraction w = (0.05 + 0.95 · θ_at^0.8 · (0.5 + 0.8 · quality)) ·
      (20 s / duration)^0.15 · lognormal noise (σ = 0.4, mean 1), and reacts with chance
      c · w³ / (w³ + 0.5³), where c is 0.75 for a like, 0.08 for a comment (more if the post is
      divisive), 0.07 for a share, 0.09 for a save. Duets and stitches are new items that answer
      one their author was shown;
    * 6 % of the posts, whatever their topic and author, were first posted elsewhere
      (``items.origin`` is ``"other"``); duets and stitches are made here. Nobody minds.

    With ``mixing=0`` interests are pure; with ``mixing=1`` all accounts draw theirs from one law,
    and `truth` is independent of everything in the data.

    Parameters
    ----------
    accounts
        Number of accounts, at least 4 per community.
    communities
        Names of the communities that take part, or how many (the largest first), at least 2;
        `None` for all twelve.
    mixing
        Weight of the population-wide part of interests, in [0, 1].
    days
        Length of the window from 2024-02-15 UTC, 1 … 3650.
    posts_per_account, impressions_per_account, follows_per_account
        Means over accounts, > 0. Nobody is shown more than 80 % of what exists, so small or
        young platforms may show less than asked.
    tag_noise
        Share of posts that carry a tag of some other community, in [0, 1].
    overlap
        Share of accounts with a second interest in a neighbouring community, in [0, 1].
    hidden
        Communities whose members do not follow each other for it, but the mainstream (or, where
        neither comedy nor dance takes part, any other community). Names of communities that do
        not take part are ignored; ``()`` makes all communities follow their own.
    rng
        Seed or generator; equal seeds give equal bytes.

    Returns
    -------
    Platform
        Dataset of six tables, planted homes, interests, and topic and quality of items. Topics
        are in the order of ``truth.labels``, largest community first.

    Raises
    ------
    OptionError
        If a parameter is out of its range or names an unknown community.

    Examples
    --------
    >>> small = platform(60, communities=("BookTok", "CatTok"), rng=1)
    >>> small.truth.labels, small.truth.sizes.tolist()
    (('BookTok', 'CatTok'), [31, 29])
    >>> small.dataset.items.height, small.interests.shape
    (72, (60, 2))
    """
    chosen = _choose(communities, hidden)
    least, hint = 4 * len(chosen), f"There are {len(chosen)} communities."
    accounts = check_integer("accounts", accounts, least, 10_000_000, hint=hint)
    days = check_integer("days", days, 1, 3650)
    mixing = check_number("mixing", mixing, 0, 1)
    tag_noise = check_number("tag_noise", tag_noise, 0, 1)
    overlap = check_number("overlap", overlap, 0, 1)
    means = {
        "posts_per_account": posts_per_account,
        "impressions_per_account": impressions_per_account,
        "follows_per_account": follows_per_account,
    }
    means = {k: check_number(k, mean, 0, 100_000, low_open=True) for k, mean in means.items()}
    streams = Streams(rng)
    population = populate(accounts, chosen, mixing=mixing, overlap=overlap, streams=streams)
    topics = population.topics
    posts = draw_posts(population, per_account=posts_per_account, days=days, streams=streams)
    feed = show_posts(
        posts, accounts, per_account=impressions_per_account, days=days, streams=streams
    )
    answers = draw_answers(population, posts, feed, streams=streams)
    topic = posts.topic.copy()
    topic[answers.item] = topic[answers.original]
    posts = dataclasses.replace(posts, topic=topic)
    fraction, shown_at = watch(population, posts, feed, streams=streams)
    actions = react(posts, feed, fraction, shown_at, streams=streams)
    source, target, since = draw_follows(
        population, per_account=follows_per_account, days=days, streams=streams
    )
    tags = draw_tags(posts, answers, topics, tag_noise=tag_noise, streams=streams)

    account, item = _tables.ids("a", accounts, 5), _tables.ids("v", len(posts), 6)
    people = _tables.accounts_table(account, source, target, streams=streams)
    parameters = {
        "accounts": accounts,
        "communities": [t.label for t in topics],
        "mixing": mixing,
        "days": days,
        **means,
        "tag_noise": tag_noise,
        "overlap": overlap,
        "hidden": [t.label for t in topics if t.hidden],
    }
    record = Provenance.of("synthetic.platform", parameters, seed=streams.seed)
    dataset = Dataset(
        accounts=people,
        items=_tables.items_table(
            item,
            people,
            posts,
            tags=tags,
            captions=draw_captions(posts, tags, topics, streams=streams),
            sounds=draw_sounds(posts, answers, topics, streams=streams),
            origins=draw_origins(posts, answers, streams=streams),
        ),
        follows=_tables.follows_table(account, source, target, since),
        interactions=_tables.interactions_table(account, item, posts, feed, actions, answers),
        impressions=_tables.impressions_table(account, item, feed, fraction, shown_at),
        memberships=_tables.memberships_table(
            account, *draw_memberships(population, streams=streams)
        ),
        source=_SOURCE,
        provenance=record,
    )
    truth = Partition.from_membership(
        dataset.account_ids,
        population.home,
        labels=[t.label for t in topics],
        node_kind="accounts",
        provenance=record,
    )
    return Platform(
        dataset=dataset,
        truth=truth,
        topics=tuple(t.label for t in topics),
        interests=population.interests,
        item_topics=posts.topic.astype(np.int32),
        item_quality=posts.quality,
        parameters={**parameters, "seed": streams.seed},
    )


def _choose(communities: Sequence[str] | int | None, hidden: Sequence[str]) -> tuple[Topic, ...]:
    """The communities that take part, largest first, each marked as hidden or not."""
    known = [t.label for t in TOPICS]
    if isinstance(hidden, str):
        raise OptionError(f"hidden={hidden!r} is one text: pass a tuple of names, ({hidden!r},).")
    for label in hidden:
        check_choice("hidden", label, known)
    wanted: Sequence[str]
    if communities is None:
        wanted = known
    elif isinstance(communities, Sequence) and not isinstance(communities, str):
        wanted = communities
        for label in wanted:
            check_choice("communities", label, known)
        if len(set(wanted)) < max(2, len(wanted)):
            raise OptionError(f"communities={list(wanted)!r} must name at least two, each once.")
    else:
        hint = f"Or a list of names; known: {', '.join(known)}."
        wanted = known[: check_integer("communities", communities, 2, len(known), hint=hint)]
    if set(wanted) <= set(hidden):
        raise OptionError(f"hidden={tuple(hidden)!r} hides every community: leave one to follow.")
    return tuple(t._replace(hidden=t.label in hidden) for t in TOPICS if t.label in wanted)
