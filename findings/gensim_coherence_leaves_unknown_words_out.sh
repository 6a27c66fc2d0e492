#!/usr/bin/env bash
# gensim 4.4.0, CoherenceModel of topics that another tool has found.
#
# Topics of hashtags, phrases or rare words often hold words that the texts given to gensim do not have: they were
# split in another way, or the dictionary was filtered. Such a word never occurs beside the others, so a topic of it should
# score low, or be an error. It is left out and nothing is said. A topic of two known and three unknown words has the
# coherence of the two, and with one known word left c_v is 1, the highest there is, while the other measures are not a
# number, and so is their mean over topics. Only a topic of unknown words alone is an error. A model thus looks the better
# the less its words match the texts. Count the words of each topic in dictionary.token2id first.
#
# Seen (cat and dog occur together, cat and bus sometimes; c_v, c_npmi):
#   cat dog                     0.962   0.557
#   cat dog unicorn dragon elf  0.962   0.557
#   cat unicorn                 1.000   nan
#   cat dog bus                 0.363  -0.252
#   the same, rare dog filtered 0.422  -0.365
#   unicorn elf                 ValueError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gensim==4.4.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel
texts = [["cat", "dog", "fish"]] * 10 + [["car", "road", "bus"]] * 10 + [["cat", "bus"]] * 5
every, common = Dictionary(texts), Dictionary(texts)
common.filter_extremes(no_below=12, no_above=1.0)
def coherence(words, dictionary=every):
    return [
        CoherenceModel(
            topics=[words.split()], texts=texts, dictionary=dictionary, coherence=measure, processes=1
        ).get_coherence()
        for measure in ("c_v", "c_npmi")
    ]
seen = {
    "cat dog": [0.962, 0.557],
    "cat dog unicorn dragon elf": [0.962, 0.557],
    "cat unicorn": [1.0, np.nan],
    "cat dog bus": [0.363, -0.252],
}
for words, expected in seen.items():
    found = coherence(words)
    print(f"{words:<28}", *(f"{value:.3f}" for value in found))
    assert np.allclose(found, expected, atol=1e-3, equal_nan=True), f"changed: {words}"
found = coherence("cat dog bus", common)
print("filtered", *common.token2id, *(f"{value:.3f}" for value in found))
assert np.allclose(found, [0.422, -0.365], atol=1e-3), "changed: filtered dictionary"
try:
    coherence("unicorn elf")
    raise SystemExit("changed: unknown words alone")
except ValueError as error:
    print("unicorn elf", type(error).__name__)
print("as described")
PYTHON
