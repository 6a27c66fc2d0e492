#!/usr/bin/env bash
# parsedatetime 2.6, Calendar().parseDT(text, now), with ages as platforms show them beside a post.
#
# "2 days ago" is two days back. In "1 day 3 hours ago" the word ago belongs to the hours only and the day is added:
# the post is from tomorrow, 21 hours ahead, with a full parse reported. So of any two parts, with "and",
# with a comma or without a space (1h30m). "half an hour ago" is an hour, as half is passed over. A column of ages in
# which young posts have one part and old ones two is right for some and years wrong for others.
# dateparser reads all of them but "half an hour", which it refuses.
# Split the text and add up timedeltas, or check that no post is later than the moment of collection.
#
# Seen (distance from now in hours: parsedatetime, dateparser):
#   2 days ago                  -48        -48
#   2 hours and 5 minutes ago    +1.92      -2.08
#   1 day 3 hours ago           +21        -27
#   3 weeks, 4 days ago        +408       -600
#   1h30m ago                    +0.5       -1.5
#   half an hour ago             -1       refused
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet parsedatetime==2.6 dateparser==1.5.0
TZ=UTC "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from datetime import datetime

import dateparser
import parsedatetime

NOW = datetime(2026, 3, 31, 12)
CALENDAR = parsedatetime.Calendar()


def hours(moment):
    return None if moment is None else round((moment - NOW).total_seconds() / 3600, 2)


seen = {
    "2 days ago": (-48, -48),
    "2 hours and 5 minutes ago": (1.92, -2.08),
    "1 day 3 hours ago": (21, -27),
    "3 weeks, 4 days ago": (408, -600),
    "1h30m ago": (0.5, -1.5),
    "half an hour ago": (-1, None),
}
for text, expected in seen.items():
    moment, status = CALENDAR.parseDT(text, NOW)
    found = hours(moment), hours(dateparser.parse(text, settings={"RELATIVE_BASE": NOW}))
    print(f"{text:<26}", *found)
    assert status > 0, f"changed: {text} is refused"
    assert found == expected, f"changed: {text}"
print("as described")
PYTHON
