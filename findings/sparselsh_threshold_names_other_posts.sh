#!/usr/bin/env bash
# sparselsh 2.2.0, LSH.query with dist_threshold on points that were indexed with extra_data.
#
# Points are stored with a value of their own (the id of a post), and a query gives near points, their values and their
# distances. With dist_threshold the points and the distances are cut down to those below it, but the list of values
# is not, and positions among what is left are then looked up in it: vectors and distances are right, the ids are
# those of the first posts in the bucket. A search for near-duplicates of a post thus names posts that have nothing to
# do with it, even for the post itself, and a network of copied texts has its ties between other accounts. With ids that
# are strings a single match has the first letter of such an id. Leave dist_threshold out and compare the distances.
#
# Seen (60 posts of 40 words, three are copies of post 7 with one word changed; query by post 7, city-block distance):
#   without dist_threshold, first four    7 at 0, 20 at 1, 35 at 1, 50 at 1
#   dist_threshold=3                      1 at 0,  2 at 1,  3 at 1,  4 at 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
# The package asks for NumPy below 2; what it computes is the same with these.
"$folder/venv/bin/pip" install --quiet --no-deps sparselsh==2.2.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from scipy.sparse import csr_matrix
from sparselsh import LSH

np.random.seed(1)
words = np.random.default_rng(1).integers(0, 2, (60, 40)).astype(float)
for number, copy in enumerate((20, 35, 50)):
    words[copy] = words[7]
    words[copy, number] = 1 - words[copy, number]
index = LSH(1, 40)
index.index(csr_matrix(words), extra_data=list(range(60)))
query = csr_matrix(words[7])


def matches(**options):
    """Named post, distance, and the post whose words were given back."""
    found = index.query(query, distance_func="l1norm", **options)
    posts = [int(np.flatnonzero((words == row.toarray()).all(axis=1))[0]) for (row, _), _ in found]
    return [(int(name), float(distance), post) for ((_, name), distance), post in zip(found, posts, strict=True)]


for title, found in (("all", matches()[:4]), ("below 3", matches(dist_threshold=3.0))):
    print(f"{title:<8}", ", ".join(f"post {name} at {distance:.0f} (is post {post})" for name, distance, post in found))
    for _, distance, post in found:
        assert abs(words[post] - words[7]).sum() == distance < 3
    assert sorted(post for _, _, post in found) == [7, 20, 35, 50]
assert all(name == post for name, _, post in matches())
assert all(name != post for name, _, post in matches(dist_threshold=3.0)), "changed"
print("as described")
PYTHON
