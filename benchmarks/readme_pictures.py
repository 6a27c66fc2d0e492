"""Pictures of the README that no study draws, and the numbers beside them.

    python benchmarks/readme_pictures.py FOLDER [--worlds 5]

Writes causes.png and own_share.png into the folder. The other pictures are figures of studies:
hosting.png of ``graphkit demo``; trade_off.png and blend.png of
``graphkit run notebooks/studies/feeds.toml``.

* causes.png: the gap in hosting of hidden communities between the two feeds, divided into five
  factors by Shapley values, in worlds like the bundled platform (5,000 accounts, eight ticks, six
  slots). All 32 feeds between the two run in each world. The table has crossing and viewer value too;
  below it stands how much of the gap sources and weights make if exchanged first, and if last.
* own_share.png: share of posts of the own community by the number of posts shown before, from a
  cold start on the bundled platform, twenty ticks.

Of the gap in hosting 69 % is made by the sources and 40 % by the weights, and the penalty of repeated
topics takes 9 % back; the sources' part of the gap in crossing is 94 % if they are exchanged first and
16 % if last. About two minutes on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import polars as pl

import graphkit as gk

TICKS, SLOTS, SEED = 8, 6, 1


def table(frame: pl.DataFrame, *columns: str) -> None:
    """Print some columns, rounded to what is told of them."""
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=160):
        print(frame.select(*columns).with_columns(pl.selectors.float().round(3)))


def causes(folder: Path, n_worlds: int) -> None:
    """Shapley values and ablation of the gaps, and causes.png."""
    worlds = gk.synthetic.worlds(n_worlds, like=gk.load_platform(), ticks=TICKS, rng=SEED)
    seen = [gk.visibility(w.partitions["planted"], w.follows, runs=2, rng=1) for w in worlds]
    pair = (worlds, gk.follower_centric(), gk.interest_centric())
    options = {"visibility": {"planted": seen}, "ticks": TICKS, "slots": SLOTS, "rng": SEED}
    hosted = {"measure": ["crossing", "hosting_hidden"], "partition": "planted"}
    with tempfile.TemporaryDirectory() as cache:
        options["cache"] = cache
        parts = gk.attribution.shapley(*pair, **hosted, **options)
        value = gk.attribution.shapley(*pair, measure="viewer_value", **options)
        alone = gk.attribution.ablate(*pair, **hosted, **options)
    both = pl.concat([parts.frame, value.frame])
    table(both, "measure", "factor", "value", "low", "high", "share", "p_holm", "direction")
    large = alone.frame.filter(pl.col("factor").is_in(["sources", "weights"]))
    table(large, "measure", "factor", "direction", "difference", "low", "high", "share")
    gk.plot.shapley(parts, measure="hosting_hidden").write(folder / "causes.png", dpi=110)


def own_share(folder: Path) -> None:
    """own_share.png: a cold start on the bundled platform."""
    arms = {
        "follower": gk.follower_centric(),
        "interest": gk.interest_centric(),
        "uniform": gk.recommenders.uniform(),
    }
    cold = gk.build_world(gk.load_platform(), ticks=20, cold_start=True, rng=SEED)
    with tempfile.TemporaryDirectory() as log:
        gk.simulate_spread(cold, arms, ticks=20, impressions=log, rng=SEED)
        curve = gk.measures.own_share(gk.simulation.scan_impressions(log), cold, "planted")
    figure = gk.plot.own_share(curve, ["#alttok", "BookTok", "comedy"])
    figure.write(folder / "own_share.png", dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worlds", type=int, default=5)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    own_share(options.folder)
    causes(options.folder, options.worlds)


if __name__ == "__main__":
    main()
