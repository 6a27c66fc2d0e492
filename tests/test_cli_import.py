"""``graphkit import``: any log to a dataset folder, with pseudonyms, on the command line."""

from __future__ import annotations

import json
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import graphkit as gk
from graphkit.cli import app
from graphkit.privacy import load_key

pytestmark = pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")

NAMES = ("planted_ann", "planted_bob", "planted_donor")
VIDEO = 7374807619341093709


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


def export(owner: str, follows: str) -> dict[str, Any]:
    """A personal export of TikTok as it is in 2026, with what must never be read."""
    views = {
        "VideoList": [
            {"Date": "2024-05-31 12:00:00", "Link": f"https://www.tiktokv.com/share/video/{VIDEO}/"}
        ]
    }
    likes = {
        "ItemFavoriteList": [
            {"date": "2024-05-31 12:01:00", "link": f"https://www.tiktokv.com/share/video/{VIDEO}/"}
        ]
    }
    following = {"Following": [{"Date": "2024-01-01 00:00:00", "UserName": follows}]}
    return {
        "Your Activity": {
            "Watch History": views,
            "Like List": likes,
            "Following": following,
            "Login History": {"LoginHistoryList": [{"IP": "PLANTED"}]},
        },
        "Direct Message": {"Direct Messages": {"ChatHistory": {"x": [{"Content": "PLANTED"}]}}},
        "Profile": {"Profile Info": {"ProfileMap": {"userName": owner, "emailAddress": "PLANTED"}}},
    }


@pytest.fixture
def donors(tmp_path: Path) -> Path:
    """A folder of two donors, one of them as a zip archive."""
    root = tmp_path / "donors"
    root.mkdir()
    with zipfile.ZipFile(root / "planted_donor.zip", "w") as archive:
        archive.writestr(
            "user_data_tiktok.json", json.dumps(export("Planted_Donor", "planted_ann"))
        )
    (root / "user_data.json").write_text(json.dumps(export("planted_bob", "Planted_Donor")))
    return root


def content(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def test_a_folder_of_donors_becomes_one_dataset(donors: Path, tmp_path: Path) -> None:
    out = tmp_path / "ds"
    done = run(donors, "--out", out)
    assert done.exit_code == 0, done.output
    assert "is a personal export of TikTok, as its keys are" in " ".join(done.output.split())
    ds, report = gk.read_dataset(out)
    assert report.n_dropped == 0
    assert ds.follows is not None
    assert ds.impressions is not None
    assert ds.follows.height == 2
    assert ds.impressions.height == 2
    # the donor whom the other follows is one account
    assert len(ds.account_ids) == 3
    key = load_key(tmp_path / "graphkit.key")
    assert {key.pseudonym(name, "account") for name in NAMES} == set(ds.account_ids.ids)
    assert key.pseudonym(str(VIDEO), "item") in ds.item_ids
    assert ds.provenance.parameters["pseudonyms"] == key.fingerprint
    assert key.fingerprint in done.output


def test_no_id_name_or_message_is_in_any_byte_of_what_is_written(
    donors: Path, tmp_path: Path
) -> None:
    done = run(donors, "--out", tmp_path / "ds", "--key", tmp_path / "my.key")
    written = content(tmp_path / "ds")
    planted = [b"PLANTED", str(VIDEO).encode(), *(n.encode() for n in NAMES), b"Planted_Donor"]
    assert [word for word in planted if word in written] == []
    assert (tmp_path / "my.key").read_text().strip().encode() not in written
    assert (tmp_path / "my.key").read_text().strip() not in done.output
    tables = gk.read_dataset(tmp_path / "ds")[0].tables.values()
    text = "".join(frame.write_ndjson() for frame in tables)
    assert not any(word.decode() in text for word in planted)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are those of POSIX")
def test_the_key_is_made_for_its_owner_and_used_again(donors: Path, tmp_path: Path) -> None:
    assert "A key of pseudonyms was made" in run(donors, "--out", tmp_path / "a").output
    path = tmp_path / "graphkit.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = run(donors, "--out", tmp_path / "b")
    assert "was made" not in again.output
    assert content(tmp_path / "a") == content(tmp_path / "b")
    run(donors, "--out", tmp_path / "c", "--key", tmp_path / "other.key")
    one, two = gk.read_dataset(tmp_path / "a")[0], gk.read_dataset(tmp_path / "c")[0]
    assert not set(one.account_ids.ids) & set(two.account_ids.ids)


def test_the_key_of_the_environment(
    donors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHKIT_KEY", "ab" * 32)
    assert run(donors, "--out", tmp_path / "ds").exit_code == 0
    assert not (tmp_path / "graphkit.key").exists()
    ds, _ = gk.read_dataset(tmp_path / "ds")
    assert ds.provenance.parameters["pseudonyms"] == load_key().fingerprint


def test_no_key_is_made_for_a_folder_that_is_full(
    donors: Path, tmp_path: Path, call: Callable[..., tuple[object, str, str]]
) -> None:
    (tmp_path / "ds").mkdir()
    (tmp_path / "ds" / "mine").touch()
    code, _, told = call("import", donors, "--out", tmp_path / "ds")
    assert code == 2
    assert "On the command line: --overwrite." in told
    assert not (tmp_path / "graphkit.key").exists()


def test_the_key_stays_out_of_the_folder(donors: Path, tmp_path: Path) -> None:
    done = run(donors, "--out", tmp_path / "ds", "--key", tmp_path / "ds" / "k")
    assert done.exit_code != 0
    assert "keep the key out of the folder" in str(done.exception)
    assert not (tmp_path / "ds" / "k").exists()


def test_raw_ids_are_written_when_asked_for(donors: Path, tmp_path: Path) -> None:
    done = run(donors, "--out", tmp_path / "ds", "--raw-ids")
    assert "they lead to persons" in done.output
    assert not (tmp_path / "graphkit.key").exists()
    ds, _ = gk.read_dataset(tmp_path / "ds")
    assert set(ds.account_ids.ids) == set(NAMES)
    assert b"PLANTED" not in content(tmp_path / "ds")
    assert "pseudonyms" not in ds.provenance.parameters


def test_columns_are_kept_when_asked_for(tmp_path: Path) -> None:
    page = {
        "data": {
            "videos": [
                {
                    "id": VIDEO,
                    "username": "ann",
                    "create_time": 1717081224,
                    "region_code": "DE",
                    "video_description": "a caption",
                }
            ]
        },
        "error": {"code": "ok", "log_id": "1"},
    }
    (tmp_path / "x.json").write_text(json.dumps(page))
    done = run(tmp_path / "x.json", "--out", tmp_path / "a")
    assert "left out: items: column caption (1 rows)" in done.output
    assert b"a caption" not in content(tmp_path / "a")
    run(tmp_path / "x.json", "--out", tmp_path / "b", "--keep", "items.caption")
    ds, _ = gk.read_dataset(tmp_path / "b")
    assert ds.items is not None
    assert ds.items.get_column("caption").to_list() == ["a caption"]
    # the second of creation in the id was read before the id was replaced
    assert ds.items.get_column("created_at").to_list()[0].isoformat() == "2024-05-30T15:00:24+00:00"


def test_accounts_by_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        page = {
            "data": {
                "user_liked_videos": [{"id": VIDEO, "username": "ann", "create_time": 1717081224}]
            },
            "error": {"code": "ok", "log_id": name},
        }
        (tmp_path / "pages").mkdir(exist_ok=True)
        (tmp_path / "pages" / f"{name}.json").write_text(json.dumps(page))
    options = ["--account", "one.json=bob", "--account", "two.json=eve"]
    done = run(tmp_path / "pages", "--out", tmp_path / "ds", "--raw-ids", *options)
    assert done.exit_code == 0, done.output
    ds, _ = gk.read_dataset(tmp_path / "ds")
    assert ds.interactions is not None
    assert sorted(ds.interactions.get_column("account_id")) == ["bob", "eve"]
    wrong = run(tmp_path / "pages", "--out", tmp_path / "x", "--account", "bob", "--account", "eve")
    assert "FILE=NAME" in str(wrong.exception)


def test_formats_are_listed() -> None:
    done = CliRunner().invoke(app, ["formats"])
    assert done.exit_code == 0
    assert all(name in done.output for name in ("tiktok-export", "zeeschuimer", "reddit-comments"))
