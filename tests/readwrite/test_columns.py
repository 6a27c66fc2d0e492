"""from_frame: any frame, any names, and ids that arrive digit by digit by every route."""

from __future__ import annotations

import gzip
import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphkit as gk
from graphkit.errors import DataError, GraphkitWarning, OptionError

LOG = {
    "user": ["ann", "bob", "ann", "cid"],
    "video": [7281986300348026145, 7281986300348026145, 7281986300348026146, 5],
    "timestamp": [1709287200, 1709287260, 1709290800, 1709290801],
    "action": ["like", "fav", "is_hate", "view"],
}
COLUMNS = {"account": "user", "item": "video", "at": "timestamp", "kind": "action"}


def query(frame: pd.DataFrame) -> Any:
    return duckdb.sql("select * from frame")


#: The same frame of every library; what it is made from has plain types.
LIBRARIES: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "mapping": dict,
    "polars": pl.DataFrame,
    "lazy polars": pl.LazyFrame,
    "pandas": pd.DataFrame,
    "pandas of objects": lambda columns: pd.DataFrame(columns, dtype=object),
    "pandas of categories": lambda columns: pd.DataFrame(columns).astype("category"),
    "pandas of nullable types": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "pandas of Arrow": lambda columns: pd.DataFrame(columns).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "arrow": pa.table,
    "arrow batch": lambda columns: pa.table(columns).to_batches()[0],
    "duckdb": lambda columns: query(pd.DataFrame(columns)),
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_gives_the_same_dataset(library: str) -> None:
    ds = gk.from_frame(LIBRARIES[library](LOG), **COLUMNS, kinds={"fav": "save"}, source="a log")
    assert ds.source == "a log"
    assert ds.interactions is not None
    assert ds.interactions.schema == {
        "account_id": pl.String,
        "item_id": pl.String,
        "kind": pl.String,
        "at": pl.Datetime("us", "UTC"),
    }
    assert ds.interactions.rows() == [
        (user, str(video), {"fav": "save"}.get(kind, kind), datetime.fromtimestamp(at, UTC))
        for user, video, at, kind in zip(*LOG.values(), strict=True)
    ]
    assert ds.provenance.verb == "from_frame"
    note = "interactions: times in 'at' read as seconds since 1970"
    assert ds.provenance.parameters["converted"] == {note: 4}


def test_four_lines_from_pandas_to_named_communities() -> None:
    rows = [(f"u{k}", f"v{k % 2}{j}", "like") for k in range(20) for j in range(3)]
    df = pd.DataFrame(rows, columns=["user", "video", "action"])
    df["hashtags"] = df["video"].map(lambda v: ["booktok", "fyp"] if v[1] == "0" else ["cats"])

    ds = gk.from_frame(df, account="user", item="video", kind="action", tags="hashtags")
    communities = gk.leiden(gk.cointeraction_graph(ds), runs=2, rng=1)
    named = gk.label_communities(communities, ds)

    assert sorted(named.labels) == ["#booktok", "#cats"]
    assert named.sizes.tolist() == [10, 10]


#: Ids that a float, an integer of 64 bits or a spreadsheet would not keep.
IDS = st.lists(
    st.one_of(
        st.integers(10**18, 10**21 - 1).map(str),
        st.integers(0, 10**10).map(lambda n: f"{n:012}"),
        st.integers(0, 2**80).map(lambda n: f"{n:x}").filter(lambda t: not t.isdigit()),
    ).filter(lambda text: any(c in "123456789" for c in text)),
    min_size=2,
    max_size=6,
    unique=True,
).filter(lambda ids: not any("e" in i and i.replace("e", "").isdigit() for i in ids))


def taken(frame: Any) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphkitWarning)  # ids that all end in zeros, say
        ds = gk.from_frame(frame, account="who", item="what", kind_is="like")
    assert ds.interactions is not None
    return ds.interactions.get_column("item_id").to_list()


@settings(max_examples=40)
@given(IDS)
def test_ids_of_text_are_exact_by_every_library(ids: list[str]) -> None:
    columns = {"who": ["a"] * len(ids), "what": ids}
    for name, make in LIBRARIES.items():
        assert taken(make(columns)) == ids, name
    assert taken(pd.DataFrame(columns).set_index("what")) == ids


@given(st.lists(st.integers(10**18, 10**21 - 1), min_size=1, max_size=5, unique=True))
def test_wide_integers_are_exact_by_every_library(numbers: list[int]) -> None:
    ids = [str(n) for n in numbers]
    who = ["a"] * len(ids)
    frames = {
        "polars": pl.DataFrame({"who": who, "what": pl.Series(numbers, dtype=pl.Int128)}),
        "objects": pd.DataFrame({"who": who, "what": pd.Series(numbers, dtype=object)}),
        "arrow": pa.table({"who": who, "what": pa.array(numbers, pa.decimal128(38, 0))}),
        "duckdb": duckdb.sql(
            "select 'a' as who, unnest(["
            + ", ".join(f"'{n}'::HUGEINT" for n in numbers)
            + "]) as what"
        ),
    }
    if max(numbers) < 2**63:
        frames |= {
            "nullable": pd.DataFrame({"who": who, "what": pd.Series(numbers, dtype="Int64")}),
            "numpy": pd.DataFrame({"who": who, "what": np.array(numbers)}),
            "arrow int": pa.table({"who": who, "what": pa.array(numbers)}),
        }
    if max(numbers) < 2**64:
        unsigned = pd.DataFrame({"who": who, "what": np.array(numbers, dtype=np.uint64)})
        frames |= {"unsigned": unsigned, "queried": query(unsigned)}
    for name, frame in frames.items():
        assert taken(frame) == ids, name


def write_ndjson(path: Path, names: tuple[str, str], ids: list[str]) -> None:
    rows = [
        {names[0]: "a", names[1]: int(i) if i[0] in "123456789" and i.isdigit() else i} for i in ids
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_csv(path: Path, names: tuple[str, str], ids: list[str], mark: str = ",") -> None:
    text = "".join(f"{a}{mark}{b}\r\n" for a, b in [names, *(("a", i) for i in ids)])
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def write_parquet(path: Path, names: tuple[str, str], ids: list[str]) -> None:
    pl.DataFrame({names[0]: ["a"] * len(ids), names[1]: ids}).write_parquet(path)


@settings(max_examples=25)
@given(IDS)
def test_ids_are_exact_by_every_file(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("ids")
    writers = {
        "log.ndjson": write_ndjson,
        "log.csv": write_csv,
        "log.csv.gz": write_csv,
        "log.tsv": lambda *a: write_csv(*a, mark="\t"),
        "semicolons.csv": lambda *a: write_csv(*a, mark=";"),
        "log.parquet": write_parquet,
    }
    for name, write in writers.items():
        path = folder / name
        write(path, ("who", "what"), ids)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GraphkitWarning)
            ds, _ = gk.read_dataset(
                path,
                table="interactions",
                columns={"who": "account_id", "what": "item_id"},
                kind_is="like",
            )
            matrix = gk.readwrite.read_incidence(path, entity="who", thing="what")
        assert ds.interactions is not None
        assert ds.interactions.get_column("item_id").to_list() == ids, name
        assert list(matrix.through.ids) == sorted(ids), name


def test_floats_beside_missing_ids_are_refused() -> None:
    df = pd.DataFrame({"user": ["a", "b"], "video": [7281986300348026145, np.nan]})
    with pytest.raises(DataError, match=r"column 'video' was read as float such as 7.28.*e\+18"):
        gk.from_frame(df, account="user", item="video", kind_is="view")
    df["video"] = pd.Series([7281986300348026145, None], dtype="Int64")
    ds = gk.from_frame(df, account="user", item="video", kind_is="view")
    assert ds.interactions is not None
    assert ds.interactions["item_id"].to_list() == ["7281986300348026145", None]


def test_a_column_without_values_is_missing() -> None:
    df = pd.DataFrame({"user": ["a"], "video": ["v"], "whom": [np.nan]})
    ds = gk.from_frame(df, account="user", item="video", kind_is="view", target_account="whom")
    assert ds.interactions is not None
    assert ds.interactions["target_account_id"].to_list() == [None]
    with pytest.raises(DataError, match="every table is empty"):
        gk.from_frame(pd.DataFrame({"u": [], "v": []}), account="u", item="v", kind_is="view")


def test_errors_name_the_column_of_the_frame() -> None:
    with pytest.raises(DataError, match=r"column 'when', row 2: 'soon' is not a time"):
        gk.from_frame(
            {"u": ["a", "b"], "v": ["x", "y"], "when": ["2024-03-01", "soon"]},
            account="u",
            item="v",
            at="when",
            kind_is="view",
        )
    with pytest.raises(DataError, match=r"no column 'usr'; there are 'user', 'video'.*'user'"):
        gk.from_frame(pl.DataFrame(LOG), account="usr", item="video", kind="action")


def test_follows_groups_and_impressions() -> None:
    ends = {"a": ["x", "x", "y", "y"], "b": ["y", "y", "y", "x"], "t": ["2024-03-01"] * 4}
    told = (
        r"left out rows: follows: the same row again \(1\); follows: account follows itself \(1\)"
    )
    with pytest.warns(GraphkitWarning, match=told):
        ds = gk.from_frame(ends, follower="a", followee="b", since="t")
    assert ds.follows is not None
    assert ds.follows.select("follower_id", "followee_id").rows() == [("x", "y"), ("y", "x")]
    assert dict(ds.provenance.removed) == {
        "follows: the same row again": 1,
        "follows: account follows itself": 1,
    }
    groups = gk.from_frame({"u": ["a"], "g": ["choir"]}, account="u", group="g").memberships
    assert groups is not None
    assert groups.rows() == [("a", "choir")]
    seen = {"u": ["a", "a"], "v": [1, 1], "w": [0.5, 1.5], "s": ["for_you"] * 2}
    for options in ({"watch_fraction": "w", "surface": "s"}, {"table": "impressions"}):
        shown = gk.from_frame(seen, account="u", item="v", **options).impressions
        assert shown is not None
        assert shown.height == 2


def test_ratings_keep_every_row() -> None:
    stars = {"u": list("abcd"), "v": list("wxyz"), "stars": ["5", "4", "3.5", None]}
    ds = gk.from_frame(stars, account="u", item="v", rating="stars", threshold=4)
    assert ds.interactions is not None
    assert ds.interactions.select("kind", "value").rows() == [
        *(("like", 5.0), ("like", 4.0), ("rating", 3.5), ("rating", None))
    ]
    assert ds.provenance.parameters["converted"] == {
        "interactions: ratings of 4 or more: kind 'like'": 2,
        "interactions: other ratings: kind 'rating'": 2,
    }
    plain = gk.from_frame(stars, account="u", item="v", rating="stars").interactions
    assert plain is not None
    assert plain["kind"].to_list() == ["rating"] * 4


def test_items_take_the_first_value_and_tell_of_others() -> None:
    frame = {
        "u": ["a", "b", "c", "d"],
        "v": ["x", "x", "y", None],
        "by": ["m", "n", None, "o"],
        "tags": ["a|b", None, "c", "d"],
    }
    told = r"items: author_id has several values for one item: first taken \(1\)"
    with pytest.warns(GraphkitWarning, match=told):
        ds = gk.from_frame(frame, account="u", item="v", kind_is="like", author="by", tags="tags")
    assert ds.items is not None
    assert ds.items.rows() == [("x", "m", ["a", "b"]), ("y", None, ["c"])]
    only = gk.from_frame(frame | {"v": list("wxyz")}, item="v", author="by", tags="tags")
    assert list(only.tables) == ["items"]


def test_local_times_show_in_the_ids() -> None:
    seconds = [1717081224 + 100 * k for k in range(5)]
    frame = {
        "id": [(s << 32) + k for k, s in enumerate(seconds)],
        "made": [
            datetime.fromtimestamp(s + 7200, UTC).strftime("%Y-%m-%dT%H:%M:%S") for s in seconds
        ],
    }
    told = r"made 2 h earlier than created_at: local time\? pass tz='\+02:00'"
    with pytest.warns(GraphkitWarning, match=told):
        gk.from_frame(frame, item="id", created="made")
    ds = gk.from_frame(frame, item="id", created="made", tz="+02:00")
    assert ds.items is not None
    assert ds.items["created_at"].to_list() == [datetime.fromtimestamp(s, UTC) for s in seconds]
    berlin = gk.from_frame(frame, item="id", created="made", tz="Europe/Berlin")
    assert berlin.content_key == ds.content_key


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        (
            {},
            OptionError,
            "interactions need account=, the name of a column; its columns are 'user'",
        ),
        (
            {"account": "user", "item": "video"},
            OptionError,
            "what did .* do.*kind='action'.*kind_is",
        ),
        (
            {"account": "user", "kind": "action", "kind_is": "like"},
            OptionError,
            "do not go together",
        ),
        (
            {"account": "user", "rating": "video", "value": "video"},
            OptionError,
            "do not go together",
        ),
        ({"account": "user", "kind": "action", "threshold": 3}, OptionError, "goes with rating="),
        (
            {"account": "user", "kind_is": "like", "kinds": {"a": "b"}},
            OptionError,
            "goes with kind=",
        ),
        ({"account": "user", "kind": "action", "kinds": {"a": 1}}, OptionError, "texts to texts"),
        ({"account": "user", "kind_is": " "}, OptionError, "kind_is= is a kind"),
        ({"account": "user", "kind_is": "like", "tags": "action"}, OptionError, "item= is missing"),
        ({"follower": "user"}, OptionError, "follows need followee="),
        (
            {"follower": "user", "followee": "video", "at": "timestamp"},
            OptionError,
            "at= has no place",
        ),
        (
            {"account": "user", "group": "video", "kind": "action"},
            OptionError,
            "kind= has no place",
        ),
        ({**COLUMNS, "table": "interaction"}, OptionError, "table='interaction' is unknown"),
        (
            {"account": "user", "item": "video", "surface": "action", "kind_is": "x"},
            OptionError,
            "only",
        ),
        ({**COLUMNS, "tz": "Berlin"}, OptionError, "tz='Berlin' is no time zone"),
    ],
)
def test_columns_that_make_no_table_are_refused(
    options: dict[str, Any], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named) as caught:
        gk.from_frame(pd.DataFrame(LOG), **options)
    assert len(str(caught.value)) < 600


def test_kinds_are_open_and_usable_by_name() -> None:
    frame = {"u": list("abcd"), "v": ["x", "x", "y", "y"], "k": ["is_hate"] * 3 + ["like"]}
    ds = gk.from_frame(frame, account="u", item="v", kind="k")
    assert gk.cointeraction_graph(ds, kinds=("is_hate",)).edges().rows() == [("a", "b", 1.0)]
    assert gk.cointeraction_graph(ds).n_edges == 0
    with pytest.raises(OptionError, match=r"kinds='is_hat' is unknown.*'is_hate'.*these data also"):
        gk.cointeraction_graph(ds, kinds=("is_hat",))
    with pytest.warns(
        GraphkitWarning, match=r"kind 'likes' is kept; rename it, if 'like' is meant"
    ):
        near = gk.from_frame(frame | {"k": ["likes"] * 4}, account="u", item="v", kind="k")
    assert near.interactions is not None
    assert near.interactions["kind"].unique().to_list() == ["likes"]


GRAPH_FUNCTIONS: dict[str, Callable[[Any], object]] = {
    "cointeraction_graph": gk.cointeraction_graph,
    "follow_graph": gk.follow_graph,
    "interaction_graph": gk.interaction_graph,
    "layers": gk.layers,
    "interaction_times": gk.graphs.interaction_times,
    "plan": gk.graphs.plan,
    "build_world": gk.build_world,
    "split_world_data": gk.split_world_data,
    "write_dataset": lambda frame: gk.write_dataset(frame, "nowhere"),
    "study_communities": lambda frame: gk.study_communities(frame, "nowhere"),
    "leiden": gk.leiden,
    "backbone": lambda frame: gk.backbone(frame, method="disparity", alpha=0.1),
    "describe": gk.graphs.describe,
    "resolution_profile": gk.communities.resolution_profile,
    "rewire": lambda frame: gk.nullmodels.rewire(frame, rng=1),
}


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow", "duckdb"])
@pytest.mark.parametrize("function", GRAPH_FUNCTIONS)
def test_a_frame_in_place_of_a_dataset_names_the_call(function: str, library: str) -> None:
    frame = LIBRARIES[library](LOG)
    call = "gk.from_frame(df, account='user', item='video', at='timestamp', kind='action')"
    with pytest.raises(gk.GraphkitError, match=rf"^{function}") as caught:
        GRAPH_FUNCTIONS[function](frame)
    if function == "follow_graph":
        call = "gk.from_frame(df, follower='…', followee='…'); its columns are 'user'"
    assert call in str(caught.value)
    assert not Path("nowhere").exists()


def public_frames() -> dict[str, pl.DataFrame]:
    """Frames that users receive, of every package, by the call."""
    platform = gk.synthetic.platform(accounts=120, rng=3)
    ds = platform.dataset
    assert ds.interactions is not None
    follows, shared = gk.follow_graph(ds), gk.cointeraction_graph(ds, top=5)
    found = gk.label_communities(gk.leiden(shared, runs=3, rng=1), ds)
    world = gk.build_world(platform, ticks=3)
    arms = {"a": gk.recommenders.uniform(), "b": gk.interest_centric()}
    spread = gk.simulate_spread([world], arms, ticks=3, slots=3, replications=2, rng=1)
    outcome = gk.measure_spread(spread)
    view = gk.visibility(found, follows, runs=2, rng=1)
    hit = gk.find_community(found, ds, tags=("booktok",))
    profile = gk.communities.resolution_profile(shared, quality="cpm", runs=2, rng=1)
    tracks = gk.track([found, found])
    assert found.evidence is not None
    return {f"Dataset.{name}": frame for name, frame in ds.tables.items()} | {
        "Dataset.summary": ds.summary(),
        "Graph.edges": shared.edges(),
        "interaction_times": gk.graphs.interaction_times(ds, kinds=("like",)),
        "Partition.frame": found.frame(),
        "Partition.summary": found.summary(),
        "Partition.evidence": found.evidence,
        "best_matches": gk.communities.best_matches(found, platform.truth),
        "community_report": gk.communities.community_report(shared, found),
        "Visibility.frame": view.frame,
        "CommunityMatch.candidates": hit.candidates,
        "ResolutionProfile.frame": profile.frame,
        "ResolutionProfile.domains": profile.domains,
        "Tracks.events": tracks.events,
        "Tracks.frame": tracks.frame(),
        "Tracks.summary": tracks.summary(),
        "Spread.summary": spread.summary(),
        "measure_spread": outcome,
        "contrast": gk.contrast(outcome, "b", "a").frame,
    }


def test_every_frame_goes_back_to_pandas() -> None:
    frames = public_frames()
    assert len(frames) > 12
    for name, frame in frames.items():
        for column, dtype in frame.schema.items():
            assert column.isidentifier(), (name, column)
            assert dtype not in (pl.Object, pl.Int128, pl.Decimal), (name, column)
        table = frame.to_pandas()
        assert list(table.columns) == frame.columns, name
        assert len(table) == frame.height
        assert pl.from_pandas(table).height == frame.height


def test_a_dataset_goes_to_pandas_and_back() -> None:
    ds = gk.from_frame(LOG, **COLUMNS)
    tables = ds.to_pandas()
    assert list(tables) == ["interactions"]
    assert gk.Dataset(**tables).content_key == ds.content_key


@pytest.mark.real_data
def test_samples_of_event_tables(shared_data: Path) -> None:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples of formats are not beside the checkout")
    recommender = samples / "recommender"
    ratings = pl.scan_csv(recommender / "movielens" / "ratings.csv", infer_schema=False)
    names = {"account": "userId", "item": "movieId", "rating": "rating", "at": "timestamp"}
    logs = [gk.from_frame(ratings, **names), gk.from_frame(ratings.collect().to_pandas(), **names)]
    assert logs[0].content_key == logs[1].content_key
    shares, _ = gk.read_dataset(
        recommender / "coordination" / "coortweet.csv",
        table="interactions",
        columns={"object_id": "item_id", "timestamp_share": "at"},
        kind_is="share",
    )
    views, _ = gk.read_dataset(
        recommender / "kuairec" / "small_matrix.csv",
        table="interactions",
        columns={"user_id": "account_id", "video_id": "item_id", "timestamp": "at"},
        kind_is="view",
    )
    for ds, items in ((logs[0], 30), (shares, 25), (views, 30)):
        assert ds.interactions is not None
        assert ds.interactions.height == 96
        assert (len(ds.account_ids), len(ds.item_ids)) == (12, items)
        ends = ds.interactions["at"].dt.to_string("%Y-%m-%d %H:%M:%S")
        assert (ends.min(), ends.max()) == ("2024-05-09 11:25:31", "2024-05-31 21:54:10")


@pytest.mark.real_data
def test_samples_of_video_tables(shared_data: Path) -> None:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples of formats are not beside the checkout")
    pyktok = samples / "tiktok_wrappers" / "pyktok_videos_utc_plus_2.csv"
    names = {"video_id": "item_id", "author_username": "author_id", "video_timestamp": "created_at"}
    with pytest.warns(GraphkitWarning, match=r"made 2 h earlier .* pass tz='\+02:00'"):
        gk.read_dataset(pyktok, table="items", columns=names)
    kept, report = gk.read_dataset(pyktok, table="items", columns=names, tz="+02:00")
    assert report.rows.rows() == [("items", 32, 30)]
    assert kept.items is not None
    made = kept.items["created_at"].dt.to_string("%Y-%m-%d %H:%M:%S")
    assert (made.min(), made.max()) == ("2024-05-03 19:34:25", "2024-05-30 15:00:24")
    tables = {
        "tiktok_wrappers/traktok_videos_fwrite.csv": ("video_id", "author_name", "hashtag_names"),
        "tiktok_wrappers/researchtikpy_videos.csv": ("id", "username", "hashtag_names"),
        "zeeschuimer_4cat/zeeschuimer-export-tiktok.com-2026-07-01T010000.csv": (
            *("id", "author", "hashtags"),
        ),
        "zeeschuimer_4cat/4cat_tiktok_posts.csv": ("id", "author", "hashtags"),
    }
    for name, (item, author, tags) in tables.items():
        names = {item: "item_id", author: "author_id", tags: "tags"}
        found, _ = gk.read_dataset(samples / name, table="items", columns=names)
        assert found.items is not None
        assert found.items.height == 30, name
        assert found.items["tags"].explode().drop_nulls().n_unique() == 8, name


def test_kinds_that_are_not_in_the_column_are_told() -> None:
    log = {"user": ["a", "b"], "video": ["1", "2"], "did": ["fav", "like"]}
    with pytest.warns(gk.GraphkitWarning, match="no kind 'favv' of kinds= is there"):
        ds = gk.from_frame(
            log, account="user", item="video", kind="did", kinds={"favv": "save", "like": "view"}
        )
    assert ds.interactions.get_column("kind").to_list() == ["fav", "view"]


def test_times_without_a_zone_beside_others_are_counted() -> None:
    log = {"who": ["a", "b", "c"], "what": ["v"] * 3}
    for first, told in (
        ("2026-03-01T10:00:00", {}),
        (
            "2026-03-01T10:00:00+01:00",
            {
                "interactions: times in 'at' without a zone, beside others "
                "that have one: read as UTC": 2
            },
        ),
    ):
        times = {"when": [first, "2026-03-01T10:00:00", "2026-03-01 11:00"]}
        ds = gk.from_frame(log | times, account="who", item="what", at="when", kind_is="like")
        assert ds.provenance.parameters.get("converted", {}) == told
