"""Generator of synthetic short-video platforms with planted communities."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.dataset import Dataset, with_tables
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError, check_choice, check_integer, check_number
from graphkit.rng import RNGLike, Streams
from graphkit.synthetic import activity, tables
from graphkit.synthetic.accounts import (
    draw_follows,
    draw_leaning,
    draw_memberships,
    draw_population,
    drop_cross_cutting,
)
from graphkit.synthetic.audiences import draw_age_bands, draw_local_countries
from graphkit.synthetic.topics import OPTIONAL_TOPICS, TOPICS, Topic

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
    tag_noise: float = 0.6,
    overlap: float = 0.1,
    homophily: float | Mapping[str, float] | None = None,
    leaning: float | None = None,
    locality: float | None = None,
    ages: float | None = None,
    rng: RNGLike | None = None,
) -> Platform:
    r"""Synthetic short-video platform with planted communities.

    Every account has one planted community, its home. Its interest in the topics (one each) is

    .. math:: \theta_a = (1 - m)\,o_a + m\,\pi_a, \qquad
              o_a = (1 - s_a)\,e_{home} + s_a\,e_{second}, \qquad
              \pi_a \sim \mathrm{Dirichlet}(40\,p)

    with mixing :math:`m`, community shares :math:`p`, and a second interest of weight
    :math:`s_a \in [0.15, 0.40]` for the share `overlap` of accounts, else 0. The behaviour of an
    account depends on :math:`\theta_a` and on traits that are independent of its home:

    * it posts on topic t at rate activity · θ_at · p_t^−0.65 (small communities post more);
    * it follows, and joins groups, on topic t at rate
      h_t · θ_at + Σ_u m_tu · (1 − h_u) · θ_au, where h is the `homophily` of each community and
      m_tu the share of t in the mainstream, comedy and dance, without u: a community of h = 0
      lives in shared interest only, and the follow graph does not show it. Within a topic it
      follows accounts by popularity · θ²; 8 % of the follows go by popularity alone, 12 % are
      reciprocated;
    * it is shown posts by a **uniform** feed: in every session a uniform draw from all posts that
      exist when it begins, without its own and those shown before;
    * it watches the fraction w = (0.05 + 0.95 · θ_at^0.8 · (0.5 + 0.8 · quality)) ·
      (20 s / duration)^0.15 · lognormal noise (σ = 0.4, mean 1), and reacts with chance
      c · w³ / (w³ + 0.5³), where c is 0.75 for a like, 0.08 for a comment (more if the post is
      divisive), 0.07 for a share, 0.09 for a save. Duets and stitches are new items that reply
      to one their author was shown;
    * 6 % of the posts, whatever their topic and author, were first posted elsewhere
      (``items.origin`` is ``"other"``); duets and stitches never were. Accounts do not
      react to that.

    With ``mixing=0`` interests are pure; with ``mixing=1`` all accounts draw theirs from one
    distribution, and `truth` is independent of everything in the data.

    Parameters
    ----------
    accounts
        Number of accounts, at least 4 per community.
    communities
        Names of the communities that take part, or how many (the largest first), at least 2;
        `None` for all twelve. Three more take part only where they are named: antivax, QAnon, and
        challenges, some of whose posts are flagged as dangerous.
    mixing
        Weight of the population-wide part of interests, in [0, 1].
    days
        Length of the window from 2024-02-15 UTC, 1 … 3650.
    posts_per_account, impressions_per_account, follows_per_account
        Means over accounts, > 0. No account is shown more than 80 % of existing posts, so small
        or young platforms may show fewer.
    tag_noise
        Share of posts that carry a tag of some other community, in [0, 1]. The default, and the
        14 % of posts without any tag of their topic, are set so that tags tell about as much as on
        public videos, see below.
    overlap
        Share of accounts with a second interest in a neighbouring community, in [0, 1].
    homophily
        Share of the interest in a community that is followed and joined there, in [0, 1]; the rest
        goes to comedy and dance (where neither takes part, to all other communities). One number
        for all communities, or numbers by name, 1 for the others; names of communities that do
        not take part are ignored. By default a spectrum from hidden to visible: #alttok 0,
        CatTok 0.02, anime 0.1, GymTok 0.2, K-pop 0.3, football 0.4, politics 0.6, BookTok 0.8, the
        others 1.
    leaning
        Share, in [0, 1], of the follows between accounts of opposite political leaning that are
        missing. Leanings are draws from 2 · Beta(2, 2) − 1, independent of all else; a post of
        divisiveness d has the leaning of its author times ½ + d, within [−1, 1]. By default there
        are no leanings. Neither interests nor behaviour depend on them.
    locality
        Share, in [0, 1], of accounts whose country is drawn by the home countries of their
        community, the others' by the shares of countries alone; the language follows the country.
        The expected shares of countries are the same for all. Cramér's V of country and community
        is `locality` times that at 1, about 0.53 with all twelve. By default, and at 0, country
        is independent of all else. Interests and behaviour depend on it at no locality, but through the
        community that it goes with.
    ages
        If given, accounts have an age band (``accounts.age_band``: 13-17, 18-24, 25-34, 35-44, 45+, of
        the shares 0.15, 0.26, 0.30, 0.14, 0.15), and the number, in [0, 1], is the share of accounts
        whose band is drawn by the ages of their community, from K-pop (17 years) to politics (45).
        Cramér's V is again proportional to it, about 0.38 at 1. Interests and behaviour depend on age
        through the community only.
    rng
        Seed or generator; equal seeds give equal bytes.

    Returns
    -------
    Platform
        Dataset of six tables, planted communities, interests, and topic and quality of items.
        Topics are in the order of ``truth.labels``, largest community first.

    Raises
    ------
    OptionError
        If a parameter is out of its range or names an unknown community.

    Notes
    -----
    ``benchmarks/tag_prediction.py`` predicts the community of a video's author from its tags (naive
    Bayes, cross-validated by author, twelve communities, 6,000 videos, without stop tags and the
    hashtag that names the community), here and on the videos of TikTok's Research API around 24
    hashtags of [1]_, whose communities are those hashtags. Balanced accuracy is 0.50 here and 0.49
    there (chance 0.08), 0.55 and 0.55 among videos with such a tag; 11.5 and 11.3 % have none. The
    figure there depends on what is asked: 0.43 for communities of the stitch graph, 0.345 for the
    stitched videos alone, which were not collected by tags and of which 23 % have none. Not
    matched: real videos have 5.8 such tags each (here 1.9), and 6,000 of them some 14,000
    different ones (here 400).

    The shares of adult age bands are those of TikTok's advertising audience of January 2025 (We Are
    Social), as a page about them says, times 0.85; that 15 % are minors is an assumption, for that
    audience has none. Home countries and ages of communities are assumptions, and so are size,
    divisiveness (0.15 to 0.75), flagged posts (15 to 40 %) and homophily (0.02 to 0.05) of the three
    communities that must be named. Country and age band by community are drawn from tables with the
    totals of both (iterative proportional fitting), from weights of 1 for home countries and 0.02 for
    others, and exp(−((age − band) / 10 years)² / 2).

    References
    ----------
    .. [1] Høgenhaug, M., Friis, M., Pedersen, M. & Rossi, L. (2025). TikTok StitchGraph:
       Characterizing communication patterns on TikTok through a collection of interaction
       networks. arXiv:2502.18661.

    Examples
    --------
    >>> small = platform(60, communities=("BookTok", "CatTok"), rng=1)
    >>> small.truth.labels, small.truth.sizes.tolist()
    (('BookTok', 'CatTok'), [31, 29])
    >>> small.dataset.items.height, small.interests.shape
    (72, (60, 2))
    """
    chosen = _select_topics(communities, homophily)
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
    given = {"leaning": leaning, "locality": locality, "ages": ages}
    dials = {k: check_number(k, dial, 0, 1) for k, dial in given.items() if dial is not None}
    streams = Streams(rng)
    population = draw_population(accounts, chosen, mixing=mixing, overlap=overlap, streams=streams)
    topics = population.topics
    window: dict[str, Any] = {"days": days, "streams": streams}
    posts = activity.draw_posts(population, per_account=posts_per_account, **window)
    feed = activity.show_posts(posts, accounts, per_account=impressions_per_account, **window)
    replies = activity.draw_replies(population, posts, feed, streams=streams)
    topic = posts.topic.copy()
    topic[replies.item] = topic[replies.parent]
    posts = dataclasses.replace(posts, topic=topic)
    fraction, shown_at = activity.draw_watching(population, posts, feed, streams=streams)
    reactions = activity.draw_reactions(posts, feed, fraction, shown_at, streams=streams)
    source, target, since = draw_follows(population, per_account=follows_per_account, **window)
    tags = activity.draw_tags(posts, replies, topics, tag_noise=tag_noise, streams=streams)

    memberships = draw_memberships(population, streams=streams)
    account, item = tables.make_ids("a", accounts, 5), tables.make_ids("v", len(posts), 6)
    leanings = local = bands = None
    if "leaning" in dials:
        leanings = draw_leaning(accounts, streams=streams)
        chance = dials["leaning"]
        stays = drop_cross_cutting(leanings, source, target, chance=chance, streams=streams)
        source, target, since = source[stays], target[stays], since[stays]
    if "locality" in dials:
        local = draw_local_countries(population, dials["locality"], streams=streams)
    if "ages" in dials:
        bands = draw_age_bands(population, dials["ages"], streams=streams)
    people = tables.accounts_table(
        account, source, target, local=local, ages=bands, streams=streams
    )
    if leanings is not None:
        people = people.with_columns(leaning=pl.Series(leanings))
    labels = [t.label for t in topics]
    parameters = {
        "accounts": accounts,
        "communities": labels,
        "mixing": mixing,
        "days": days,
        **means,
        "tag_noise": tag_noise,
        "overlap": overlap,
        "homophily": {t.label: t.homophily for t in topics},
        **dials,
    }
    record = Provenance.of("synthetic.platform", parameters, seed=streams.seed)
    rows = {
        "items": tables.items_table(
            item,
            people,
            posts,
            tags=tags,
            captions=activity.draw_captions(posts, tags, topics, streams=streams),
            sounds=activity.draw_sounds(posts, replies, topics, streams=streams),
            origins=activity.draw_origins(posts, replies, streams=streams),
            flags=[t.flag for t in topics],
        ),
        "follows": tables.follows_table(account, source, target, since),
        "interactions": tables.interactions_table(account, item, posts, feed, reactions, replies),
        "impressions": tables.impressions_table(account, item, feed, fraction, shown_at),
        "memberships": tables.memberships_table(account, *memberships),
    }
    dataset = with_tables(Dataset(people, source=_SOURCE, provenance=record), rows, record)
    truth = Partition.from_membership(
        dataset.account_ids, population.home, labels=labels, node_kind="accounts", provenance=record
    )
    item_topics, about = posts.topic.astype(np.int32), {**parameters, "seed": streams.seed}
    return Platform(
        dataset, truth, tuple(labels), population.interests, item_topics, posts.quality, about
    )


def _select_topics(
    communities: Sequence[str] | int | None, homophily: float | Mapping[str, float] | None
) -> tuple[Topic, ...]:
    """The communities that take part, largest first, each with its homophily."""
    usual, every = [t.label for t in TOPICS], (*TOPICS, *OPTIONAL_TOPICS)
    known = [t.label for t in every]
    wanted: Sequence[str]
    if communities is None:
        wanted = usual
    elif isinstance(communities, Sequence) and not isinstance(communities, str):
        wanted = communities
        for label in wanted:
            check_choice("communities", label, known)
        if len(set(wanted)) < max(2, len(wanted)):
            raise OptionError(f"communities={list(wanted)!r} must name at least two, each once.")
    else:
        hint = f"Or a list of names; known: {', '.join(known)}."
        wanted = usual[: check_integer("communities", communities, 2, len(usual), hint=hint)]
    if homophily is None:
        shares = {t.label: t.homophily for t in every}
    elif isinstance(homophily, Mapping):
        for label, share in homophily.items():
            check_choice("homophily", label, known)
            check_number(f"homophily[{label!r}]", share, 0, 1)
        shares = {label: float(homophily.get(label, 1.0)) for label in known}
    else:
        hint = "Or numbers by name of community."
        shares = dict.fromkeys(known, check_number("homophily", homophily, 0, 1, hint=hint))
    return tuple(t._replace(homophily=shares[t.label]) for t in every if t.label in wanted)
