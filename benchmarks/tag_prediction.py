"""How well a video's tags predict the community of its author: public data, and the generator.

    python benchmarks/tag_prediction.py [--quick]

Public: videos around 24 hashtags from TikTok's Research API, and who stitched whom (Høgenhaug et
al. 2025, arXiv 2502.18661), in ``../shared/data``; without it only the generator's rows are
printed. The community of an author is the hashtag under which most of its videos were collected
(``hashtag``), or its community of Leiden on the graph of stitches (``stitches``), of either the
twelve with most authors. Videos that stitch were collected by their tags, those that were stitched
were not (``stitched``). Tags are folded, without stop tags and without the 24 hashtags.

Generator: the planted home of the author; tags without stop tags and without the first tag of each
topic, which is what a collecting hashtag would be.

Rows: videos and communities; share of videos without such a tag; tags per video; balanced accuracy
of a multinomial naive Bayes classifier (presence of tags, smoothing 0.1, equal priors), five-fold,
all videos of an author in one fold, of all videos and of those with a tag. Mean over samples of
authors with about 6,000 videos (data), or over platforms of 6,000 posts.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.naive_bayes import MultinomialNB

import graphkit as gk
from graphkit.data.tags import STOP_TAGS, fold_tag, stopped
from graphkit.synthetic.topics import TOPICS

STITCHES = Path(__file__).parents[2] / "shared" / "data" / "tiktok_stitchgraph"
SIZE, COMMUNITIES, FOLDS = 6_000, 12, 5


class Score(NamedTuple):
    videos: int
    communities: int
    untagged: float
    tags_per_video: float
    accuracy: float
    accuracy_tagged: float


def predict(
    tags: list[list[str]], communities: list[str], authors: list[str], *, seed: int = 0
) -> Score:
    """Cross-validated prediction of communities from tags; all videos of an author in one fold."""
    label = np.array(communities)
    use = CountVectorizer(analyzer=lambda words: words, binary=True).fit_transform(tags)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    model = MultinomialNB(alpha=0.1, fit_prior=False)
    guess = cross_val_predict(model, use, label, groups=np.array(authors), cv=folds)
    number = np.asarray(use.sum(axis=1)).ravel()
    tagged = number > 0
    return Score(
        len(label),
        len(set(communities)),
        float(1 - tagged.mean()),
        float(number.mean()),
        float(balanced_accuracy_score(label, guess)),
        float(balanced_accuracy_score(label[tagged], guess[tagged])),
    )


def of_platform(platform: gk.Platform) -> Score:
    """The prediction on a synthetic platform."""
    items = platform.dataset.items
    assert items is not None
    authors = items["author_id"]
    home = platform.truth.membership[platform.dataset.account_ids.encode(authors)]
    left_out = STOP_TAGS | {fold_tag(topic.tags[0]) for topic in TOPICS}
    tags = [sorted({fold_tag(t) for t in row} - left_out) for row in items["tags"].to_list()]
    return predict(tags, [str(h) for h in home], authors.to_list())


class Video(NamedTuple):
    author: str
    tags: list[str]
    collected: set[str]
    stitched: bool


def read_videos() -> list[Video]:
    """All videos, each once, with the hashtags that they were collected under."""
    videos: dict[int, Video] = {}
    for side in ("sources", "targets"):
        for file in sorted((STITCHES / side).glob("*.json")):
            for row in json.loads(file.read_text(encoding="utf-8")):
                video = Video(
                    row["username"], row.get("hashtag_names") or [], set(), side == "targets"
                )
                videos.setdefault(row["id"], video).collected.add(file.stem)
    names = {fold_tag(file.stem) for file in (STITCHES / "sources").glob("*.json")}
    used = sorted({fold_tag(t) for v in videos.values() for t in v.tags})
    left_out = names | set(stopped(used, STOP_TAGS))
    return [
        v._replace(tags=sorted({fold_tag(t) for t in v.tags} - left_out)) for v in videos.values()
    ]


def by_hashtag(videos: list[Video]) -> dict[str, str]:
    """Hashtag under which most videos of each author were collected (of several, the first)."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for video in videos:
        votes[video.author].update(sorted(video.collected))
    return {author: max(sorted(v), key=lambda tag: v[tag]) for author, v in votes.items()}


def by_stitches() -> dict[str, str]:
    """Community of each author in the graph of who stitched whom."""
    ends: list[tuple[str, str]] = []
    for file in sorted((STITCHES / "edges").glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            source, target = line.split(",")
            if target != "None":
                ends.append(
                    (source.split("@")[1].split("/")[0], target.split("@")[1].split("/")[0])
                )
    graph = gk.Graph.from_edges(*zip(*ends, strict=True), directed=False)
    found = gk.leiden(graph, runs=5, rng=1)
    return {
        str(a): str(c)
        for a, c in zip(found.vocabulary.ids.tolist(), found.membership.tolist(), strict=True)
    }


def sample(videos: list[Video], community: dict[str, str], seed: int) -> list[Video]:
    """Videos of random authors of the largest communities, about SIZE of them."""
    of_author: dict[str, list[Video]] = defaultdict(list)
    for video in videos:
        if video.author in community:
            of_author[video.author].append(video)
    sizes = Counter(community[author] for author in of_author)
    largest = {c for c, _ in sorted(sizes.items(), key=lambda x: (-x[1], x[0]))[:COMMUNITIES]}
    authors = sorted(a for a in of_author if community[a] in largest)
    picked: list[Video] = []
    for i in np.random.default_rng(seed).permutation(len(authors)):
        if len(picked) >= SIZE:
            break
        picked += of_author[authors[i]]
    return picked


def show(name: str, scores: list[Score]) -> None:
    mean, spread = np.mean(scores, axis=0), np.std(scores, axis=0)
    print(
        f"{name:34} {mean[0]:6.0f} {mean[1]:11.0f} {mean[2]:8.3f} {mean[3]:10.2f} "
        f"{mean[4]:8.3f} ± {spread[4]:.3f} {mean[5]:8.3f}",
        flush=True,
    )


def main() -> None:
    """Print the rows of the data and those of the generator."""
    quick, start = "--quick" in sys.argv, time.perf_counter()
    seeds = range(2 if quick else 10)
    print(
        f"{'':34} videos communities untagged tags/video balanced accuracy   tagged\n"
        f"{'chance':34} {'':6} {COMMUNITIES:11} {'':8} {'':10} {1 / COMMUNITIES:8.3f}"
    )
    if STITCHES.is_dir():
        videos = read_videos()
        hashtag, stitches = by_hashtag(videos), by_stitches()
        for name, community in (("hashtag", hashtag), ("stitches", stitches)):
            for side, chosen in (
                ("all", videos),
                ("that stitch", [v for v in videos if not v.stitched]),
                ("stitched", [v for v in videos if v.stitched]),
            ):
                scores = []
                for seed in seeds:
                    some = sample(chosen, community, seed)
                    tags, labels = [v.tags for v in some], [community[v.author] for v in some]
                    scores.append(predict(tags, labels, [v.author for v in some], seed=seed))
                show(f"data, by {name}, videos: {side}", scores)
    else:
        print(f"no public data at {STITCHES}: only the generator is measured")
    show("bundled platform", [of_platform(gk.load_platform())])
    for noise in (None, 0.0, 1.0) if quick else (None, 0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0):
        options = {} if noise is None else {"tag_noise": noise}
        made = (gk.synthetic.platform(rng=100 + seed, **options) for seed in seeds)
        show(f"generator, tag_noise {noise}", [of_platform(p) for p in made])
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
