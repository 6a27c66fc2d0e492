"""What must not depend on communities, under communities dealt at random.

    python benchmarks/permuted_labels.py [--quick] [--only homes|hosting] [--permutations N]

Homes: posts of HetRec's Last.fm are introduced by listeners, and the home of each is the community
of one keyed introducer. Under permuted labels homes are in proportion to the communities: z of
the mean share of every community, and the chi-square of all of them (Hotelling).

Hosting: platforms whose planted labels are permuted before the world is built, so that posts have
the permuted homes too. Under every feed p of permutation_null is uniform (the share of p ≤ 0.05
with its exact 95 % interval) and hosting is what it is by chance; hosting_reach, weighted by
posts, is equal in all arms.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import polars as pl
from _facts import HETREC
from scipy import stats

import graphkit as gk
from graphkit.measures import permutation_null
from graphkit.recommenders import uniform
from graphkit.simulation.build import choose_introducers

#: Worlds built from a permuted partition, to check the homes that are dealt without building.
BUILT = 5


def check_homes(permutations: int) -> bool:
    """Shares of homes over permuted labels of HetRec's listeners."""
    if not HETREC.is_dir():
        print("homes: HetRec's Last.fm is absent")
        return True
    start = time.perf_counter()
    dataset = gk.readwrite.read_hetrec_lastfm(HETREC)[0]
    piece = gk.split_world_data(dataset, posts="introduced")
    found = gk.leiden(gk.cointeraction_graph(piece, weight="tfidf", top=30), rng=1)
    options = {"posts": "introduced", "share_of_posts": 0.4, "ticks": 20, "rng": 1}
    world = gk.build_world(dataset, {"found": found}, **options)
    partition = world.partitions["found"]
    codes, size = partition.membership, partition.n_communities
    keys = world.post_keys, world.account_keys
    introducer = choose_introducers(world.poster_indptr, world.posters, *keys)
    assigned = np.flatnonzero(codes >= 0)
    rng = np.random.default_rng(5)
    shares = np.empty((permutations, size))
    for one in range(permutations):
        dealt = codes.copy()
        dealt[assigned] = rng.permutation(codes[assigned])
        homes = dealt[introducer]
        shares[one] = np.bincount(homes[homes >= 0], minlength=size) / np.count_nonzero(homes >= 0)
        if one < BUILT:
            ids = partition.vocabulary.ids
            other = gk.Partition.from_membership(ids, dealt)
            again = gk.build_world(dataset, {"found": other}, **options)
            np.testing.assert_array_equal(again.homes["found"], other.membership[introducer])
    expected = np.bincount(codes[assigned], minlength=size) / assigned.size
    error = shares.std(axis=0, ddof=1) / np.sqrt(permutations)
    z = (shares.mean(axis=0) - expected) / error
    print(
        f"homes: {world.n_posts:,} posts, {permutations:,} permutations of {assigned.size:,} "
        f"labels, {time.perf_counter() - start:.0f} s"
    )
    print("  community  accounts  size    mean share of homes  sd      z")
    for c in range(size):
        figures = f"{expected[c]:.4f}  {shares[:, c].mean():.4f}               "
        print(
            f"  {c:<9}  {int(partition.sizes[c]):<8}  {figures}{shares[:, c].std():.4f}  {z[c]:+.2f}"
        )
    # shares sum to one: the last community is left out
    gap = (shares.mean(axis=0) - expected)[:-1]
    covariance = np.cov(shares[:, :-1].T) / permutations
    square = float(gap @ np.linalg.solve(np.atleast_2d(covariance), gap))
    p = float(stats.chi2.sf(square, size - 1))
    met = p > 0.001 and bool(np.abs(z).max() < 4)
    print(f"  chi-square {square:.1f}, {size - 1} degrees of freedom, p {p:.3f}")
    print(f"  largest |z| {np.abs(z).max():.2f}{'' if met else '  MISSED'}")
    return met


def check_hosting(platforms: int, permutations: int, draws: int) -> bool:
    """p of the permutation null, and hosting, on platforms with permuted planted labels."""
    start = time.perf_counter()
    arms = {
        "follower": gk.follower_centric(),
        "interest": gk.interest_centric(),
        "uniform": uniform(),
    }
    found = []
    for seed in range(platforms):
        platform = gk.synthetic.platform(accounts=900, posts_per_account=5.0, rng=700 + seed)
        rng, truth = np.random.default_rng(seed), platform.truth
        kinds = {
            f"permuted {k}": gk.Partition.from_membership(
                truth.vocabulary.ids, rng.permutation(truth.membership)
            )
            for k in range(permutations)
        }
        world = gk.build_world(platform, kinds, rng=seed)
        spread = gk.simulate_spread(world, arms, ticks=6, slots=6, rng=seed)
        for kind in kinds:
            null = permutation_null(spread, kind, draws=draws, rng=seed)
            cells = null.flow.filter(pl.col("p").is_not_null()).select(
                "arm", "observed", "expected", "p", "q", measure=pl.lit("flow cell")
            )
            posts = np.bincount(world.homes[kind], minlength=world.partitions[kind].n_communities)
            partition = world.partitions[kind]
            names = [partition.name(c) for c in range(partition.n_communities)]
            weights = pl.DataFrame({"community": names, "posts": posts})
            frame = null.frame.join(weights, on="community", how="left")
            both = pl.concat([frame, cells], how="diagonal")
            found.append(both.with_columns(unit=pl.lit(f"{seed} {kind}")))
    rows = pl.concat(found)
    units = rows["unit"].n_unique()
    print(
        f"hosting: {platforms} platforms with {permutations} permuted partitions each, "
        f"{draws} draws, {time.perf_counter() - start:.0f} s"
    )
    print("  measure          arm       p ≤ 0.05 of one [95 %]   of all  observed  expected")
    met = True
    whole = pl.col("community").is_null() & (pl.col("measure") != "flow cell")
    for name in ("crossing", "ei_index", "hosting_reach", "hosting_members", "flow cell"):
        for arm in arms:
            mine = rows.filter(pl.col("arm") == arm, pl.col("measure") == name)
            if name in ("crossing", "ei_index"):
                mine = mine.filter(whole)
            # one p of each partition is independent of the others: the first community's
            p = mine.group_by("unit", maintain_order=True).first()["p"]
            hits = int((p <= 0.05 + 1e-9).sum())
            interval = stats.binomtest(hits, units).proportion_ci(0.95)
            # exact p of counts are no smaller than uniform ones
            side = "greater" if name == "hosting_members" else "two-sided"
            fits = stats.binomtest(hits, units, 0.05, alternative=side).pvalue > 0.001
            met &= fits
            every = mine.filter(pl.col("p").is_not_null())
            share = (every["p"] <= 0.05 + 1e-9).mean()
            print(
                f"  {name:<15}  {arm:<8}  {hits:>3}/{units} [{interval.low:.3f}, {interval.high:.3f}]"
                f"  {share:.3f}  {every['observed'].mean():8.4f}  {every['expected'].mean():.4f}"
                f"{'' if fits else '  MISSED'}"
            )
    any_cell = rows.filter(pl.col("measure") == "flow cell").group_by("unit", "arm")
    wrong = any_cell.agg((pl.col("q") <= 0.05).any())["q"]
    print(f"  partitions and arms with a cell of q ≤ 0.05: {int(wrong.sum())} of {len(wrong)}")
    for name, value in (
        ("hosting_reach, by posts", pl.col("observed")),
        ("hosting_members − expected", pl.col("observed") - pl.col("expected")),
        ("hosting_members", pl.col("observed")),
    ):
        mine = rows.filter(pl.col("measure") == name.split(",")[0].split(" ")[0])
        mine = mine.filter(pl.col("p").is_not_null()).select(
            "arm", "unit", value=value, weight=pl.col("posts") if "posts" in name else 1.0
        )
        level = (pl.col("value") * pl.col("weight")).sum() / pl.col("weight").sum()
        wide = mine.group_by("arm", "unit").agg(level).pivot(on="arm", index="unit", values="value")
        for arm in ("interest", "follower"):
            gap = (wide[arm] - wide["uniform"]).to_numpy()
            error = gap.std(ddof=1) / np.sqrt(gap.size)
            equal = abs(gap.mean()) < 4 * error
            if name != "hosting_members":
                met &= equal
            print(
                f"  {name}, {arm} − uniform: {gap.mean():+.4f} ± {error:.4f} of "
                f"{wide['uniform'].mean():.4f}"
            )
    return met


def main() -> None:
    """Run the checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few permutations and platforms")
    parser.add_argument("--only", default="", choices=["", "homes", "hosting"])
    parser.add_argument("--permutations", type=int, help="of the labels of HetRec's listeners")
    given = parser.parse_args()
    results = []
    if given.only in ("", "homes"):
        results.append(check_homes(given.permutations or (50 if given.quick else 1000)))
    if given.only in ("", "hosting"):
        results.append(check_hosting(*((2, 5, 39) if given.quick else (10, 20, 99))))
    print("all bounds hold" if all(results) else "some bounds are MISSED")


if __name__ == "__main__":
    main()
