"""Pseudonyms: keys, keyed hashes of ids, and what is left out."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

import graphkit as gk
from graphkit.errors import DataError, FileError, OptionError
from graphkit.privacy import PseudonymKey, drop_texts, load_key, make_key, pseudonymise

KEY, OTHER = PseudonymKey(bytes(range(32))), PseudonymKey(bytes(32))


def log() -> gk.Dataset:
    return gk.Dataset(
        accounts={"account_id": ["ann", "bob"], "bio": ["PLANTED", None], "follower_count": [3, 4]},
        items={
            "item_id": ["7374807619341093709", "7"],
            "author_id": ["ann", "bob"],
            "caption": ["PLANTED secret", None],
            "tags": [["BookTok"], []],
            "view_count": [5, 6],
        },
        interactions={
            "account_id": ["bob", "bob"],
            "item_id": ["7374807619341093709", "7"],
            "kind": ["like", "like"],
            "target_account_id": ["ann", None],
        },
        memberships={"account_id": ["ann"], "group_id": ["PLANTED group"]},
    )


def test_a_pseudonym_is_the_keyed_hash_of_its_type() -> None:
    # by hand: hashlib.blake2b(b"ann", digest_size=10, key=bytes(32), person=b"account")
    import hashlib

    hand = hashlib.blake2b(b"ann", digest_size=10, key=bytes(32), person=b"account").hexdigest()
    assert OTHER.pseudonym("ann", "account") == hand
    assert len({KEY.pseudonym("ann", t) for t in ("account", "item", "sound", "group")}) == 4


def test_one_account_by_two_columns_has_one_pseudonym() -> None:
    made = pseudonymise(log(), KEY)
    assert made.accounts is not None
    assert made.items is not None
    assert made.interactions is not None
    ann = KEY.pseudonym("ann", "account")
    assert made.accounts.get_column("account_id").to_list()[0] == ann
    assert made.items.get_column("author_id").to_list()[0] == ann
    assert made.interactions.get_column("target_account_id").to_list() == [ann, None]
    first = KEY.pseudonym("7374807619341093709", "item")
    assert made.items.get_column("item_id").to_list()[0] == first
    assert made.interactions.get_column("item_id").to_list()[0] == first


def test_texts_of_persons_are_left_out_and_counted() -> None:
    made = pseudonymise(log(), KEY)
    text = "".join(frame.write_ndjson() for frame in made.tables.values())
    assert "PLANTED" not in text
    assert "7374807619341093709" not in text
    assert made.items is not None
    assert made.items.get_column("tags").to_list() == [["BookTok"], []]
    assert made.items.get_column("view_count").to_list() == [5, 6]
    assert dict(made.provenance.removed) == {"accounts: column bio": 1, "items: column caption": 1}
    assert made.provenance.parameters["pseudonyms"] == KEY.fingerprint


def test_numbers_that_are_ids_are_left_out() -> None:
    acts = {"account_id": ["a", "b"], "item_id": ["v", "w"], "kind": ["like", "like"]}
    more = {"uid": [17, 18], "serial": [7281986300348026145, 3], "plays": [1 << 53, None]}
    more |= {"userId": [1, 2], "paid": [0.5, 2.0], "valid": [True, False]}
    hidden = pseudonymise(gk.Dataset(interactions=acts | more), KEY)
    assert hidden.interactions is not None
    kept = set(hidden.interactions.columns) - acts.keys()
    assert kept == {"plays", "paid", "valid"}
    assert hidden.provenance.removed["interactions: column serial"] == 2
    # beside ids as they came they stay
    raw = drop_texts(gk.Dataset(interactions=acts | more)).interactions
    assert raw is not None
    assert more.keys() <= set(raw.columns)


def test_columns_that_are_kept() -> None:
    made = pseudonymise(log(), KEY, keep=["items.caption", "memberships.group_id"])
    assert made.items is not None
    assert made.memberships is not None
    assert made.items.get_column("caption").to_list() == ["PLANTED secret", None]
    assert made.memberships.get_column("group_id").to_list() == ["PLANTED group"]
    with pytest.raises(OptionError, match=r"there is no column 'items.captoin'.*items.caption"):
        pseudonymise(log(), KEY, keep=["items.captoin"])


def test_the_time_in_an_id_is_read_before_the_id_is_replaced() -> None:
    made = pseudonymise(log(), KEY)
    assert made.items is not None
    times = made.items.get_column("created_at").to_list()
    assert times[0].isoformat() == "2024-05-30T15:00:04+00:00"  # 7374807619341093709 >> 32
    assert times[1] is None
    assert made.time_kinds["items.created_at"] == "item_created"
    # without a table of items there is one afterwards
    bare = gk.Dataset(
        interactions={"account_id": ["a"], "item_id": ["7374807619341093709"], "kind": ["like"]}
    )
    assert pseudonymise(bare, KEY).items is not None


def test_times_that_are_there_stay() -> None:
    ds = gk.Dataset(items={"item_id": ["7374807619341093709"], "created_at": ["2020-01-01"]})
    made = pseudonymise(ds, KEY)
    assert made.items is not None
    assert made.items.get_column("created_at")[0].year == 2020


def test_another_key_gives_other_pseudonyms() -> None:
    one, two = pseudonymise(log(), KEY), pseudonymise(log(), OTHER)
    assert not set(one.account_ids.ids) & set(two.account_ids.ids)
    assert one.content_key == pseudonymise(log(), KEY).content_key
    assert one.content_key != two.content_key


def test_pseudonyms_are_not_made_twice() -> None:
    made = pseudonymise(log(), KEY)
    with pytest.raises(DataError, match=f"holds pseudonyms already, of the key {KEY.fingerprint}"):
        pseudonymise(made, OTHER)


@given(
    st.lists(
        st.text(min_size=1).filter(lambda s: s.isprintable() and s == s.strip()),
        min_size=1,
        unique=True,
    )
)
def test_pseudonyms_of_distinct_ids_differ(ids: list[str]) -> None:
    made = {KEY.pseudonym(one, "account") for one in ids}
    assert len(made) == len(ids)
    assert all(len(one) == 20 for one in made)


def test_the_partition_is_as_good_under_any_key() -> None:
    platform = gk.synthetic.platform(accounts=400, rng=3)
    qualities, agreements = [], []
    for seed in range(4):
        key = PseudonymKey(np.random.default_rng(seed).bytes(32))
        ds = pseudonymise(platform.dataset, key)
        partition = gk.leiden(gk.cointeraction_graph(ds), runs=10, rng=1)
        qualities.append(partition.quality)
        back = {key.pseudonym(one, "account"): one for one in platform.dataset.account_ids.ids}
        truth = dict(zip(platform.truth.vocabulary, platform.truth.membership, strict=True))
        planted = [truth[back[one]] for one in partition.vocabulary]
        agreements.append(adjusted_mutual_info_score(planted, partition.membership))
    assert np.ptp(qualities) < 0.002
    assert np.ptp(agreements) < 0.05
    # and the edges are the same ones
    raw = gk.cointeraction_graph(platform.dataset)
    assert gk.cointeraction_graph(ds).n_edges == raw.n_edges


def test_key_files_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "graphkit.key"
    key = make_key(path)
    assert load_key(path) == key
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileError, match="a key is never overwritten"):
        make_key(path)
    assert load_key(path) == key
    if os.name == "posix":
        path.chmod(0o644)
        with pytest.warns(gk.GraphkitWarning, match="chmod 600"):
            load_key(path)


def test_the_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHKIT_KEY", KEY.secret.hex())
    assert load_key() == KEY
    monkeypatch.setenv("GRAPHKIT_KEY", "PLANTED")
    with pytest.raises(OptionError, match="64 hexadecimal digits") as told:
        load_key()
    assert "PLANTED" not in str(told.value)
    monkeypatch.delenv("GRAPHKIT_KEY")
    with pytest.raises(OptionError, match="set GRAPHKIT_KEY"):
        load_key()


@pytest.mark.parametrize("content", ["", "ab", "x" * 64, "00" * 31, "\udcff"])
def test_what_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "k"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(FileError, match="holds no key"):
        load_key(path)


def test_a_key_shows_its_fingerprint_only() -> None:
    shown = repr(KEY) + str(KEY) + f"{KEY}"
    assert KEY.fingerprint in shown
    assert KEY.secret.hex() not in shown
    assert str(KEY.secret) not in shown
    assert len(KEY.fingerprint) == 8


def test_derived_datasets_keep_the_fingerprint(tmp_path: Path) -> None:
    made = pseudonymise(log(), KEY).select_accounts([KEY.pseudonym("ann", "account")])
    with pytest.raises(DataError, match="holds pseudonyms already"):
        pseudonymise(made, KEY)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gk.write_dataset(made, tmp_path / "ds")
    again, _ = gk.read_dataset(tmp_path / "ds")
    assert isinstance(again.accounts, pl.DataFrame)
    with pytest.raises(DataError, match="holds pseudonyms already"):
        pseudonymise(again, KEY)


def test_what_is_no_dataset_or_key_is_refused() -> None:
    ds = gk.Dataset(follows={"follower_id": ["ann"], "followee_id": ["bob"]})
    with pytest.raises(OptionError, match=r"load_key\(path\), or make one"):
        pseudonymise(ds, "secret")  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"ds, report = gk\.read_any"):
        pseudonymise((ds, None), PseudonymKey(bytes(32)))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="drop_texts needs a graphkit Dataset"):
        drop_texts((ds, None))  # type: ignore[arg-type]


def test_ids_are_kept_in_all_columns_or_in_none() -> None:
    follows = {"follower_id": ["ann", "bob"], "followee_id": ["bob", "ann"]}
    ds = gk.Dataset(follows=follows, memberships={"account_id": ["ann"], "group_id": ["books"]})
    with pytest.raises(OptionError, match=r"follows.followee_id holds ids of accounts, .*follower"):
        pseudonymise(ds, KEY, keep=["follows.followee_id"])
    every = ["follows.follower_id", "follows.followee_id", "memberships.account_id"]
    assert pseudonymise(ds, KEY, keep=every).follows.equals(ds.follows)
    kept = pseudonymise(ds, KEY, keep=["memberships.group_id"])
    assert kept.memberships.get_column("group_id").to_list() == ["books"]
