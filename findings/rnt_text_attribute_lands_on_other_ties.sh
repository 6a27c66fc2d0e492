#!/usr/bin/env bash
# rnt 0.1.7 (Reddit Network Toolkit), GetRedditNetwork(posts, text_attribute=...).
#
# The attribute says whether the thread that made a tie holds a word. Ties are read off the list of all comments with
# a counter that goes up once per new pair of accounts only, so the first repeated pair shifts all that follows: the
# second pair gets the attribute of the first pair's second comment, and so on. One more comment of dan under
# ann's thread makes a tie of eve's and bob's talk about the weather one about vaccines; the weights are right.
# The matrix of the attribute has the same error. In a network with many repeats nearly every tie
# carries what was said between two others. (The subreddit of a tie is that of its first comment.)
# Set the attribute yourself, from the threads.
#
# Seen (three threads, only ann's speaks of a vaccine; source, target, weight, attribute):
#   dan comments once    dan ann 1 True   eve bob 1 False   fay cyd 1 False
#   dan comments twice   dan ann 2 True   eve bob 1 True    fay cyd 1 False
#   300 threads at random, a third with the word: 46 % of the ties that never changed subject have the wrong one
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rnt==0.1.7 pmaw==3.0.0 pandas==2.3.3 networkx==3.6.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import random
from collections import defaultdict

import pandas as pd
import rnt

NOTHING = {"title": "", "selftext": "", "body": "", "subreddit": "town", "parent_id": "", "link_id": ""}


def thread(id, author, title):
    return {**NOTHING, "id": id, "author": author, "title": title, "post_type": "s"}


def comment(id, author, under):
    parent = {"parent_id": f"t3_{under}", "link_id": f"t3_{under}"}
    return {**NOTHING, **parent, "id": id, "author": author, "body": "I see", "post_type": "c"}


def ties(posts):
    network = rnt.GetRedditNetwork(pd.DataFrame(posts), text_attribute="vaccine")
    columns = ["source", "target", "weight", "text_attribute"]
    return network.edge_list[columns].values.tolist(), network.adjacency["text_attribute_matrix"]


posts = [thread("p1", "ann", "a vaccine"), thread("p2", "bob", "rain"), thread("p3", "cyd", "snow")]
posts += [comment("c1", "dan", "p1"), comment("c2", "eve", "p2"), comment("c3", "fay", "p3")]
once, _ = ties(posts)
twice, matrix = ties([*posts, comment("c4", "dan", "p1")])
print("once ", once)
print("twice", twice)
assert once == [["dan", "ann", 1, "True"], ["eve", "bob", 1, "False"], ["fay", "cyd", 1, "False"]], "changed: once"
assert twice == [["dan", "ann", 2, "True"], ["eve", "bob", 1, "True"], ["fay", "cyd", 1, "False"]], "changed: twice"
assert matrix.at["eve", "bob"] == 1, "changed: the matrix"

draw = random.Random(1)
people = [f"u{number}" for number in range(40)]
posts, subjects = [], defaultdict(set)
for number in range(300):
    author, title = draw.choice(people), draw.choice(["a vaccine", "rain", "snow"])
    posts.append(thread(f"p{number}", author, title))
    for reply in range(4):
        speaker = draw.choice(people)
        posts.append(comment(f"c{number}x{reply}", speaker, f"p{number}"))
        subjects[speaker, author].add(str("vaccine" in title))
found = {(source, target): attribute for source, target, _, attribute in ties(posts)[0]}
clear = [pair for pair in found if len(subjects[pair]) == 1]
wrong = sum(found[pair] not in subjects[pair] for pair in clear) / len(clear)
print(f"wrong: {wrong:.0%} of {len(clear)} ties")
assert 0.3 < wrong < 0.5, "changed: at random"
print("as described")
PYTHON
