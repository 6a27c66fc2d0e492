"""Every figure of graphkit.plot, drawn from small results; the page shows the calls that drew it."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import graphkit as gk


class Entry(NamedTuple):
    """One figure: what it asks, and the lines that draw it, of which the last is the figure."""

    title: str
    asks: str
    code: str


#: What several figures share. A small synthetic platform; every result takes seconds.
SHARED = """\
import graphkit as gk

names = ("comedy", "dance", "BookTok", "#alttok", "politics")
platform = gk.synthetic.platform(400, communities=names, leaning=0.6, ages=0.5, rng=1)
ds = platform.dataset
graph = gk.cointeraction_graph(ds)
found = gk.label_communities(gk.leiden(graph, runs=5, rng=1), ds)

worlds = gk.synthetic.worlds(3, like=platform, ticks=8, rng=1)
follower, interest = gk.follower_centric(), gk.interest_centric()
arms = {"follower": follower, "interest": interest, "uniform": gk.recommenders.uniform()}
spread = gk.simulate_spread(worlds, arms, ticks=8, rng=1)
outcome = gk.measure_spread(spread)
gap = gk.contrast(outcome, "interest", "follower")
"""

#: Figures in the order of a study, by their names in graphkit.plot.
FIGURES = {
    "communities": Entry(
        "Which communities are there?",
        "A bar per community: its size, its name and tags. The darker, the more often runs put its "
        "members together.",
        "gk.plot.communities(found)",
    ),
    "map": Entry(
        "Where do they lie?",
        "A disc per community, a dot per account. Lines join communities that share more than "
        "chance would have it.",
        "gk.plot.map(graph, found, rng=1)",
    ),
    "visibility": Entry(
        "Would the follow graph show them?",
        "Left: how well each community is found again among follows. Right: follows that stay "
        "inside, observed and expected.",
        "gk.plot.visibility(gk.visibility(found, gk.follow_graph(ds), runs=3, rng=1))",
    ),
    "borders": Entry(
        "Who shares with whom?",
        "Each cell is log₂ of observed over expected weight: +1 is twice as much as chance, −1 half.",
        "gk.plot.borders(gk.measures.mixing(graph, found))",
    ),
    "resolution": Entry(
        "Does the answer depend on the resolution?",
        "Number of communities over γ, and how far runs agree. Bands are ranges in which one "
        "partition stays the best.",
        """\
profile = gk.communities.resolution_profile(graph, steps=8, runs=3, rng=1)
gk.plot.resolution(profile)""",
    ),
    "alluvial": Entry(
        "What became of them?",
        "A column per period. Bands are the accounts that move from a community to the next.",
        """\
import polars as pl

days = ds.interactions.get_column("at")
middle = days.min() + (days.max() - days.min()) / 2
halves = {
    "first half": gk.data.Dataset(interactions=ds.interactions.filter(pl.col("at") < middle)),
    "second half": gk.data.Dataset(interactions=ds.interactions.filter(pl.col("at") >= middle)),
}
parts = {}
for when, half in halves.items():
    part = gk.leiden(gk.cointeraction_graph(half), runs=2, rng=1)
    parts[when] = gk.label_communities(part, ds)
gk.plot.alluvial(gk.track(parts))""",
    ),
    "contrast": Entry(
        "How do two feeds differ?",
        "A row per measure: the difference in standard deviations, its 95 % interval, and the "
        "difference in its own unit. Grey rows claim no direction, and say why.",
        "gk.plot.contrast(gap)",
    ),
    "hosting": Entry(
        "Which communities does a feed host?",
        "The difference between two feeds in the share of its own community that a post reaches, "
        "over how far members follow each other.",
        """\
seen = [gk.visibility(w.partitions["planted"], w.follows, runs=2, rng=1) for w in worlds]
lines = gk.measures.hosting_by_visibility(outcome, {"planted": seen})
gk.plot.hosting(gk.contrast(lines, "interest", "follower"), seen[0], partition="planted")""",
    ),
    "flows": Entry(
        "From which community to which viewers?",
        "A matrix per feed: home of the post by community of the viewer, log₂ of observed over "
        "expected.",
        """\
arms_shown = ("follower", "interest")
gk.plot.flows({arm: gk.measures.flow(spread, arm, "planted", world=0) for arm in arms_shown})""",
    ),
    "flow_contrast": Entry(
        "Which flows does a feed change?",
        "The difference of the two matrices. A cell is coloured where its difference is told from "
        "zero.",
        """\
gk.plot.flow_contrast(
    gk.measures.flow_contrast(spread, "interest", "follower", partition="planted")
)""",
    ),
    "reach": Entry(
        "How far does a post travel?",
        "Mean number of accounts that a post has reached, by its age. The band is the range over "
        "worlds.",
        "gk.plot.reach(gk.measures.reach_by_age(spread))",
    ),
    "time_to_cross": Entry(
        "How soon does it leave its community?",
        "Share of the posts that have not reached three other communities yet, by age.",
        'gk.plot.time_to_cross(gk.measures.time_to_cross(spread, "planted", communities=2))',
    ),
    "own_share": Entry(
        "What does a newcomer see of the own community?",
        "Share of posts of the viewer's own community, by the number of posts seen before.",
        """\
cold = gk.build_world(platform, ticks=8, cold_start=True, rng=1)
started = gk.simulate_spread(cold, arms, ticks=8, replications=2, impressions=folder, rng=1)
log = gk.simulation.scan_impressions(folder)
gk.plot.own_share(gk.measures.own_share(log, cold, "planted"))""",
    ),
    "cold_start": Entry(
        "How long does a cold start last?",
        "The same with intervals and the level of chance, a panel per community.",
        """\
start = gk.measures.cold_start(log, cold, "planted", chance="uniform")
gk.plot.cold_start(start, ["BookTok", "#alttok"])""",
    ),
    "trade_off": Entry(
        "What does pleasing viewers cost?",
        "One measure against another, a dot per feed, with intervals both ways.",
        """\
feeds = arms | {
    "watch time": gk.recommenders.watch_time(),
    "popularity": gk.recommenders.popularity(),
    "chronological": gk.recommenders.chronological(),
}
several = gk.measure_spread(gk.simulate_spread(worlds, feeds, ticks=6, rng=1))
gk.plot.trade_off(gk.measures.arm_means(several), partition="planted")""",
    ),
    "blend": Entry(
        "What lies between two feeds?",
        "A measure over the share of the second feed in a mixture of both.",
        """\
mixed = {"follower": follower, "interest": interest}
mixed |= {f"mix {s}": gk.recommenders.blend(follower, interest, s) for s in (0.25, 0.5, 0.75)}
between = gk.measure_spread(gk.simulate_spread(worlds, mixed, ticks=6, rng=1))
shares = dict(zip(mixed, (0.0, 1.0, 0.25, 0.5, 0.75), strict=True))
frame = gk.measures.arm_means(between, shares=shares)
gk.plot.blend(frame, "viewer_value", ends=("follower", "interest"))""",
    ),
    "s_scan": Entry(
        "Does it depend on what viewers want?",
        "The difference over s, the share of taste that follows followees instead of interest.",
        """\
scan = []
for s in (0.0, 0.5, 1.0):
    viewers = gk.simulation.Behaviour(social_share=s)
    run = gk.simulate_spread(worlds, arms, ticks=6, behaviour=viewers, rng=1)
    rows = gk.contrast(gk.measure_spread(run), "interest", "follower").frame
    scan.append(rows.with_columns(s=pl.lit(s)))
gk.plot.s_scan(pl.concat(scan), measure="viewer_value")""",
    ),
    "robustness": Entry(
        "What could end the finding?",
        "The difference under every condition; the comparison as it is stands on top.",
        """\
pair = {"arm": "interest", "baseline": "follower"}
few = {"feature_noise": (), "topic_penalty": (), "posts": (), "readings": ()}
tried = gk.attribution.conditions_of(worlds, arms, **pair, **few, social_share=(0.5, 1.0))
limits = gk.attribution.robustness(
    worlds, arms, **pair, measure="viewer_value", ticks=6, conditions=tried, rng=1
)
gk.plot.robustness(limits)""",
    ),
    "shapley": Entry(
        "Why do two feeds differ?",
        "From one feed to the other: what each part of the design adds. The bars sum to the gap.",
        """\
parts = {"sources": "sources", "weights": "weights"}
causes = gk.attribution.shapley(
    worlds, follower, interest, measure="viewer_value", ticks=6, rng=1
)
gk.plot.shapley(causes)""",
    ),
    "sensitivity": Entry(
        "Which assumed number matters most?",
        "Sobol indices: the share of the variance that each number makes alone, and in all.",
        """\
ranges = {"behaviour.social_share": (0.0, 1.0), "arm.topic_penalty": (0.0, 0.8)}
which = gk.attribution.sensitivity(
    worlds[0], interest, ranges=ranges, measure="viewer_value", ticks=3, samples=8, rng=1
)
gk.plot.sensitivity(which)""",
    ),
    "variety": Entry(
        "How much variety pays?",
        "A measure over the penalty of a repeated topic. Filled dots are not told from the best.",
        """\
varied = gk.attribution.variety(
    worlds, interest, penalties=(0.0, 0.1, 0.3, 0.8), ticks=5, budget="matched", rng=1
)
gk.plot.variety(varied, partition="planted")""",
    ),
    "calibration": Entry(
        "Do the viewers behave like those of the log?",
        "Accounts that were held out: observed in grey, simulated in red.",
        """\
fit = gk.simulation.calibrate(
    gk.simulation.Behaviour(), platform, social_share="keep", draws=5, rng=1
)
gk.plot.calibration(fit)""",
    ),
    "audience": Entry(
        "Who is shown what?",
        "Exposure of each group under each feed, and its difference from the baseline.",
        'gk.plot.audience(gk.measures.audience_exposure(spread, by="age_band"))',
    ),
    "hosting_of_flagged": Entry(
        "Does a feed host communities with flagged posts?",
        "Hosting of communities with many flagged posts against others of their size.",
        """\
flagged = gk.measures.hosting_of_flagged(spread, partition="planted", threshold=0.02)
gk.plot.hosting_of_flagged(flagged)""",
    ),
    "intervention_costs": Entry(
        "What do interventions cost?",
        "Flagged exposure that is avoided, against viewer value, hosting and reach of others.",
        """\
safer = gk.recommenders.interventions(interest)
named = {"interest": interest, **safer, "uniform": gk.recommenders.uniform()}
held = gk.simulate_spread(worlds, named, ticks=6, reading="empty", rng=1)
costs = gk.measures.intervention_costs(held, {"interest": list(safer)}, partition="planted")
gk.plot.intervention_costs(costs)""",
    ),
    "income": Entry(
        "Who earns?",
        "Inequality of income, creators with a living, and the part of the smallest, by feed.",
        """\
schemes = ("view_fund", "partner_programme")
gk.plot.income([gk.measures.income(spread, s, baseline="uniform") for s in schemes])""",
    ),
    "economy": Entry(
        "What do payout schemes change?",
        "Feeds by schemes, with creators who stop and viewers who leave.",
        """\
free = {"ticks": 6, "budget": "free", "rng": 1}
paid = [gk.simulate_spread(worlds, arms, payout=s, **free) for s in schemes]
gk.plot.economy(gk.measures.economy(paid, schemes, baseline="uniform"))""",
    ),
    "answers": Entry(
        "Who answers whom?",
        "Duets and stitches: after how long, how deep, and across which borders.",
        'gk.plot.answers(gk.measures.answers(paid[0], "planted", arm="interest"))',
    ),
    "cross_posting": Entry(
        "What does a demotion of cross-posts do?",
        "Change of reach over the weight of the demotion.",
        """\
demoted = gk.attribution.cross_post_demotion(
    worlds, gk.recommenders.circle_popularity(), weights=(0.0, -0.02, -0.5), ticks=5, rng=1
)
gk.plot.cross_posting(demoted)""",
    ),
}


def draw_all(folder: Path) -> None:
    """Draw the figures into a folder, and write the text of the page beside them."""
    folder.mkdir(exist_ok=True)
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as log, warnings.catch_warnings():
        # small results: intervals are wide and much is filler, as the figures themselves say
        warnings.simplefilter("ignore", gk.GraphkitWarning)
        names["folder"] = log
        exec(SHARED, names)
        for figure, entry in FIGURES.items():
            lines = entry.code.rstrip().splitlines()
            start = max(k for k, line in enumerate(lines) if line.startswith("gk.plot."))
            exec("\n".join(lines[:start]), names)
            drawn = eval("\n".join(lines[start:]), names)
            drawn.savefig(folder / f"figure_{figure}.png", dpi=110, bbox_inches="tight")
    text = ["```python", SHARED.rstrip(), "```", ""]
    for figure, entry in FIGURES.items():
        text += [f"## {entry.title}", "", entry.asks, ""]
        text += [f"![{entry.title} {entry.asks}](/_made/figure_{figure}.png)", ""]
        text += ["```python", entry.code.rstrip(), "```", ""]
        text += [f"{{py:obj}}`graphkit.plot.{figure}`", ""]
    (folder / "figures.md").write_text("\n".join(text))
