#!/usr/bin/env bash
# lexical-diversity 0.1.1, lex_div.mtld, mtld_ma_bid and hdd of the words of a post.
#
# More different words, more diversity. MTLD counts how often the share of different words falls below 0.72, and
# divides the length by that. A text that repeats no word never falls so low, and the division by nothing is
# answered with 0: the most varied text gets the lowest value of all, below two words said over and over. Posts are
# short, so that is no rare case, and one word said again turns 0 into hundreds. mtld_ma_bid needs a whole
# fall, so it is 0 for nearly all posts. hdd draws 42 words and is 0 for each text that has fewer. A mean over
# the posts of a community then says how many of them are short, or without repetition, and says it as little
# diversity. Nothing tells of either. mattr of the same package has these texts in the right order.
#
# Seen (words; mattr with a window of 40, mtld, mtld_ma_bid, hdd):
#   40 different              1.00     0.00    0.00   0.00
#   40 different, one again   1.00   470.68    0.00   0.00
#   50 different              1.00     0.00    0.00   1.00
#   50 different, one again   1.00   728.28    0.00   0.98
#   50 different, all again   1.00   100.00   70.00   0.79
#   two words, 25 times       0.05     7.29   10.00   0.05
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# lexical-diversity reads its list of lemmas with pkg_resources, which newer setuptools leave out.
"$folder/venv/bin/pip" install --quiet lexical-diversity==0.1.1 setuptools==80.9.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from lexical_diversity import lex_div

many = [first + second for first in "bcdfghklmn" for second in "aeiou"]
cases = {
    "40 different": (many[:40], (1, 0, 0, 0)),
    "40 different, one again": (many[:40] + many[:1], (1, 470.68, 0, 0)),
    "50 different": (many, (1, 0, 0, 1)),
    "50 different, one again": (many + many[:1], (1, 728.28, 0, 0.9839)),
    "50 different, all again": (many + many, (1, 100, 70, 0.7929)),
    "two words, 25 times": (many[:2] * 25, (0.05, 7.2917, 10, 0.0476)),
}
for name, (words, seen) in cases.items():
    measures = (lex_div.mtld, lex_div.mtld_ma_bid, lex_div.hdd)
    found = [lex_div.mattr(words, 40), *(measure(words) for measure in measures)]
    print(f"{name:<24}", *(f"{value:7.2f}" for value in found))
    for value, expected in zip(found, seen, strict=True):
        assert abs(value - expected) < 0.001, f"changed: {name}"
print("as described")
PYTHON
