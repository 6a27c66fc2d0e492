#!/usr/bin/env bash
# tiktok-research-client 0.0.21, TiktokClient.search and the videos of get_user, more than 100 at a time.
#
# The Research API gives at most 100 videos at once, and a cursor for those that follow. The client leaves the
# last cursor in its query: the next period of 30 days is asked for from there, so its first page is missing.
# search asks twice for each period, throws the first answer away (the quota is spent), and so loses the
# first page of every period. It also ends 100 days after start_date, with no way to say otherwise. Nothing tells
# of either. Page yourself, with a new query for each period.
#
# Seen (a stand-in for the server, which pages as TikTok describes it and has a video every six hours of 2023):
#   search from 1 January         72 of 1460, from 2023-01-26 to 2023-04-03
#   of the 100 days it asks for   72 of 404
#   get_user until 31 March       160 of 360, after January from 2023-02-26
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
# The client also asks for what its command line draws with.
"$folder/venv/bin/pip" install --quiet requests==2.34.2 python-dotenv==1.2.1 tenacity==8.5.0
"$folder/venv/bin/pip" install --quiet --no-deps tiktok-research-client==0.0.21
cd "$folder"
"$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
from datetime import datetime, timedelta, timezone

from tiktok_research_client.data_collection.collect import TiktokClient

START = datetime(2023, 1, 1, tzinfo=timezone.utc)
times = [START + timedelta(hours=6 * number) for number in range(4 * 365)]
requests = []


class Client(TiktokClient):
    """The client with a server inside, which answers with a page of a period, from a cursor on."""

    def fetch_data(self, url, query):
        if "user/info" in url:
            return {}
        requests.append(dict(query))
        period = [t for t in times if query["start_date"] <= t.strftime("%Y%m%d") <= query["end_date"]]
        start = query.get("cursor", 0)
        end = start + query["max_count"]
        page = [{"create_time": int(time.timestamp())} for time in period[start:end]]
        return {"data": {"videos": page, "has_more": end < len(period), "cursor": end, "search_id": "1"}}


def days(videos):
    return [video["create_time"] for video in videos]


end = (START + timedelta(days=100)).strftime("%Y-%m-%d")
dates = [time.strftime("%Y-%m-%d") for time in times]
found = days(Client().search(["news"], "2023-01-01", 100_000))
asked = [date for date in dates if date <= end]
print(f"search from 1 January         {len(found)} of {len(dates)}, from {min(found)} to {max(found)}")
print(f"of the 100 days it asks for   {len(found)} of {len(asked)}")
assert (len(found), len(dates), len(asked)) == (72, 1460, 404), "changed: search"
assert (min(found), max(found)) == ("2023-01-26", "2023-04-03"), "changed: search"
spans = [(query["start_date"], query["end_date"]) for query in requests]
assert all(spans.count(span) >= 2 for span in spans), "changed: each period is asked for twice"
assert max(span[1] for span in spans) == "20230411", "changed: 100 days"

found = [day for day in days(Client().get_user("ann")["videos"]) if day <= "2023-03-31"]
asked = [date for date in dates if date <= "2023-03-31"]
after = min(day for day in found if day > "2023-01-31")
print(f"get_user until 31 March       {len(found)} of {len(asked)}, after January from {after}")
assert (len(found), len(asked), after) == (160, 360, "2023-02-26"), "changed: get_user"
print("as described")
PYTHON
