"""Behaviour: the parameters of viewers and creators."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from graphkit.data.display import html_card
from graphkit.errors import check_number

__all__ = ["Behaviour"]

#: Parameters of :meth:`Behaviour.published` that differ: tried by hand, then searched for by
#: benchmarks/published_figures.py.
PUBLISHED: dict[str, Any] = {"watch_base": -1.5, "comment_divisive": 4.0}

#: Ranges of parameters that are not any finite number.
_RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(
        ("social_share", "activity", "drift", "answer_posts", "answer_mix", "stitch_chain"), (0, 1)
    ),
    **dict.fromkeys(("noise", "answer_delay", "answer_spread"), (0, math.inf)),
}
#: Parameters whose defaults were estimated from stitches, or fitted to published shares of them.
_ESTIMATED = ("answer_delay", "answer_spread", "answer_mix", "stitch_chain")
#: Parameters that are not 0: nobody would open the feed, and a median of ln d needs d > 0.
_NEVER = ("activity", "answer_delay")


@dataclass(frozen=True)
class Behaviour:
    """Parameters of viewers and creators; until they are calibrated, nearly all are assumptions.

    Four defaults of answering were estimated; :attr:`frame` has the origin of each number.

    **Watching.** Taste of viewer a for post i, in [−1, 1] but for the idiosyncratic part:

        taste = (1 − s) · interest + s · social + noise · z

    with interest the cosine of true interest and post features, social = 1 − 2^(−r) for the r
    followees who posted, reshared, liked or commented on it (among their latest eight reactions of
    ten ticks, as far as the feed delivers them), and z a standard normal draw of the pair. The
    watch fraction is

        w = σ(watch_base + watch_taste · taste + watch_quality · (quality − ½)
              − watch_length · ln(duration / 20 s) − fatigue · e)

    with e the number of posts of the same topic already shown in the session; a post without a
    duration counts as one of 20 s. w ≥ 0.9 counts as watched to the end, w < 0.25 as skipped.

    **Reacting.** With lean = reaction_slope · (w − ½), the chances are σ(like_base + lean),
    σ(comment_base + lean + comment_divisive · divisiveness), σ(share_base + lean +
    share_flagged · flagged), σ(duet_base + lean), σ(stitch_base + lean), σ(follow_base + lean)
    for an author not followed yet, and σ(unfollow_base) for a followee whose post was skipped.

    **Staying.** After each post the session ends with chance σ(stop_base − stop_slope · (w − ½)).
    After a session of mean watch fraction w̄, of which the share b of posts repeated a topic, the
    viewer leaves for good with chance σ(leave_base − leave_slope · (w̄ − ½) + boredom · b), and
    the odds of opening the feed in a later tick are those of `activity` times
    exp(return_slope · (w̄ − ½)).

    **Creating.** With ρ = ln((1 + reactions per own earlier post) / (1 + reactions per post
    overall)), a scheduled post is posted with chance σ(post_base + post_slope · ρ), and its
    creator gives up posting with chance σ(quit_base − quit_slope · ρ); its features move by the
    share `drift` toward the mean of its creator's earlier posts, weighted by their reactions. With a
    payout of :func:`graphkit.simulate_spread`, income takes the place of reactions in both.

    **Answering.** A duet or a stitch becomes a post of its author with chance `answer_posts`, unless
    the author has left or given up posting by then. It enters ⌈d⌉ ticks after the reaction, at least
    one, ln d being normal of mean ln(answer_delay) and standard deviation answer_spread; a tick
    counts as a day. Its features are unit(m · parent + (1 − m) · author), with m = answer_mix, the
    features of the parent as they are when the answer enters, and of the author the true interests
    (for tastes) and the initial profile (for what feeds read). Its quality is m times that of the
    parent plus 1 − m times a uniform draw; its duration, divisiveness and flag are those of the
    parent. It can be answered in turn, but of the stitches of a stitch only the share
    `stitch_chain` becomes posts. The defaults of the delay are such that 31 % of the answers enter
    within one day and 82 % within 30: the shares of stitches on TikTok [1]_, as means over hashtags;
    over all stitches of 24 of the hashtags they are 26 and 80 %, and a fit gives a median of 4.9
    and a spread of 2.5 (``benchmarks/stitch_answers.py``). There the days are counted from the
    video's posting, here from watching it, so that answers come somewhat later than there. Of these
    13,824 stitches none answers another one, hence no chains of stitches; and the weight of the
    parent's topic in their tags is 0.32 [0.25, 0.37], hence the mix. That duets follow stitches
    in delay and mix and form chains, that every such reaction is posted, and the quality, are
    assumptions.

    Staying, creating, answering, and follows take effect under ``budget="free"`` only; under
    ``"matched"`` their probabilities are recorded as propensities (of answering, the reactions).

    Attributes
    ----------
    social_share
        s in [0, 1]: weight of followees' activity in taste. With s = 0 an interest feed has the
        highest viewer value by construction.
    noise
        Standard deviation of the idiosyncratic part.
    watch_base, watch_taste, watch_quality, watch_length, fatigue
        Of the watch fraction.
    like_base, comment_base, share_base, follow_base, duet_base, stitch_base
        Log-odds of each reaction at w = ½.
    reaction_slope
        Their common slope in w.
    comment_divisive, share_flagged
        Effects of divisiveness on the log-odds of a comment, and of a flag on those of a share.
    unfollow_base
        Log-odds of unfollowing the author of a skipped post.
    activity
        Probability that an account opens the feed in a tick.
    stop_base, stop_slope, leave_base, leave_slope, boredom, return_slope
        Of staying.
    post_base, post_slope, quit_base, quit_slope, drift
        Of creating; drift in [0, 1].
    answer_posts
        Share of the duets and stitches that become posts, in [0, 1].
    answer_delay, answer_spread
        Median of d in ticks, above 0, and standard deviation of ln d.
    answer_mix
        m in [0, 1]: share of the parent in an answer.
    stitch_chain
        Share, in [0, 1], of the stitches of stitches of the same run that may become posts.
    calibrated
        Whether the parameters were fitted to a log by :func:`graphkit.simulation.calibrate`.

    References
    ----------
    .. [1] Høgenhaug, M., Friis, M., Pedersen, M. & Rossi, L. (2025). TikTok StitchGraph:
       Characterizing communication patterns on TikTok through a collection of interaction
       networks. arXiv:2502.18661.
    """

    social_share: float = 0.2
    noise: float = 0.1
    watch_base: float = -1.6
    watch_taste: float = 4.0
    watch_quality: float = 1.0
    watch_length: float = 0.15
    fatigue: float = 0.15
    like_base: float = -2.6
    comment_base: float = -4.2
    share_base: float = -3.6
    follow_base: float = -5.0
    duet_base: float = -6.5
    stitch_base: float = -6.0
    reaction_slope: float = 4.0
    comment_divisive: float = 1.0
    share_flagged: float = 0.5
    unfollow_base: float = -4.0
    activity: float = 0.5
    stop_base: float = -3.5
    stop_slope: float = 3.0
    leave_base: float = -5.0
    leave_slope: float = 3.0
    boredom: float = 1.0
    return_slope: float = 2.0
    post_base: float = 2.0
    post_slope: float = 1.0
    quit_base: float = -4.0
    quit_slope: float = 1.0
    drift: float = 0.1
    answer_posts: float = 1.0
    answer_delay: float = 3.3
    answer_spread: float = 2.41
    answer_mix: float = 0.3
    stitch_chain: float = 0.0
    calibrated: bool = False

    def __post_init__(self) -> None:
        for name in (spec.name for spec in fields(self) if spec.name != "calibrated"):
            low, high = _RANGES.get(name, (-math.inf, math.inf))
            never = name in _NEVER
            check_number(f"behaviour: {name}", getattr(self, name), low, high, low_open=never)

    @classmethod
    def published(cls) -> Behaviour:
        """Parameters chosen so that published figures are met, beside the documented assumptions.

        By the mean watch fraction on TikTok and by how far engagement amplifies divisive posts on
        Twitter; see :func:`graphkit.attribution.published_figures` (``use = "tune"``) and
        :func:`graphkit.recommenders.published` for the feeds. They are not fitted to a log:
        `calibrated` is false.

        Examples
        --------
        >>> Behaviour.published().calibrated
        False
        """
        return cls(**PUBLISHED)

    @property
    def frame(self) -> pl.DataFrame:
        """Every parameter: parameter, value, origin.

        Origins are ``"assumption"`` (the documented default), ``"estimated"`` (a default that is
        from data or a published figure on stitches, and an assumption for duets), ``"tuned"``
        (that of :meth:`published`), ``"calibrated"`` (another than the default, of a calibrated
        behaviour), and ``"given"`` by the user.
        """
        rows = [(s.name, float(getattr(self, s.name)), self._origin(s.name)) for s in fields(self)]
        return pl.DataFrame(rows, schema=["parameter", "value", "origin"], orient="row")

    def _repr_html_(self) -> str:
        known = "fitted to a log" if self.calibrated else "not calibrated"
        counts = self.frame.group_by("origin", maintain_order=True).len()
        facts = {"behaviour": known} | {f"parameters: {o}": n for o, n in counts.iter_rows()}
        # those that somebody chose come first
        chosen = self.frame.sort(pl.col("origin") == "assumption", maintain_order=True)
        return html_card("Behaviour", facts, chosen)

    def _origin(self, name: str) -> str:
        value = getattr(self, name)
        if value == type(self).__dataclass_fields__[name].default:
            return "estimated" if name in _ESTIMATED else "assumption"
        if self.calibrated:
            return "calibrated"
        return "tuned" if PUBLISHED.get(name) == value else "given"
