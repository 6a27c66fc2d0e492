"""How viewers react: one documented set of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import polars as pl

from graphkit.errors import OptionError

__all__ = ["Behaviour"]


@dataclass(frozen=True)
class Behaviour:
    """Parameters of viewers; every number is an assumption until it is calibrated.

    Taste of viewer a for post i, in [0, 1] but for the idiosyncratic part:

        taste = (1 − s) · interest + s · social + noise · z

    with interest the cosine of true interest and post features, social = 1 − 2^(−r) for
    the r accounts the viewer follows who posted, shared, liked or commented on it, and z a
    standard normal draw that belongs to the pair. Watch fraction is
    σ(watch_base + watch_taste · taste + watch_quality · (quality − ½) − fatigue · e),
    e the number of posts of the same topic already shown in the session. With w the watch
    fraction, the odds of a reaction are σ(base + slope · (w − ½)).

    Attributes
    ----------
    social_share
        s in [0, 1]: how far taste follows the circle rather than the topic. With s = 0 an
        interest feed wins viewer value by definition.
    noise
        Standard deviation of the idiosyncratic part.
    watch_base, watch_taste, watch_quality, fatigue
        Of the watch fraction.
    like_base, comment_base, share_base, follow_base, reaction_slope
        Log-odds of each reaction at w = ½, and their common slope.
    activity
        Probability that an account opens the feed in a tick.
    leave_base, leave_slope
        Log-odds of leaving for good after a session of mean watch fraction ½, and how they
        fall with it: a propensity, acted on under ``budget="free"`` only.
    return_slope
        How the odds of opening the feed rise with the mean watch fraction of the last
        session, ``budget="free"`` only; recorded as a propensity otherwise.
    calibrated
        Whether the numbers were fitted to a log.
    """

    social_share: float = 0.2
    noise: float = 0.1
    watch_base: float = -1.6
    watch_taste: float = 4.0
    watch_quality: float = 1.0
    fatigue: float = 0.15
    like_base: float = -2.6
    comment_base: float = -4.2
    share_base: float = -3.6
    follow_base: float = -5.0
    reaction_slope: float = 4.0
    activity: float = 0.5
    leave_base: float = -5.0
    leave_slope: float = 3.0
    return_slope: float = 2.0
    calibrated: bool = False

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            if spec.name != "calibrated" and not math.isfinite(value):
                raise OptionError(f"behaviour: {spec.name} is {value}, not a finite number.")
        for name in ("social_share", "activity"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(f"behaviour: {name}={getattr(self, name)} must lie in [0, 1].")
        if self.activity == 0:
            raise OptionError("behaviour: activity=0 means that nobody ever opens the feed.")
        if self.noise < 0:
            raise OptionError(f"behaviour: noise={self.noise} must be 0 or larger.")

    @property
    def frame(self) -> pl.DataFrame:
        """Every parameter: name, value."""
        rows = [(s.name, float(getattr(self, s.name))) for s in fields(self)]
        return pl.DataFrame(rows, schema=["parameter", "value"], orient="row")
