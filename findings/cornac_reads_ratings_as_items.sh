#!/usr/bin/env bash
# cornac 3.0.1, Reader().read with fmt="UI" on a ratings file (user, item, rating, timestamp).
#
# One expects the first two columns, as "UIR" takes the first three and leaves the time. "UI" is another
# shape: a user and all the items of that user in one line. Every rating and every timestamp becomes an
# item that the user has taken, so the data set is three times as long, "4" and "5" are the most popular
# items, and a model is trained and scored on them without an error. A header line becomes a user too.
# Read with "UIR" and drop the rating, or cut the file to two columns.
#
# Seen (ann 50 4 881250949, bob 51 5 891717742):
#   UIR   ann-50 4, bob-51 5
#   UI    ann-50, ann-4, ann-881250949, bob-51, bob-5, bob-891717742
#   items of the data set: UIR 2, UI 6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cornac==3.0.1
printf 'ann\t50\t4\t881250949\nbob\t51\t5\t891717742\n' > "$folder/u.data"
"$folder/venv/bin/python" - "$folder/u.data" <<'PYTHON'
import sys

from cornac.data import Dataset, Reader

rated = Reader().read(sys.argv[1], fmt="UIR")
taken = Reader().read(sys.argv[1], fmt="UI")
items = [Dataset.build(rows, fmt="UIR").num_items for rows in (rated, taken)]
print(f"UIR    {rated}")
print(f"UI     {taken}")
print(f"items  {items}")
assert rated == [("ann", "50", 4.0), ("bob", "51", 5.0)], "changed: UIR"
assert [row[:2] for row in taken] == [
    ("ann", "50"),
    ("ann", "4"),
    ("ann", "881250949"),
    ("bob", "51"),
    ("bob", "5"),
    ("bob", "891717742"),
], "changed: UI"
assert items == [2, 6], "changed: items"
print("as described")
PYTHON
