#!/usr/bin/env bash
# pycoornet 0.6.0, Shared(posts).coord_shares(coordination_interval=60) and coord_shares_differential: which accounts
# share the same links within a minute of each other.
#
# The interval decides only whether a share is coordinated with any other share of its link. The network is then
# made of accounts and links, without times, so all accounts with a coordinated share of a link are tied to each other:
# two pairs that shared it a day apart become four accounts with six ties, where two are within the interval. The
# longer a link lives, the larger and denser the "coordinated" network. (Its weights count links, so such ties
# can also be among the heaviest, which are kept.) And coord_shares cuts the time between the first and the last
# share of a link into equal parts: two shares ten seconds apart are not coordinated if a limit lies between
# them, and a later share by a stranger moves the limit. The other function compares neighbours in time.
# Tie pairs of shares yourself, by the difference of their times.
#
# Seen (interval 60 s; ties):
#   u by a at 0 s, b at 10 s, c one day later, d 10 s after c    both functions  ab ac ad bc bd cd
#   u by e at 0, a at 995, b at 1005, f at 2000 s; v by a, b     coord_shares weight of ab 1, differential 2
#   the same, f at 2100 s                                        coord_shares weight of ab 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==2.3.3 numpy==2.4.6 networkx==3.6.1 python-louvain==0.16 \
    tldextract==5.3.0 PyCrowdTangle==0.5.0 tqdm==4.67.1
# ratelimiter, which is for its requests to the closed CrowdTangle API, cannot be imported by Python 3.11 and newer.
"$folder/venv/bin/pip" install --quiet --no-deps pycoornet==0.6.0
"$folder/venv/bin/python" -W ignore - 2>"$folder/progress" <<'PYTHON' || { cat "$folder/progress" && exit 1; }
import sys
import types

import pandas as pd

sys.modules["ratelimiter"] = types.SimpleNamespace(RateLimiter=None)
from pycoornet import Shared

PAGE = {
    "account_subscriberCount": 1, "account_verified": False, "account_handle": "page",
    "account_platform": "Facebook", "account_platformId": "1",
    "account_accountType": "facebook_page", "account_pageAdminTopCountry": "CO",
}  # fmt: skip


def ties(shares, method):
    posts = pd.DataFrame(shares, columns=["account_url", "expanded", "second"]).assign(**PAGE)
    posts["date"] = pd.Timestamp("2021-01-01") + pd.to_timedelta(posts.pop("second"), unit="s")
    posts = posts.assign(id=range(len(posts)), account_name=posts["account_url"])
    result = getattr(Shared(posts), method)(coordination_interval=60, percentile_edge_weight=0)
    return {"".join(sorted(pair)): weight for *pair, weight in result[1].edges(data="weight")}


def within(shares):
    """Ties by the difference of times."""
    pairs = {}
    for one, link, at in shares:
        for other, same, then in shares:
            if link == same and one < other and abs(at - then) <= 60:
                pairs[one + other] = pairs.get(one + other, 0) + 1
    return pairs


DAY = 86_400
days_apart = [("a", "u", 0), ("b", "u", 10), ("c", "u", DAY), ("d", "u", DAY + 10)]
on_both_sides = [("e", "u", 0), ("a", "u", 995), ("b", "u", 1005), ("a", "v", 0), ("b", "v", 5)]
assert within(days_apart) == {"ab": 1, "cd": 1}
for method in ("coord_shares", "coord_shares_differential"):
    apart = ties(days_apart, method)
    ends = [ties([*on_both_sides, ("f", "u", end)], method) for end in (2000, 2100)]
    print(f"{method:<26}", sorted(apart), *ends, "within the interval", within(days_apart), within(on_both_sides))
    assert set(apart) == {"ab", "ac", "ad", "bc", "bd", "cd"}, f"changed: {method}"
    assert within(on_both_sides) == {"ab": 2}
    assert ends == [{"ab": 1 if method == "coord_shares" else 2}, {"ab": 2}], f"changed: limits of {method}"
print("as described")
PYTHON
