"""Pictures of the concepts, from toy data; the numbers in them are computed by graphkit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

import graphkit as gk
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE

GREEN = "#2f855a"
#: Offsets of the members of a group of six in a picture.
RING = [(np.cos(a), np.sin(a)) for a in np.linspace(0.3, 2 * np.pi + 0.3, 7)[:-1]]


def panels(
    n: int, titles: Sequence[str] = (), height: float = 2.5, width: float = 3.3
) -> tuple[Figure, list[Axes]]:
    """A row of `n` empty panels; a title says what is seen, in one line."""
    figure = Figure(figsize=(width * n, height), layout="constrained")
    made = [figure.add_subplot(1, n, k + 1) for k in range(n)]
    for axes, title in zip(made, titles, strict=False):
        axes.set_title(title, fontsize=10, color=INK)
    return figure, made


def stage(axes: Axes, width: float = 6.0, height: float = 3.4) -> None:
    """Room for dots: equal steps, no frame."""
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")


def group(
    axes: Axes, x: float, y: float, colour: str, *, name: str = "", seen: Sequence[int] = ()
) -> list[tuple[float, float]]:
    """Six accounts of a community in a ring; those who have seen the post are filled."""
    axes.add_patch(Circle((x, y), 1.25, facecolor=colour, alpha=0.1, edgecolor=colour))
    places = [(x + 0.8 * dx, y + 0.8 * dy) for dx, dy in RING]
    for k, place in enumerate(places):
        face = colour if k in seen else "white"
        axes.add_patch(
            Circle(place, 0.19, facecolor=face, edgecolor=colour, linewidth=1.6, zorder=3)
        )
    axes.text(x, y - 1.45, name, ha="center", va="top", fontsize=9, color=colour)
    return places


def line(
    axes: Axes, a: tuple[float, float], b: tuple[float, float], colour: str, style: str = "-"
) -> None:
    """A line or, of style ``"-|>"``, an arrow between two dots."""
    axes.add_patch(
        FancyArrowPatch(
            a,
            b,
            arrowstyle=style,
            color=colour,
            linewidth=1.3,
            mutation_scale=10,
            shrinkA=8,
            shrinkB=8,
            zorder=2,
        )
    )


def plain(axes: Axes, x: str, y: str) -> None:
    """Axes with names, without a frame above and to the right."""
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def projection() -> Figure:
    """Accounts that act on the same videos are joined."""
    figure, (left, right) = panels(2, ("Who liked what", "Accounts that liked the same"))
    likes = {"ann": "pqr", "bo": "pq", "cem": "qr", "dua": "st", "eve": "st"}
    people = {name: (1.2, 3.0 - 0.62 * k) for k, name in enumerate(likes)}
    videos = {name: (4.6, 3.0 - 0.62 * k) for k, name in enumerate("pqrst")}
    stage(left)
    stage(right)
    for name, place in people.items():
        left.text(*place, name, ha="right", va="center", fontsize=9)
        for video in likes[name]:
            left.plot(*zip(place, videos[video], strict=True), color=PALE, linewidth=1.4, zorder=1)
    for name, place in videos.items():
        left.text(place[0] + 0.2, place[1], f"video {name}", va="center", fontsize=9)
    at = {
        "ann": (1.2, 2.6),
        "bo": (2.8, 2.9),
        "cem": (2.2, 1.2),
        "dua": (4.4, 2.2),
        "eve": (4.9, 0.9),
    }
    for a in likes:
        for b in likes:
            shared = len(set(likes[a]) & set(likes[b]))
            if a < b and shared:
                right.plot(
                    *zip(at[a], at[b], strict=True), color=BASE, linewidth=2.0 * shared, zorder=1
                )
                middle = np.mean([at[a], at[b]], axis=0)
                right.text(
                    *middle,
                    str(shared),
                    fontsize=8,
                    ha="center",
                    va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                )
    for name, place in at.items():
        right.add_patch(Circle(place, 0.34, facecolor="white", edgecolor=INK, zorder=3))
        right.text(*place, name, ha="center", va="center", fontsize=8, zorder=4)
    return figure


def consistency() -> Figure:
    """Three runs; one account changes sides."""
    figure, made = panels(3, ("run 1", "run 2", "run 3"))
    runs = ([0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1])
    places = [(0.8, 2.5), (1.7, 1.1), (0.6, 1.1), (2.9, 1.8), (4.4, 2.6), (5.2, 1.6), (4.2, 0.8)]
    edges = [(0, 1), (1, 2), (0, 2), (1, 3), (0, 3), (3, 4), (3, 6), (4, 5), (5, 6), (4, 6)]
    for axes, run in zip(made, runs, strict=True):
        stage(axes)
        for a, b in edges:
            axes.plot(*zip(places[a], places[b], strict=True), color=PALE, linewidth=1.4, zorder=1)
        for k, place in enumerate(places):
            colour = (BASE, ACCENT)[run[k]]
            axes.add_patch(Circle(place, 0.3, facecolor=colour, edgecolor="white", zorder=3))
        axes.text(2.9, 1.15, "?", ha="center", fontsize=13, color=INK)
    return figure


def null() -> Figure:
    """Modularity of random graphs of the same degrees, and of two graphs."""
    figure, made = panels(2, ("planted communities", "nothing planted"))
    graphs = (
        gk.nullmodels.planted_partition([30, 30, 30], inside=0.35, outside=0.04, rng=1).graph,
        gk.nullmodels.random_graph(90, 500, rng=1).graph,
    )
    for axes, graph in zip(made, graphs, strict=True):
        found = gk.communities.rewired_null(graph, n=39, rng=1)
        own = found.partition.quality
        axes.hist(found.null_quality, bins=12, color=PALE, edgecolor="white", label="random graphs")
        axes.axvline(own, color=ACCENT, linewidth=2, label="this graph")
        axes.set_xlim(0.1, 0.6)
        axes.set_yticks([])
        plain(axes, "modularity", "")
    made[0].legend(fontsize=8, frameon=False, loc="upper center")
    return figure


def homophily() -> Figure:
    """Follows inside and outside a community: all, and as chance would have it."""
    figure, made = panels(2, ("visible: homophily near 1", "hidden: homophily near 0"))
    for axes, inside in zip(made, (True, False), strict=True):
        stage(axes)
        a = group(axes, 1.4, 1.9, ACCENT, name="the community")
        b = group(axes, 4.6, 1.9, MUTED, name="everybody else")
        pairs = [(a[0], a[2]), (a[2], a[4]), (a[4], a[0]), (a[1], a[3]), (a[3], a[5])]
        if not inside:
            pairs = [(a[0], b[3]), (a[1], b[2]), (a[5], b[4]), (a[2], b[2]), (a[4], a[3])]
        for start, end in pairs:
            line(axes, start, end, INK, "-|>")
    return figure


def _hosted(seen: int) -> float:
    """Within-community reach of one post by a member of six, shown to `seen` of the others."""
    views = np.array([[seen, 0]])
    origin = {"homes": np.array([0]), "poster_indptr": np.array([0, 1]), "posters": np.array([0])}
    return float(gk.measures.hosting_reach(views, np.zeros(6, int), **origin)[0])


def hosting() -> Figure:
    """A post of the community, seen by most of its members, and by one."""
    figure, made = panels(2, (f"hosting {_hosted(4):.0%}", f"hosting {_hosted(1):.0%}"))
    for axes, seen, others in zip(made, ((1, 2, 3, 5), (2,)), ((2,), (0, 2, 3, 4)), strict=True):
        stage(axes)
        places = group(axes, 1.4, 1.9, ACCENT, name="community of the author", seen=seen)
        group(axes, 4.6, 1.9, MUTED, name="everybody else", seen=others)
        axes.text(*places[0], "★", ha="center", va="center", fontsize=13, color=ACCENT, zorder=4)
    return figure


def _crossing(outside: int, inside: int) -> float:
    """Crossing of one post per community of six, each shown alike."""
    views = np.array([[inside, outside, 0], [outside, inside, 0]])
    homes = np.array([0, 1])
    diet = np.zeros((12, 3), int)
    for home in homes:
        own, other = (range(1, 6), range(6, 12)) if home == 0 else (range(7, 12), range(6))
        for people, count in ((own, inside), (other, outside)):
            diet[list(people)[:count], home] += 1
    membership = np.repeat([0, 1], 6)
    origin = {"homes": homes, "poster_indptr": np.array([0, 1, 2]), "posters": np.array([0, 6])}
    return gk.measures.crossing(views, diet, membership, **origin).ratio()


def crossing() -> Figure:
    """A post shown at home only, mostly at home, and to everybody alike."""
    shown = ((5, 0), (4, 2), (5, 6))
    titles = [f"crossing {_crossing(out, home):.1f}" for home, out in shown]
    figure, made = panels(3, titles)
    for axes, (home, out) in zip(made, shown, strict=True):
        stage(axes)
        places = group(axes, 1.4, 1.9, BASE, name="home of the post", seen=range(1, home + 1))
        group(axes, 4.6, 1.9, ACCENT, name="another community", seen=range(out))
        axes.text(*places[0], "★", ha="center", va="center", fontsize=13, color=BASE, zorder=4)
    return figure


def reach() -> Figure:
    """Accounts that have seen a post, by tick."""
    figure, (axes,) = panels(1)
    new = np.array([12, 20, 14, 7, 3, 1])
    axes.bar(range(6), new, color=PALE, label="new viewers")
    axes.plot(range(6), new.cumsum(), color=BASE, marker="o", label="reach")
    axes.text(5, new.sum() + 2, f"{new.sum()}", ha="center", fontsize=9, color=BASE)
    axes.legend(fontsize=8, frameon=False)
    axes.set_ylim(0, 68)
    plain(axes, "tick after the post", "accounts")
    return figure


def time_to_cross() -> Figure:
    """Ages at which posts reach another community; two are still at home at the end."""
    figure, (left, right) = panels(2, ("eight posts", "posts that have not crossed yet"))
    ages = np.array([1, 1, 2, 3, 3, 5, 6, 6])
    done = np.array([1, 1, 1, 1, 1, 1, 0, 0], bool)
    for k, (age, ended) in enumerate(zip(ages, done, strict=True)):
        left.plot([0, age], [k, k], color=PALE, linewidth=3)
        left.plot(age, k, "o", color=BASE, markerfacecolor=BASE if ended else "white")
    left.set_yticks([])
    plain(left, "age of the post (open: run ends)", "")
    curve = gk.measures.kaplan_meier(ages, done)
    times = [0.0, *curve.get_column("time").to_list()]
    right.step(times, [1.0, *curve.get_column("survival").to_list()], where="post", color=BASE)
    right.set_ylim(0, 1.05)
    plain(right, "age of the post", "share")
    return figure


def virality() -> Figure:
    """A star and a chain of five accounts."""
    star = np.array([[0, k, -1, 0, 0] for k in (1, 2, 3, 4)])
    chain = np.array([[0, k, k - 1 if k > 1 else -1, k, 0] for k in (1, 2, 3, 4)])
    values = [float(gk.measures.cascades(shares, 1).virality[0]) for shares in (star, chain)]
    titles = (f"a broadcast: {values[0]:.1f}", f"from hand to hand: {values[1]:.1f}")
    figure, (left, right) = panels(2, titles)
    stage(left)
    stage(right)
    tops = [(0.8 + 1.4 * k, 0.7) for k in range(4)]
    for place in tops:
        line(left, (2.9, 2.8), place, INK, "-|>")
    row = [(0.5 + 1.25 * k, 0.8 + 0.5 * k) for k in range(5)]
    for a, b in pairwise(row):
        line(right, a, b, INK, "-|>")
    for axes, places in ((left, [(2.9, 2.8), *tops]), (right, row)):
        for k, place in enumerate(places):
            face = ACCENT if k == 0 else "white"
            axes.add_patch(
                Circle(place, 0.27, facecolor=face, edgecolor=ACCENT, linewidth=1.6, zorder=3)
            )
    return figure


def filler() -> Figure:
    """Ten slots of a session in three readings."""
    figure, (axes,) = panels(1, ("ten slots, seven of them the feed's own",))
    names = ("filled", "empty", "shared")
    for row, name in enumerate(names):
        for k in range(10):
            own, shared = k < 7, k < 5
            face = BASE if (shared if name == "shared" else own) else "white"
            if name == "filled" and not own:
                face = PALE
            edge = BASE if face == BASE else MUTED
            axes.add_patch(Circle((k, 2 - row), 0.36, facecolor=face, edgecolor=edge))
        axes.text(-0.9, 2 - row, name, ha="right", va="center", fontsize=9)
    axes.set(xlim=(-3.4, 9.7), ylim=(-0.8, 2.8), aspect="equal")
    axes.axis("off")
    return figure


def viewer_value() -> Figure:
    """Watch fractions of five posts in two feeds, and their means."""
    figure, made = panels(2)
    for axes, values, colour in zip(
        made, ([0.9, 0.4, 1.0, 0.7, 0.5], [0.2, 0.4, 0.1, 0.6, 0.2]), (ACCENT, BASE), strict=True
    ):
        axes.barh(range(5), [1] * 5, color=PALE)
        axes.barh(range(5), values, color=colour)
        axes.axvline(np.mean(values), color=INK, linestyle="--", linewidth=1.2)
        axes.set_title(f"viewer value {np.mean(values):.2f}", fontsize=10)
        axes.set_yticks(range(5), [f"post {k}" for k in range(1, 6)])
        plain(axes, "share that is watched", "")
    return figure


def diet() -> Figure:
    """Posts that two accounts are shown, by community of origin."""
    counts = np.array([[10, 0, 0, 0], [7, 1, 1, 1], [3, 3, 2, 2]])
    values = gk.measures.entropy(counts)
    figure, made = panels(3, [f"entropy {v:.2f}" for v in values])
    for axes, row in zip(made, counts, strict=True):
        axes.bar(range(4), row, color=[BASE, ACCENT, GREEN, MUTED])
        axes.set_xticks(range(4), ["A", "B", "C", "D"])
        axes.set_ylim(0, 10)
        plain(axes, "community of origin", "posts shown")
    return figure


def controversy() -> Figure:
    """Two sides joined by one edge, and by many."""
    sides = {k: int(k > 5) for k in range(12)}
    ring = [
        (a + k, a + m) for a in (0, 6) for k in range(6) for m in range(k + 1, 6) if (k + m) % 3
    ]
    few, many = [(0, 9)], [(a, b) for a in (0, 1, 5) for b in (8, 9, 10)]
    values = []
    for bridges in (few, many):
        edges = gk.Graph.from_edges(*zip(*(ring + bridges), strict=True), directed=False)
        split = gk.Partition.from_membership(sides)
        found = gk.measures.controversy(edges, split, hubs=2)
        values.append(found.frame.get_column("rwc")[0])
    figure, made = panels(2, [f"controversy {v:.2f}" for v in values])
    for axes, bridges in zip(made, (few, many), strict=True):
        stage(axes)
        places = group(axes, 1.4, 1.9, BASE, name="one side") + group(
            axes, 4.6, 1.9, ACCENT, name="the other"
        )
        for a, b in ring:
            line(axes, places[a], places[b], PALE)
        for a, b in bridges:
            line(axes, places[a], places[b], INK)
    return figure


def gini() -> Figure:
    """Lorenz curves of the impressions of five creators."""
    cases = ([5, 5, 5, 5, 5], [1, 2, 4, 6, 12], [0, 0, 1, 2, 22])
    figure, made = panels(3, [f"Gini {gk.measures.gini(values):.2f}" for values in cases])
    for axes, values in zip(made, cases, strict=True):
        curve = np.asarray(gk.measures.lorenz(values))
        axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1)
        axes.plot(curve[:, 0], curve[:, 1], color=ACCENT, marker="o", markersize=4)
        axes.fill_between(curve[:, 0], curve[:, 1], curve[:, 0], color=ACCENT, alpha=0.12)
        plain(axes, "creators, the least seen first", "share of views")
    return figure


def small_creators() -> Figure:
    """Followers and impressions of six creators."""
    followers, views = np.array([2, 5, 9, 40, 90, 300]), np.array([4, 6, 10, 20, 25, 35])
    share = gk.measures.small_creator_share(views, followers)
    figure, (axes,) = panels(1, (f"share of small creators {share:.0%}",))
    axes.bar(range(6), views, color=[ACCENT] * 3 + [PALE] * 3)
    axes.set_xticks(range(6), followers)
    plain(axes, "creators, by number of followers", "impressions")
    return figure


def amplification() -> Figure:
    """Share of the impressions of a community's posts in two feeds."""
    base, other = 0.08, 0.2
    figure, (axes,) = panels(1, (f"amplification {100 * (other / base - 1):+.0f} %",))
    axes.bar([0, 1], [base, other], color=[PALE, ACCENT], width=0.55)
    axes.set_xticks([0, 1], ["chronological", "ranked feed"])
    axes.set_ylim(0, 0.24)
    plain(axes, "", "share of impressions")
    return figure


def intervals() -> Figure:
    """A mean over worlds with its interval, against the difference that chance would give."""
    draws = np.random.default_rng(4)
    figure, (axes,) = panels(1, ("three comparisons of two feeds",), width=4.6)
    words = ("higher", "lower", "not distinguishable")
    for row, (centre, word) in enumerate(zip((0.6, -0.5, 0.12), words, strict=True)):
        worlds = centre + 0.2 * draws.standard_normal(8)
        half = 2.36 * worlds.std(ddof=1) / np.sqrt(8)
        axes.plot(worlds, np.full(8, 2 - row - 0.16), "o", color=PALE, markersize=5)
        axes.errorbar(worlds.mean(), 2 - row, xerr=half, fmt="o", color=BASE, capsize=3)
        axes.text(1.35, 2 - row, word, va="center", fontsize=8)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks([])
    axes.set_xlim(-1.2, 1.3)
    plain(axes, "difference (pale: one world each)", "")
    axes.spines["left"].set_visible(False)
    return figure


PICTURES: dict[str, Callable[[], Figure]] = {
    f.__name__: f
    for f in (
        *(projection, consistency, null, homophily, reach, hosting, crossing, time_to_cross),
        *(virality, filler, viewer_value, diet, controversy, gini, small_creators),
        *(amplification, intervals),
    )
}


def draw_all(folder: Path) -> None:
    """Draw every picture into a folder."""
    folder.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        draw().savefig(folder / f"concept_{name}.png", dpi=120)
