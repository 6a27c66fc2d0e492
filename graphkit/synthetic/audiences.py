"""Countries and ages of synthetic accounts that go with their communities."""

from __future__ import annotations

import numpy as np

from graphkit.rng import Streams
from graphkit.synthetic.accounts import Codes, Floats, Population, draw_columns, draw_weighted
from graphkit.synthetic.topics import AGES, COUNTRIES

_ELSEWHERE = 0.02
"""Weight of a country that is none of a community's home countries, before the totals are met."""
_AGE_WIDTH = 10.0
"""Years by which the ages of a community spread about its own age, before the totals are met."""


def draw_local_countries(population: Population, locality: float, *, streams: Streams) -> Codes:
    """Code of a country for the accounts whose community decides it, −1 for the others.

    Each account is decided by its community with chance `locality`, and then drawn from the row of
    its community in a table whose totals are the sizes of communities and the shares of countries:
    the expected share of every country is that of all accounts, whatever the locality.
    """
    codes = [name for name, _, _ in COUNTRIES]
    homes = np.array([[code in t.countries for code in codes] for t in population.topics])
    weights = np.where(homes, 1.0, _ELSEWHERE)
    table = meet_totals(weights, population.shares, np.array([c[2] for c in COUNTRIES]))
    rng = streams.generator("home countries")
    decided = rng.random(population.home.size) < locality
    drawn = draw_columns(table, population.home.astype(np.int64), rng)
    return np.where(decided, drawn, -1)


def draw_age_bands(population: Population, strength: float, *, streams: Streams) -> Codes:
    """Code of the age band of each account; its community decides it with chance `strength`."""
    shares = np.array([share for _, _, share in AGES])
    own = np.array([t.age for t in population.topics])[:, None]
    middle = np.array([years for _, years, _ in AGES])
    weights = np.exp(-0.5 * ((middle - own) / _AGE_WIDTH) ** 2)
    table = meet_totals(weights, population.shares, shares)
    rng = streams.generator("ages")
    n = population.home.size
    decided = rng.random(n) < strength
    drawn = draw_columns(table, population.home.astype(np.int64), rng)
    return np.where(decided, drawn, draw_weighted(shares, n, rng))


def meet_totals(weights: Floats, rows: Floats, columns: Floats) -> Floats:
    """The table nearest to positive weights whose rows and columns have these totals.

    Iterative proportional fitting (Deming & Stephan 1940); both totals are scaled to sum to 1.

    Examples
    --------
    >>> meet_totals(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([0.5, 0.5]), np.array([3.0, 1.0]))
    array([[0.375, 0.125],
           [0.375, 0.125]])
    """
    table: Floats = weights / weights.sum()
    wide = columns / columns.sum()
    tall = rows / rows.sum()
    for _ in range(1000):
        table = table * (tall / table.sum(axis=1))[:, None]
        total = table.sum(axis=0)
        if np.abs(total - wide).max() < 1e-13:
            break
        table = table * (wide / total)
    return table
