#!/usr/bin/env bash
# NRCLex 4.1.0, load_token_list and load_raw_text: emotions of posts by the NRC lexicon.
#
# A word with a capital letter is to have the emotions of the word. The words of a text are looked up as they are
# written, and the lexicon has small letters only: War at the start of a post counts for nothing, and a post
# all in capitals, which is how anger looks in social media, has no emotion at all. Neither method tells of
# it. Where nothing is found, top_emotions names all ten emotions with 0, fear first: the first of them, taken as
# the emotion of a post, is fear for every post of which no word is known. Give tokens in small letters, and leave
# posts out that have no hits.
#
# Seen (tokens; number of hits, share of fear, first of top_emotions):
#   war and murder  8  0.250  fear
#   War and murder  6  0.167  fear
#   WAR AND MURDER  0  0.000  fear
#   happy day       4  0.000  anticipation
#   Happy day       0  0.000  fear
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# TextBlob, for raw text, would want data from the network; raw text goes the same way, as its words.
"$folder/venv/bin/pip" install --quiet --no-deps NRCLex==4.1.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from nrclex import NRCLex

seen = {
    "war and murder": (8, 0.25, "fear"),
    "War and murder": (6, 0.167, "fear"),
    "WAR AND MURDER": (0, 0, "fear"),
    "happy day": (4, 0, "anticipation"),
    "Happy day": (0, 0, "fear"),
}
for post, expected in seen.items():
    text = NRCLex()
    text.load_token_list(post.split())
    found = len(text.affect_list), round(text.affect_frequencies["fear"], 3), text.top_emotions[0][0]
    print(f"{post:<15}", *found)
    assert found == expected, f"changed: {post}"
    if not found[0]:
        assert len(text.top_emotions) == 10, f"changed: all emotions of {post}"
print("as described")
PYTHON
