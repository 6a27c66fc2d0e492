"""Small invented logs in the shape of every format that is imported, for ``fuzz_importers.py``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fuzz_mutators import Table

#: Names and messages of persons, which no table, error, note or report may show; and captions,
#: which stand in the column of that name only.
PERSON, CAPTION = "Quillonby", "Marzipanade"

SECOND = 1_717_180_199
_NOON = "2024-06-02 12:00:00"
_ISO = "2024-06-02T12:00:00.000Z"


@dataclass(frozen=True)
class Script:
    """JavaScript that assigns a JSON value."""

    start: str
    value: Any


@dataclass(frozen=True)
class Log:
    """Files of one format.

    Attributes
    ----------
    sources
        Content of each file: bytes, a Table, a JSON value, a list of records (of NDJSON), a Script.
    options
        What ``read_any`` needs to be told.
    forms
        How the files come: as ``"file"``, in a ``"folder"``, each as ``"gz"`` or ``"zst"``, in a ``"zip"``.
    counted
        Whether each record of the one file is a record of the report.
    """

    sources: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    forms: tuple[str, ...] = ("folder", "zip", "gz")
    counted: bool = False


def item(k: int) -> str:
    """Id of a video of TikTok, which holds its second."""
    return str((SECOND + 60 * k << 32) + 4711 + k)


def _table(columns: str, *rows: str, form: str = "csv", by: str = "|") -> Table:
    cells = tuple(tuple(row.split(by)) for row in rows)
    return Table(tuple(columns.split()), cells, form)


def _tiktok_export() -> tuple[Log, ...]:
    seen = [
        {"Date": _NOON, "Link": f"https://www.tiktokv.com/share/video/{item(k % 3)}/"}
        for k in range(4)
    ]
    liked = [{"date": s["Date"], "link": s["Link"]} for s in seen[:2]]
    fans = [{"Date": _NOON, "UserName": name} for name in ("ben", "Cem")]
    said = [{"date": _NOON, "comment": PERSON, "photo": PERSON, "url": ""}]
    private = {
        "Direct Message": {"Chat History": {"ChatHistory": {PERSON: [{"Content": PERSON}]}}},
        "Login History": {"LoginHistoryList": [{"IP": PERSON}]},
    }
    newer = {
        "Your Activity": {
            "Watch History": {"VideoList": seen},
            "Like List": {"App": 0, "ItemFavoriteList": liked},
            "Favorite Videos": {"FavoriteVideoList": seen[:1]},
            "Share History": {"ShareHistoryList": [seen[0] | {"Method": PERSON}]},
            "Following": {"App": 0, "Following": fans[:1]},
            "Follower": {"IsFastLane": False, "FansList": fans},
        },
        "Comment": {"Comments": {"CommentsList": said}},
        "Post": {"Posts": {"VideoList": []}},
        "Profile And Settings": {
            "Profile Info": {"ProfileMap": {"userName": "Ann", "emailAddress": PERSON}}
        },
        "Tiktok Live": {
            "Watch Live History": {"WatchLiveMap": {item(9): {"WatchTime": _NOON, "Comments": []}}}
        },
        **private,
    }
    older = {
        "Activity": {
            "Video Browsing History": {"VideoList": seen},
            "Following List": {"Following": fans},
        },
        "Profile": {"Profile Information": {"ProfileMap": {"userName": "dee"}}},
    }
    every = ("file", "folder", "zip", "gz")
    both = {"a/user_data_tiktok.json": newer, "b/user_data.json": older}
    return Log({"user_data_tiktok.json": newer}, {}, every), Log(both, {}, ("folder", "zip", "zst"))


def _posts() -> list[dict[str, Any]]:
    return [
        {
            "id": item(k),
            "createTime": SECOND + k,
            "desc": CAPTION,
            "author": {"uniqueId": "ab"[k % 2] + "nn", "id": "77", "nickname": PERSON},
            "authorStats": {"followerCount": 5, "followingCount": 2},
            "stats": {"playCount": 9, "diggCount": 3, "commentCount": 2, "shareCount": 1},
            "challenges": [{"title": "books"}],
            "textExtra": [{"hashtagName": "goth", "userUniqueId": "ben"}],
            "music": {"id": "99", "authorName": PERSON},
            "video": {"duration": 12},
        }
        for k in range(3)
    ]


def _said(k: int) -> dict[str, Any]:
    user = {"unique_id": "ben", "uid": "78", "nickname": PERSON}
    said = {"cid": item(40 + k), "aweme_id": item(0), "create_time": SECOND + 90, "text": PERSON}
    return said | {"reply_id": "0", "user": user, "digg_count": 1, "id": item(40 + k)}


def _zeeschuimer() -> tuple[Log, ...]:
    def line(k: int, data: Any, platform: str) -> dict[str, Any]:
        at = (SECOND + 3600 + k) * 1000
        own = {"nav_index": "1:1:1", "item_id": data["id"], "timestamp_collected": at}
        own |= {"last_updated": at, "source_platform": platform, "user_agent": PERSON}
        page = {"source_platform_url": "https://www.tiktok.com/foryou", "source_url": PERSON}
        return own | page | {"data": data, "id": k}

    posts = [line(k, post, "tiktok.com") for k, post in enumerate(_posts())]
    said = [line(k, _said(k), "tiktok-comments") for k in range(2)]
    kept = [
        {**one["data"], "__import_meta": {k: v for k, v in one.items() if k != "data"}}
        for one in posts
    ]
    asked = {"account": "sock"}
    return (
        Log({"posts.ndjson": posts}, asked, ("file", "gz", "zst", "zip"), counted=True),
        Log({"posts.ndjson": posts, "comments.ndjson": said}, asked),
        Log({"kept.ndjson": kept}, asked, ("file", "folder")),
    )


def _tiktok_api() -> tuple[Log, ...]:
    def page(key: str, entries: list[Any], **more: Any) -> dict[str, Any]:
        error = {"code": "ok", "message": PERSON, "log_id": "2024"}
        return {"data": {key: entries, "has_more": False, "cursor": 3} | more, "error": error}

    videos = [
        {
            "id": int(item(k)),
            "username": "ab"[k % 2] + "nn",
            "create_time": SECOND + 60 * k,
            "region_code": "DE",
            "video_description": CAPTION,
            "hashtag_names": ["books", "goth"],
            "music_id": 7_000_000_000_000_000_001,
            "view_count": 9,
            "like_count": 3,
            "video_mention_list": ["ben"],
        }
        for k in range(3)
    ]
    users = [{"username": n, "display_name": PERSON} for n in ("ben", "cem")]
    comments = [{"id": int(item(50)), "text": PERSON, "video_id": int(item(0))}]
    comments[0] |= {"parent_comment_id": int(item(0)), "create_time": SECOND, "like_count": 1}
    pages = {
        "videos.json": page("videos", videos, search_id="1"),
        "followers.json": page("user_followers", users),
        "liked.json": page("user_liked_videos", videos[:2]),
        "comments.json": page("comments", comments),
    }
    asked = {"account": "ann"}
    return Log(pages, asked), Log({"videos.ndjson": videos}, {}, ("file", "gz", "zst"))


def _tiktok_web() -> tuple[Log, ...]:
    state = {"ItemModule": {p["id"]: p | {"author": "ann", "nickname": PERSON} for p in _posts()}}
    several = {"posts.json": _posts(), "comments.ndjson": [_said(0), _said(1)]}
    return Log(several), Log({"state.json": state}, {}, ("file", "zip", "zst"))


def _research() -> tuple[Log, ...]:
    videos = _table(
        "video_id author_name view_count like_count region_code create_time music_id "
        "video_description hashtag_names",
        *(f"{item(k)};Ann;9;3;DE;{SECOND};99;{CAPTION};books|goth" for k in range(4)),
        by=";",
    )
    follows = _table("display_name username following_user", f"{PERSON}|ben|ann", f"{PERSON}|c|ann")
    return (
        Log({"videos.csv": videos}, {}, ("file", "gz", "zst", "zip"), counted=True),
        Log({"videos.csv": videos, "followers.csv": follows}, {"direction": "followers"}),
    )


def _hidden() -> tuple[Log, ...]:
    columns = "video_id video_timestamp video_length video_title video_diggcount author_username"
    rows = (f"{item(k)}|2024-05-31T18:{k + 30}:00Z|12|{CAPTION}|3|Ann" for k in range(3))
    users = _table("uniqueId secUid nickname followerCount followingCount", f"ben|M|{PERSON}|5|2")
    told = {"direction": "followers", "account": "ann"}
    sources = {"videos.csv": _table(columns, *rows), "users.csv": users}
    return (Log(sources, told),)


def _pyktok() -> tuple[Log, ...]:
    columns = (
        "video_id video_timestamp video_duration video_locationcreated video_diggcount "
        "video_sharecount video_commentcount video_playcount video_description author_username "
        "author_name author_followercount author_followingcount"
    )
    rows = (
        f"{item(k)}|2024-05-31T20:{k + 30}:00|12|DE|3|1|2|9|{CAPTION}|Ann|{PERSON}|5|2"
        for k in range(3)
    )
    one = {"videos.csv": _table(columns, *rows)}
    return (Log(one, {"tz": "+02:00"}, ("file", "zip", "gz"), counted=True),)


def _dump() -> tuple[Log, ...]:
    good = [
        {"follower_username": n, "follower_display_name": PERSON, "status_code": 200}
        | {"success": True, "error": None, "username": "ann"}
        for n in ("ben", "cem")
    ]
    text = '{"data": {"user_following": [{"username": "dee"}]}, "error": {"code": "ok"}}'
    failed = {"follower_username": None, "success": False, "error": text, "username": "ann"}
    return (Log({"followers.jsonl": [*good, failed]}, {}, ("file", "gz", "folder")),)


def _jetstream() -> tuple[Log, ...]:
    ann, ben = "did:plc:inventedann", "did:plc:inventedben"
    post = f"at://{ann}/app.bsky.feed.post/p1"

    def commit(
        k: int, did: str, kind: str, key: str, record: Any, operation: str = "create"
    ) -> Any:
        body = {"rev": f"r{k}", "operation": operation, "collection": f"app.bsky.{kind}"}
        body |= {"rkey": key} | ({"record": record} if record else {})
        time = (SECOND + k) * 1_000_000
        return {"did": did, "time_us": time, "kind": "commit", "commit": body}

    tag = {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "books"}]}
    text = {"text": CAPTION, "createdAt": _ISO, "facets": [tag], "langs": ["en"], "tags": ["goth"]}
    reply = {"parent": {"uri": post}, "root": {"uri": post}}
    events = [
        commit(0, ann, "feed.post", "p1", text),
        commit(1, ben, "feed.post", "p2", text | {"reply": reply}),
        commit(2, ben, "feed.like", "l1", {"subject": {"uri": post}, "createdAt": _ISO}),
        commit(3, ben, "feed.repost", "o1", {"subject": {"uri": post}, "createdAt": _ISO}),
        commit(4, ben, "graph.follow", "f1", {"subject": ann, "createdAt": _ISO}),
        commit(5, ben, "graph.follow", "f1", None, "delete"),
        commit(6, ann, "graph.follow", "f2", {"subject": ben, "createdAt": _ISO}),
        commit(7, ann, "actor.profile", "self", {"displayName": PERSON}),
        {"did": "did:plc:gone", "time_us": SECOND * 10**6, "kind": "account"}
        | {"account": {"active": False, "did": "did:plc:gone", "status": "deleted", "seq": 1}},
        {"did": ann, "time_us": SECOND * 10**6, "kind": "identity"}
        | {"identity": {"did": ann, "handle": PERSON, "seq": 2}},
    ]
    prefix = "network.bsky.jetstream.subscribeEvents#"
    newer = [
        {
            "$type": "message",
            "payload": {"$type": f"{prefix}commit", "seq": k, "did": e["did"], "time": _ISO}
            | e["commit"],
        }
        for k, e in enumerate(events[:7])
    ]
    forms = ("file", "gz", "zst", "zip")
    return (
        Log({"part1.ndjson": events}, {}, forms, counted=True),
        Log({"part1.ndjson": events, "part2.ndjson": newer}),
    )


def _repository() -> tuple[Log, ...]:
    import libipld

    blocks: list[tuple[bytes, bytes]] = []

    def store(value: Any) -> bytes:
        data = libipld.encode_dag_cbor(value)
        blocks.append((b"\x01\x71\x12\x20" + hashlib.sha256(data).digest(), data))
        return blocks[-1][0]

    post = "at://did:plc:inventedben/app.bsky.feed.post/p9"
    records: dict[str, Any] = {
        "app.bsky.feed.like/l1": {"subject": {"uri": post}, "createdAt": _ISO},
        "app.bsky.feed.post/p1": {"text": CAPTION, "createdAt": _ISO},
        "app.bsky.graph.follow/f1": {"subject": "did:plc:inventedben", "createdAt": _ISO},
    }
    entries = [
        {"p": 0, "k": name.encode(), "v": store(record), "t": None}
        for name, record in sorted(records.items())
    ]
    tree = store({"l": None, "e": entries})
    commit = {"did": "did:plc:inventedann", "version": 3, "data": tree, "rev": "r"}
    head = store(commit | {"prev": None, "sig": b"s"})
    header = libipld.encode_dag_cbor({"version": 1, "roots": [head]})
    # lengths are below 128 for the header, and below 16,384 for the blocks
    content = bytes([len(header)]) + header
    for cid, data in blocks:
        size = len(cid) + len(data)
        content += bytes([size & 127 | 128, size >> 7]) + cid + data
    return (Log({"ann.car": content}, {}, ("file", "zip", "folder")),)


def _x_api() -> tuple[Log, ...]:
    tweets = [
        {
            "id": f"179619495660434516{k}",
            "text": CAPTION,
            "author_id": str(11 + k),
            "created_at": _ISO,
            "lang": "en",
            "edit_history_tweet_ids": ["1"],
            "public_metrics": {"like_count": 3, "retweet_count": 1, "reply_count": 2},
            "entities": {"hashtags": [{"tag": "books"}], "mentions": [{"id": "12"}]},
        }
        for k in range(3)
    ]
    tweets[1] |= {"referenced_tweets": [{"type": "quoted", "id": tweets[0]["id"]}]}
    tweets[2] |= {"referenced_tweets": [{"type": "retweeted", "id": "1796194956604345999"}]}
    users = [{"id": "11", "name": PERSON, "username": PERSON}]
    users[0]["public_metrics"] = {"followers_count": 5, "following_count": 2}
    page = {"data": tweets[:2], "includes": {"users": users, "tweets": tweets[2:]}}
    page |= {"meta": {"result_count": 2}, "errors": [{"detail": PERSON}]}
    url = "https://api.twitter.com/2/users/5/followers?max_results=9"
    fans = {"data": users, "meta": {"result_count": 1}, "__twarc": {"url": url}}
    return (
        Log({"page.json": page, "followers.json": fans}),
        Log({"tweets.jsonl": [*tweets, {"data": tweets[0]}]}, {}, ("file", "gz", "zst")),
    )


def _x_archive() -> tuple[Log, ...]:
    made = {"created_at": "Sun Jun 02 12:00:00 +0000 2024", "lang": "en", "favorite_count": "3"}
    named = {"user_mentions": [{"id_str": "8", "screen_name": PERSON}], "hashtags": []}
    posts = [
        {"tweet": made | {"id_str": "81", "full_text": CAPTION, "entities": named}},
        {"tweet": made | {"id_str": "82", "full_text": "RT @x: y", "entities": named}},
        {"tweet": made | {"id_str": "83", "full_text": "z", "in_reply_to_status_id_str": "91"}},
    ]
    rows: dict[str, list[Any]] = {
        "account": [{"account": {"accountId": "5", "email": PERSON}}],
        "following": [{"following": {"accountId": "6", "userLink": PERSON}}],
        "follower": [{"follower": {"accountId": "7"}}],
        "like": [{"like": {"tweetId": "71", "fullText": PERSON}}],
        "direct-messages": [{"dmConversation": {"messages": [PERSON]}}],
        "tweets": posts,
    }
    scripts = {
        f"data/{name}.js": Script(f"window.YTD.{name.replace('-', '_')}.part0 = ", value)
        for name, value in rows.items()
    }
    return (Log(scripts, {}, ("folder", "zip")),)


def _twarc() -> tuple[Log, ...]:
    columns = (
        "id author_id created_at referenced_tweets.replied_to.id referenced_tweets.retweeted.id "
        "referenced_tweets.quoted.id in_reply_to_user_id retweeted_user_id quoted_user_id text "
        "lang public_metrics.like_count entities.hashtags author.username "
        "author.public_metrics.followers_count"
    )
    end = f'{CAPTION}|en|3|[{{"tag": "books"}}]|{PERSON}|5'
    rows = (
        f"1796194956604345161|11|{_ISO}|||||||{end}",
        f"1796194956604345162|12|{_ISO}||1796194956604345161|||11||{end}",
        f"1796194956604345163|13|{_ISO}|1796194956604345161|||11|||{end}",
    )
    return (Log({"tweets.csv": _table(columns, *rows)}, {}, ("file", "gz", "zip"), counted=True),)


def _reddit(posts: bool) -> tuple[Log, ...]:
    own = {"subreddit": "booktok", "created_utc": SECOND, "author_flair_text": PERSON, "score": 3}
    if posts:
        lines = [
            own | {"id": f"p{k}", "name": f"t3_p{k}", "author": "ann", "title": CAPTION}
            | {"selftext": PERSON, "num_comments": 2}
            for k in range(3)
        ]  # fmt: skip
        return (Log({"RS_2024-06": lines}, {}, ("zst", "file", "gz"), counted=True),)
    lines = [
        own | {"id": f"c{k}", "author": "abc"[k] * 3, "link_id": "t3_p1", "body": PERSON}
        | {"parent_id": "t1_c0" if k else "t3_p1"}
        for k in range(3)
    ]  # fmt: skip
    lines.append(lines[0] | {"id": "c9", "author": "[deleted]"})
    return (Log({"RC_2024-06": lines}, {}, ("zst", "file", "zip"), counted=True),)


def _mastodon() -> tuple[Log, ...]:
    me, her = "https://here.example/users/ann", "https://there.example/users/ben"
    public = "https://www.w3.org/ns/activitystreams#Public"
    note = {"id": f"{me}/statuses/1", "published": _ISO, "inReplyTo": f"{her}/statuses/9"}
    note |= {"content": f"<p>{CAPTION}</p>", "tag": [{"type": "Hashtag", "name": "#books"}]}
    made = {"type": "Create", "actor": me, "published": _ISO, "to": [public], "cc": []}
    told = {"type": "Announce", "published": _ISO, "object": f"{her}/statuses/8"}
    private = made | {"to": [her], "object": note | {"id": "x", "content": PERSON}}

    def ordered(*entries: Any) -> dict[str, Any]:
        return {"@context": "x", "type": "OrderedCollection", "orderedItems": list(entries)}

    sources: dict[str, Any] = {
        "actor.json": {"@context": [], "id": me, "preferredUsername": "ann", "name": PERSON}
        | {"outbox": "outbox.json"},
        "outbox.json": ordered(made | {"object": note}, told, private),
        "likes.json": ordered(f"{her}/statuses/7"),
        "bookmarks.json": ordered("https://there.example/ap/users/5/statuses/6"),
        "following_accounts.csv": b"Account address,Show boosts\nben@there.example,true\n",
    }
    return (Log(sources, {"account": "ann"}),)


def _instagram() -> tuple[Log, ...]:
    def account(name: str) -> dict[str, Any]:
        text = {"href": f"https://www.instagram.com/_u/{name}", "timestamp": SECOND, "value": name}
        return {"title": "", "string_list_data": [text]}

    person = [{"label": "Name", "value": PERSON}, {"label": "Username", "value": "cem"}]
    address = "https://www.instagram.com/p/A1b/"
    labels = [
        {"label": "URL", "value": address, "href": address},
        {"label": "Caption", "value": PERSON},
        {"title": "Owner", "dict": [{"title": "", "dict": person}]},
    ]
    liked = {"href": "https://www.instagram.com/reel/XyZ/", "value": "x", "timestamp": SECOND}
    own, follows = "your_instagram_activity", "connections/followers_and_following"
    sources = {
        f"{follows}/following.json": {"relationships_following": [account("ben")]},
        f"{follows}/followers_1.json": [account("cem"), account("dee")],
        f"{own}/likes/liked_posts.json": {
            "likes_media_likes": [{"title": "Ben", "string_list_data": [liked]}]
        },
        "ads_information/ads_and_topics/posts_viewed.json": [
            {"timestamp": SECOND, "media": [], "label_values": labels, "fbid": PERSON}
        ],
    }
    return (Log(sources, {"account": "ann"}),)


def _youtube() -> tuple[Log, ...]:
    channel = "UCbenxxxxxxxxxxxxxxxxxxx"
    row = {"header": "YouTube", "title": PERSON, "time": _ISO, "products": ["YouTube"]}
    row |= {"activityControls": ["x"]}
    row |= {"subtitles": [{"name": PERSON, "url": f"https://www.youtube.com/channel/{channel}"}]}
    rows = [row | {"titleUrl": f"https://www.youtube.com/watch?v=A000000000{k}"} for k in range(2)]
    rows.append(row | {"details": [{"name": PERSON}], "titleUrl": rows[0]["titleUrl"]})
    home = "Takeout/YouTube and YouTube Music"
    listed = f"Channel Id,Channel Url,Channel Title\n{channel},http://x.example,{PERSON}\n"
    said = "Comment ID,Channel ID,Comment create timestamp,Price,Video ID,Comment text\n"
    said += f'Ugx{"a" * 23},UCann{"x" * 19},{_ISO},0,A0000000000,"{PERSON}"\n'
    sources: dict[str, Any] = {
        f"{home}/history/watch-history.json": rows,
        f"{home}/subscriptions/subscriptions.csv": listed.encode(),
        f"{home}/comments/comments.csv": said.encode(),
    }
    return (Log(sources, {"account": "ann"}),)


def _fourcat() -> tuple[Log, ...]:
    posts = _table(
        "id author author_full author_followers body unix_timestamp likes comments shares plays "
        "hashtags music_id missing_fields",
        *(f"{item(k)}|Ann|{PERSON}|5|{CAPTION}|{SECOND}|3|2|1|9|books,goth|99|" for k in range(3)),
    )
    said = _table(
        "id author author_full body unix_timestamp post_id is_comment_on_comment thread_id",
        f"{item(5)}|ben|{PERSON}|{PERSON}|{SECOND}|{item(0)}|no|{item(0)}",
        f"{item(6)}|cem|{PERSON}|{PERSON}|{SECOND}|{item(0)}|yes|{item(0)}",
    )
    seen = f"id;author;author_full;body;unix_timestamp;hashtags;plays;music_id\n{item(1)};Ann;"
    seen += f'{PERSON};"{CAPTION}";{SECOND};books;9;null\n'
    chats = _table(
        "id chat author body unix_timestamp reply_to author_forwarded_from_id",
        f"1|books|77|{CAPTION}|{SECOND}||",
        f"2|books|78|{CAPTION}|{SECOND}|1|79",
    )
    tweets = _table(
        "id author author_id body unix_timestamp is_retweet retweeted_user is_quote_tweet "
        "quote_tweet_id quote_author is_reply replied_author hashtags",
        f"1796194956604345161|Ann|644|{CAPTION}|{SECOND}|no||no|||no||books",
        f"1796194956604345162|Ben|645|{CAPTION}|{SECOND}|yes|Ann|no|||no||",
    )
    return (
        Log({"posts.csv": posts}, {}, ("file", "gz", "zip"), counted=True),
        Log({"posts.csv": posts, "comments.csv": said}),
        Log({"seen.csv": seen.encode()}, {"account": "sock"}, ("file", "zst")),
        Log({"chats.csv": chats}, {}, ("file",), counted=True),
        Log({"tweets.csv": tweets}, {}, ("file", "gz"), counted=True),
    )


def _failla() -> tuple[Log, ...]:
    rows = b"1,2,3,,,202403011205\n2,,,1,,202403011205\n3,,,,1,202403011206\n"
    return (Log({"followers.csv": b"1,2\n2,1\n2,3\n", "interactions.csv": rows}),)


def _failla_posts() -> tuple[Log, ...]:
    names = "reply_to replied_author thread_root thread_root_author repost_from reposted_author"
    empty = dict.fromkeys((*names.split(), "quotes", "quoted_author", "labels"))
    lines = [
        {"post_id": 10 + k, "user_id": 1 + k, "instance": PERSON, "date": 202403011205}
        | {"text": CAPTION, "langs": ["eng"], "like_count": 1, "reply_count": 2, "repost_count": 3}
        | empty
        for k in range(3)
    ]
    lines[1] |= {"reply_to": 10, "replied_author": 1}
    lines[2] |= {"repost_from": 10, "reposted_author": 1}
    return (Log({"posts.jsonl": lines}, {}, ("file", "gz", "zst"), counted=True),)


def _kuairec() -> tuple[Log, ...]:
    views = _table(
        "user_id video_id play_duration video_duration time date timestamp watch_ratio",
        *(
            f"{k}|{148 + k % 2}|4020|13700|2020-07-05 05:27:48.378|20200705|1593898068.378|1.5"
            for k in range(4)
        ),
    )
    sources = {
        "small_matrix.csv": views,
        "social_network.csv": _table("user_id friend_list", "0|[1, 2]", "1|[0]"),
        "item_categories.csv": _table("video_id feat", "148|[8]", "149|[27, 9]"),
    }
    one = Log({"big_matrix.csv": views}, {}, ("file", "gz", "zst"), counted=True)
    return one, Log(sources)


def _kuairand() -> tuple[Log, ...]:
    columns = "user_id video_id date hourmin time_ms is_click is_like is_follow is_comment "
    columns += "is_forward is_hate play_time_ms duration_ms is_rand tab"
    rows = (
        f"2|{128 + k}|20240509|1925|171525393100{k}|1|{k}|1|0|0|1|3000|6000|0|4" for k in (0, 1)
    )
    video = "video_id author_id video_type upload_dt video_duration music_id tag"
    known = _table(video, "128|9000|NORMAL|2024-05-01|6000|55|12,65", "129|9000|NORMAL|||0|UNKNOWN")
    log = {"log_standard_4_08_to_4_21.csv": _table(columns, *rows)}
    return (Log(log | {"video_features_basic.csv": known}),)


def _microlens() -> tuple[Log, ...]:
    pairs = _table("user item timestamp", *(f"{k}|{7 + k % 2}|171708122400{k}" for k in range(4)))
    titles = _table("item title", f"7|{CAPTION}", f"8|{CAPTION}")
    one = Log({"MicroLens-50k_pairs.csv": pairs}, {}, ("file", "gz"), counted=True)
    lines = {"MicroLens-50k_pairs.tsv": b"1\t7 8\n2\t9\n", "MicroLens-50k_titles.csv": titles}
    return one, Log(lines)


def _recbole() -> tuple[Log, ...]:
    acts = _table(
        "user_id:token item_id:token rating:float timestamp:float",
        *(f"{name}|{k}|2.5|1717081224" for k, name in enumerate(("ann", "ben", "cem"))),
        form="tsv",
    )
    items = _table("item_id:token genre:token_seq", "0|one two", "1|one", form="tsv")
    users = _table("user_id:token country:token", "ann|NL", form="tsv")
    follows = _table("source_id:token target_id:token", "ann|ben", form="tsv")
    files = {"a.inter": acts, "a.item": items, "a.user": users, "a.net": follows}
    return Log(files), Log({"a.inter": acts}, {}, ("file", "gz"), counted=True)


def _movielens() -> tuple[Log, ...]:
    ratings = _table("userId movieId rating timestamp", "1|2|3.5|1717081224", "2|2|4|1717081225")
    movies = _table("movieId title genres", f"2;{CAPTION} (1999);Drama|Crime", by=";")
    old = {"ratings.dat": b"1::2::3::1717081224\n2::2::4::1717081225\n"}
    old["movies.dat"] = f"2::{CAPTION} (1999)::Drama|Crime\n".encode("latin-1")
    return (
        Log({"ratings.csv": ratings, "movies.csv": movies}),
        Log(old, {}, ("folder", "zip")),
        Log({"u.data": b"1\t2\t3\t1717081224\n2\t2\t4\t1717081225\n"}, {}, ("file", "zip")),
    )


def _coortweet() -> tuple[Log, ...]:
    shared = _table(
        "object_id account_id content_id timestamp_share",
        *(f"o{k % 2}|{0xA41F0000 + k:x}|c{k}|{SECOND + k}" for k in range(4)),
    )
    return (Log({"shares.csv": shared}, {}, ("file", "gz", "zip"), counted=True),)


def _toolkit() -> tuple[Log, ...]:
    rows = (
        f"m1|1|{PERSON}|||{CAPTION}|1717081224.0|['http://a.example', 'http://b.example']",
        f"m2|2|{PERSON}|m1||{CAPTION}|1717081224.5|http://a.example http://c.example",
        f"m3|3|{PERSON}||m1|{CAPTION}|1717081224|",
    )
    columns = "message_id user_id username repost_id reply_id message timestamp urls"
    return (Log({"messages.csv": _table(columns, *rows)}, {}, ("file", "zst"), counted=True),)


#: Logs of each importer, by its name, in several shapes.
ORIGINALS: dict[str, Callable[[], tuple[Log, ...]]] = {
    "tiktok-export": _tiktok_export,
    "zeeschuimer": _zeeschuimer,
    "tiktok": _tiktok_api,
    "tiktok-web": _tiktok_web,
    "tiktok-research-tables": _research,
    "traktok-hidden": _hidden,
    "pyktok": _pyktok,
    "researchtikpy-dump": _dump,
    "bluesky-jetstream": _jetstream,
    "bluesky-repository": _repository,
    "x-api": _x_api,
    "x-archive": _x_archive,
    "twarc-csv": _twarc,
    "reddit-comments": lambda: _reddit(False),
    "reddit-posts": lambda: _reddit(True),
    "mastodon-export": _mastodon,
    "instagram-export": _instagram,
    "youtube-export": _youtube,
    "4cat": _fourcat,
    "failla-rossetti": _failla,
    "failla-rossetti-posts": _failla_posts,
    "kuairec": _kuairec,
    "kuairand": _kuairand,
    "microlens": _microlens,
    "recbole": _recbole,
    "movielens": _movielens,
    "coortweet": _coortweet,
    "coordination-network-toolkit": _toolkit,
}
