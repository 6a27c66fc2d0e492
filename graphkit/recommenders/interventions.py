"""Interventions of a feed against flagged posts: demotion, a cap for minors, friction on sharing."""

from __future__ import annotations

from typing import Any

from graphkit.errors import DataError, OptionError
from graphkit.recommenders.feed import Feed

__all__ = ["interventions"]

#: Share of the shares of videos flagged as unverified that a prompt averted in TikTok's own test.
AVERTED = 0.24
#: Demotion, in weights of the strongest factor.
DEMOTION = 0.5
#: Where the strengths come from.
SOURCES = {
    "flagged demoted": "strength assumed",
    "capped for minors": "none at all, assumed",
    "friction on sharing": "24 %, TikTok Newsroom, 3 February 2021",
    "all three": "friction of 24 %, TikTok Newsroom, 3 February 2021; the others assumed",
}


def interventions(feed: Feed) -> dict[str, Feed]:
    """The feed under three interventions against flagged posts, and under all of them.

    * *flagged demoted*: the factor ``flagged`` has half the weight of the feed's strongest factor,
      below zero (one that favours flagged posts is replaced, one that demotes them more stays). The
      rank falls, nothing is removed: where no other candidates are left, flagged posts are shown.
    * *capped for minors*: ``minor_cap=0``, so that no account known to be a minor is shown any.
    * *friction on sharing*: ``share_friction=0.24``.

    Friction has a source: in TikTok's test of a prompt before a video flagged as unverified content
    is shared, shares fell by 24 % (and likes by 7 %, which is not part of the model). It is the
    platform's own figure, of a banner and a prompt together, without an interval. The strengths of
    the other two are assumptions: another is ``feed.but(name, weights={"flagged": -0.3})``.

    Parameters
    ----------
    feed
        A feed without a score function.

    Returns
    -------
    dict
        Four feeds by name, which are names of arms: that of the feed, and the intervention.

    Raises
    ------
    OptionError
        If the feed has a score function, which has no weights: subtract within the function.
    DataError
        If no factor of the feed has a weight, so that no strength of a demotion follows.

    References
    ----------
    Hernandez, G. (2021). New prompts to help people consider before they share. TikTok Newsroom,
    3 February 2021.
    https://newsroom.tiktok.com/en-gb/new-prompts-to-help-people-consider-before-they-share-uk

    Examples
    --------
    >>> from graphkit.recommenders import interest_centric
    >>> for name, feed in interventions(interest_centric()).items():
    ...     print(name, feed.weights.get("flagged", 0), feed.minor_cap, feed.share_friction)
    interest-centric, flagged demoted -0.5 1.0 0.0
    interest-centric, capped for minors 0 0.0 0.0
    interest-centric, friction on sharing 0 1.0 0.24
    interest-centric, all three -0.5 0.0 0.24
    """
    if not isinstance(feed, Feed):
        raise DataError(f"a {type(feed).__name__} has no interventions: give a feed.")
    if feed.score is not None:
        raise OptionError(
            f"feed {feed.name!r} has a score function, and so no weight of flagged posts: demote them "
            "in the function, and set minor_cap and share_friction by feed.but."
        )
    strongest = max((abs(w) for name, w in feed.weights.items() if name != "flagged"), default=0.0)
    if not strongest:
        raise DataError(
            f"feed {feed.name!r} has no weights to measure a demotion by: give one, such as "
            "feed.but(name, weights={'flagged': -1.0})."
        )
    demoted = {"flagged": min(-DEMOTION * strongest, feed.weights.get("flagged", 0.0))}
    friction = max(AVERTED, feed.share_friction)
    changes: dict[str, dict[str, Any]] = {
        "flagged demoted": {"weights": demoted},
        "capped for minors": {"minor_cap": 0.0},
        "friction on sharing": {"share_friction": friction},
    }
    changes["all three"] = {key: value for one in changes.values() for key, value in one.items()}
    made = {}
    for what, numbers in changes.items():
        source = "; ".join(text for text in (feed.source, f"{what}: {SOURCES[what]}") if text)
        name = f"{feed.name}, {what}"
        made[name] = feed.but(name, **numbers, source=source)
    return made
