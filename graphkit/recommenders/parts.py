"""What feeds are made of: candidate sources, ranking factors, signals, and their other numbers."""

from __future__ import annotations

__all__ = ["FACTORS", "FILLERS", "SCALARS", "SIGNALS", "SOURCES"]

#: Where candidates come from, and what each gives.
SOURCES = {
    "following": "recent posts of accounts the viewer follows",
    "circle": "posts that accounts the viewer follows passed on, liked or commented on",
    "groups": "recent posts by members of the groups the viewer is in",
    "interest": "posts nearest to what the feed knows of the viewer's interests",
    "fresh": "new posts on trial with an audience that widens if they are finished",
    "trending": "posts of the last ticks with most reactions",
    "covisited": "what those finished last who finished what the viewer finished last",
    "everywhere": "posts drawn uniformly from all",
}

#: What ranks a candidate; each factor lies in [0, 1] (interest in [−1, 1]).
FACTORS = {
    "interest": "cosine of the viewer's learned profile and the post's features",
    "circle_reactions": "1 − 2^(−r), r who the viewer follows and who passed it on or liked it",
    "circle_comments": "1 − 2^(−c), c comments by accounts the viewer follows",
    "followed": "1 if the viewer follows who posted it",
    "same_country": "1 if viewer and post are of the same known country",
    "same_language": "1 if viewer and post are of the same known language",
    "chance": "a uniform draw",
    "expected_watch": "mean watch fraction of the post so far, shrunk to the overall mean",
    "expected_watch_time": "expected_watch times the post's duration, in minutes, at most 1",
    "expected_like": "likes per view so far, shrunk to the overall rate",
    "expected_comment": "comments per view so far, shrunk to the overall rate",
    "expected_share": "shares, duets and stitches per view so far, shrunk to the overall rate",
    "expected_skip": "views left early, per view so far, shrunk to the overall rate",
    "global_reactions": "ln(1 + reactions) / ln(1 + reactions of the most reacted post)",
    "author_followers": "ln(1 + followers of the author) / ln(1 + followers of the most followed)",
    "author_hits": "ln(1 + reactions to the author's posts) / ln(1 + those of the highest author)",
    "small_creator": "1 if the author has fewer followers than the median author",
    "recency": "2^(−age / 3), age in ticks",
    "cross_posted": "1 if the post was first posted elsewhere (a negative weight demotes it)",
    "flagged": "1 if the post is flagged (a negative weight demotes it)",
}

#: What a feed learns from, per reaction; the last two are what it assumes beforehand.
SIGNALS = {
    "completion": "watched to the end (watch fraction ≥ 0.9)",
    "like": "liked",
    "comment": "commented on",
    "share": "shared",
    "follow": "followed the author",
    "answer": "answered by a duet or stitch",
    "skip": "left early (watch fraction < 0.25)",
    "country": "mean profile of the accounts of the same country, at the beginning",
    "device": "mean profile of the accounts with the same device, at the beginning",
}

#: The other numbers of a feed: the part they belong to, and their meaning.
SCALARS = {
    "topic_penalty": ("diversity", "subtracted per chosen post of the same topic"),
    "author_penalty": ("diversity", "subtracted per chosen post of the same poster"),
    "author_decay": ("diversity", "base of the discount per chosen post of the author"),
    "author_floor": ("diversity", "what the discount per author never falls below"),
    "learning_rate": ("learning", "length that a signal of strength 1 adds to the profile"),
    "half_life": ("learning", "ticks after which half of what was learned is forgotten"),
    "interest_share": ("candidates", "largest share of the interest quota from one cell"),
    "delivery": ("candidates", "chance that a followee's post is delivered at all"),
    "trial_size": ("candidates", "first audience of a fresh post, in views"),
    "trial_growth": ("candidates", "how much that audience widens each time"),
}

#: What fills slots that no candidate fills.
FILLERS = ("uniform", "empty", "popularity")
