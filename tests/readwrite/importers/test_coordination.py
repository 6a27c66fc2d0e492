"""Tables for the detection of coordination, on invented rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.coordination import IMPORTERS
from graphkit.readwrite.source import Source, look_at

COORTWEET, TOOLKIT = IMPORTERS
AT = datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)


def read(path: Path) -> Extract:
    sample = look_at(Source(path))
    (importer,) = (found for found in IMPORTERS if found.recognise(sample))
    return importer.read([sample], ImportOptions())


@pytest.mark.parametrize("account", ["account_id", "id_account"])
@pytest.mark.parametrize("time", ["1717081224", "2024-05-30 15:00:24", '"2024-05-30 15:00:24"'])
def test_coortweet(account: str, time: str, tmp_path: Path) -> None:
    path = tmp_path / "shares.csv"
    path.write_text(
        f'"object_id","{account}","content_id","timestamp_share"\n"o1","a41f","c1",{time}\n'
    )
    assert read(path).tables["interactions"].rows() == [("a41f", "o1", "share", AT)]


def test_messages_of_the_toolkit(tmp_path: Path) -> None:
    path = tmp_path / "messages.csv"
    path.write_bytes(
        "\ufeffmessage_id,user_id,username,repost_id,reply_id,message,timestamp,urls\r\n"
        "m1,1,Planted,,,words,1717081224.0,\"['http://a.example', 'http://b.example']\"\r\n"
        "m2,2,Planted,m1,,words,1717081224.5,http://a.example http://c.example\r\n"
        "m3,3,Planted,,m1,words,1717081224,\r\n"
        "m4,,Planted,,m1,words,,\r\n".encode()
    )
    extract = read(path)
    half = AT.replace(microsecond=500_000)
    columns = ["account_id", "item_id", "kind", "at", "target_item_id"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("2", "m1", "repost", half, None),
        ("3", "m3", "reply", AT, "m1"),
        ("1", "http://a.example", "share", AT, None),
        ("1", "http://b.example", "share", AT, None),
        ("2", "http://a.example", "share", half, None),
        ("2", "http://c.example", "share", half, None),
    ]
    assert extract.tables["items"].select("item_id", "author_id").rows() == [
        ("m1", "1"),
        ("m2", "2"),
        ("m3", "3"),
        ("m4", None),
    ]
    dataset, _ = combine([extract], source="x", caller="test", parameters={})
    assert "Planted" not in str(dataset.tables)
