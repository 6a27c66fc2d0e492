"""Times of tables, options and logs: one reader, checked against datetime."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphkit as gk
from graphkit.data.times import TIME, as_instant, parse_times, read_times
from graphkit.errors import DataError, GraphkitError, OptionError
from graphkit.readwrite import read_dataset, read_incidence

NOON = datetime(2024, 3, 1, 10, tzinfo=UTC)

#: Texts and the instants that they are, by the rules of ISO 8601.
FORMS = {
    "2024-03-01": NOON.replace(hour=0),
    "20240301": NOON.replace(hour=0),
    "2024-061": NOON.replace(hour=0),
    "2024061": NOON.replace(hour=0),
    "2024-W09-5": NOON.replace(hour=0),
    "2024W095": NOON.replace(hour=0),
    "2024-03-01Z": NOON.replace(hour=0),
    "2024-03-01+02:00": NOON.replace(hour=0) - timedelta(hours=2),
    "2024-03-01T10": NOON,
    "2024-03-01T10:00": NOON,
    "2024-03-01 10:00:00": NOON,
    "2024-03-01  10:00:00": NOON,
    " 2024-03-01T10:00:00\t": NOON,
    "2024-03-01t10:00:00z": NOON,
    "2024-03-01T10Z": NOON,
    "20240301T10": NOON,
    "20240301T1000": NOON,
    "20240301T100000Z": NOON,
    "20240301T100000,25Z": NOON + timedelta(milliseconds=250),
    "2024-W09-5T10:00": NOON,
    "2024061T100000+0000": NOON,
    "2024-03-01 10:00:00 UTC": NOON,
    "2024-03-01 10:00:00 GMT": NOON,
    "2024-03-01 10:00:00+00": NOON,
    "2024-03-01 12:00:00+02": NOON,
    "2024-03-01T12:00:00+0200": NOON,
    "2024-03-01T12:00:00 +0200": NOON,
    "2024-03-01T12:00:00 +02:00": NOON,
    "2024-03-01T15:30:00+05:30": NOON,
    "2024-03-01T08:00:00-02:00": NOON,
    "2024-03-01T08:00:00−02:00": NOON,
    "2024-03-01T10:53:28+00:53:28": NOON,
    "2024-03-01T10:00:00.5": NOON + timedelta(milliseconds=500),
    "2024-03-01T10:00:00,5Z": NOON + timedelta(milliseconds=500),
    "2024-03-01T10:00:00.120+00:00": NOON + timedelta(milliseconds=120),
    "2024-03-01T12:00:00.000001+02:00": NOON + timedelta(microseconds=1),
    # digits beyond microseconds are cut, not rounded
    "2024-03-01T10:00:00.1234569": NOON + timedelta(microseconds=123456),
    "2024-03-01T10:00:00.1234569999999Z": NOON + timedelta(microseconds=123456),
    "2024-02-29T24:00": NOON.replace(hour=0),
    "2024-02-29T24:00:00.000Z": NOON.replace(hour=0),
    "2016-12-31T23:59:60Z": datetime(2017, 1, 1, tzinfo=UTC),
    "2017-01-01T00:59:60.5+01:00": datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC),
    # numbers since 1970, checked with GNU date
    "1632904713": datetime(2021, 9, 29, 8, 38, 33, tzinfo=UTC),
    "1632904713.25": datetime(2021, 9, 29, 8, 38, 33, 250_000, tzinfo=UTC),
    "1632904713000": datetime(2021, 9, 29, 8, 38, 33, tzinfo=UTC),
    "1632904713000.5": datetime(2021, 9, 29, 8, 38, 33, 500, tzinfo=UTC),
    "1632904713000001": datetime(2021, 9, 29, 8, 38, 33, 1, tzinfo=UTC),
    "1632904713000001999": datetime(2021, 9, 29, 8, 38, 33, 1, tzinfo=UTC),
}

WRONG = [
    "soon",
    "2024",
    "2024-03",
    "2024-W09",
    "202403",
    "2023-02-29",
    "2023-366",
    "2023-W53-1",
    "2024-13-01",
    "2024-0301",
    "2024-03-01T25:00",
    "2024-03-01T24:00:01",
    "2024-03-01T10:60",
    "2024-03-01T12:30:60",  # no leap second
    "2024-03-01T10.5",  # half past ten, or five minutes past?
    "2024-03-01T10:30.5",
    "2024-03-01T10:0000",
    "2024-03-01T10:00:00+24:00",
    "2024-03-01T10:00:00+02:60",
    "2024-03-01T10:00:00 CET",
    "2024-03-01-05",
    "03/01/2024",
    "20240301100000",
    "16329047",
    "202403011000",
    "2024030110",
    "9223372036854775808",
    "-1632904713",
    "２０２４-03-01",
    "2024-03-01T10:00:00+",
    "1.6e",
]


def table(text: object) -> datetime:
    log = {"account_id": ["a"], "item_id": ["v"], "kind": ["like"], "at": [text]}
    found: datetime = gk.Dataset(interactions=log).interactions["at"][0]
    return found


@pytest.mark.parametrize("text", FORMS)
def test_table_option_and_log_read_every_form(text: str) -> None:
    assert table(text) == FORMS[text]
    assert as_instant("when", text) == FORMS[text]
    log = pl.LazyFrame({"account_id": ["a"], "item_id": ["v"], "at": [text]})
    micros = (FORMS[text] - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert read_incidence(log, at="at").first.tolist() == [micros]


@pytest.mark.parametrize("text", WRONG)
def test_table_and_option_refuse_other_texts(text: str) -> None:
    with pytest.raises(DataError, match=r"column 'at', row 1: .* is not a time"):
        table(text)
    with pytest.raises(OptionError, match=r"when=.* is not an ISO 8601 time"):
        as_instant("when", text)


def test_forms_of_a_column_may_differ_and_rows_keep_their_places() -> None:
    iso = {text: at for text, at in FORMS.items() if "-" in text or "T" in text}
    texts = [None, *iso, "", *reversed(iso)]
    found = read_times(pl.Series("at", texts), "column 'at'")
    assert found.dtype == TIME
    assert found.to_list() == [None, *iso.values(), None, *reversed(iso.values())]
    categories = read_times(pl.Series("at", texts, dtype=pl.Categorical), "column 'at'")
    assert categories.equals(found)


OFFSETS = st.one_of(st.none(), st.integers(-1439, 1439))


@given(
    st.datetimes(datetime(1990, 1, 3), datetime(2099, 12, 29)),
    OFFSETS,
    st.sampled_from(["auto", "hours", "minutes", "seconds", "milliseconds", "microseconds"]),
    st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%G-W%V-%u", "%GW%V%u"]),
    st.sampled_from("T "),
)
def test_reader_agrees_with_fromisoformat(
    moment: datetime, offset: int | None, spec: str, day: str, separator: str
) -> None:
    clock = moment.time().isoformat(spec)
    if "-" not in day:
        clock = clock.replace(":", "")
    zone = ""
    if offset is not None:
        hours, minutes = divmod(abs(offset), 60)
        zone = f"{'-' if offset < 0 else '+'}{hours:02}{':' * ('-' in day)}{minutes:02}"
    text = f"{moment.strftime(day)}{separator}{clock}{zone}"
    wanted = datetime.fromisoformat(text)
    wanted = wanted.replace(tzinfo=UTC) if wanted.tzinfo is None else wanted.astimezone(UTC)
    assert read_times(pl.Series([text]), "column 'at'").to_list() == [wanted]
    assert as_instant("when", text) == wanted


@given(st.text("0123456789-:T +Z.,W", max_size=26))
def test_any_text_is_refused_or_read_alike(text: str) -> None:
    parsed = parse_times(pl.Series([text]), "column 'at'")
    if parsed.at[0] is None:
        with pytest.raises(OptionError):
            as_instant("when", text)
        return
    found = as_instant("when", text)
    assert (found - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) == parsed.at[0]


@pytest.mark.parametrize(("unit", "per"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_numbers_since_1970_have_one_unit(unit: str, per: int, tmp_path: Path) -> None:
    ticks = [1632904713 * per, None, 1700000000 * per]
    wanted = [FORMS["1632904713"], None, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)]
    frame = pl.DataFrame({"follower_id": list("abc"), "followee_id": list("bca"), "since": ticks})
    names = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
    reason = f"times in 'since' read as {names[unit]} since 1970"
    ds = gk.Dataset(follows=frame)
    assert ds.follows is not None
    assert ds.follows["since"].to_list() == wanted
    assert ds.provenance.parameters["converted"] == {f"follows: {reason}": 2}
    for name in ("csv", "parquet"):
        folder = tmp_path / name
        folder.mkdir()
        getattr(frame, f"write_{name}")(folder / f"follows.{name}")
        again, report = read_dataset(folder)
        assert again.content_key == ds.content_key
        assert report.notes.rows() == [("follows", reason, 2)]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (["1632904713", "2021-09-29"], "mixes ISO 8601 and seconds since 1970"),
        (["1632904713", "1632904713000"], "mixes milliseconds since 1970 and seconds since 1970"),
        ([1632904713, 1632904713000], "mixes milliseconds since 1970 and seconds since 1970"),
        ([None, 20240301], "row 2: 20240301 is a number whose unit and origin are unknown"),
        ([20240301.0, None], "row 1: 20240301.0 is a number whose unit .* unknown, or a date"),
        ([20240301100000], "a clock without a mark between them, 20240301T100000, write it so"),
        ([2024030110, 2024030111], r"row 1 \(2 such rows\): 2024030110 .*20240301T10, write"),
        ([99999999], "is a number whose unit and origin are unknown"),
        ([float("inf")], "inf is a number whose unit and origin are unknown"),
        (["100000000"], r"1973-03-03T09:46:40\+00:00\) lies outside 1990–2100"),
        (["1.6329E+09"], "is in scientific notation, and its digits are lost"),
        (["9999999999"], r"2286-11-20T17:46:39\+00:00\) lies outside 1990–2100"),
        (["1989-12-31T23:59:59.9"], "lies outside 1990–2100"),
        (["2100-01-01"], "lies outside 1990–2100"),
        (["2024-03-01T00:00+14", "x" * 500], r"row 2: '.{55,60}… is not a time"),
    ],
)
def test_ambiguous_and_implausible_columns_are_refused(values: list[object], named: str) -> None:
    with pytest.raises(DataError, match=named):
        read_times(pl.Series("at", values), "column 'at'")


def test_log_refuses_units_that_differ_and_counts_implausible_times() -> None:
    def read(values: list[object]) -> object:
        ids = [f"v{k}" for k in range(len(values))]
        frame = pl.LazyFrame({"account_id": ["a"] * len(values), "item_id": ids, "at": values})
        return read_incidence(frame, at="at").removed

    with pytest.raises(DataError, match="mixes ISO 8601 and seconds since 1970"):
        read(["1632904713", "2021-09-29"])
    log = pl.LazyFrame({"account_id": ["a", "b"], "item_id": ["v", "v"], "at": [1632904713, None]})
    parameters = read_incidence(log, at="at").provenance.parameters
    assert parameters["converted"] == {"times in 'at' read as seconds since 1970": 1}
    unread = "times in at that cannot be read or lie outside 1990–2099"
    assert read(["1632904713", "soon", " ", None]) == {unread: 1, "acts without at": 2}


TICKS = [1_700_000_000_000_000_000, -(10**18), 2**62, -(2**63), -(2**63) + 1, 2**63 - 1, 4 * 10**17]
DTYPES = [pl.Datetime(u, z) for u in ("ms", "us", "ns") for z in (None, "UTC", "Asia/Kolkata")]


@pytest.mark.parametrize("ticks", TICKS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_datetimes_outside_the_calendar_are_refused_by_row(ticks: int, dtype: pl.Datetime) -> None:
    series = pl.Series("since", [None, ticks], dtype=pl.Int64).cast(dtype)
    seconds = ticks / {"ms": 10**3, "us": 10**6, "ns": 10**9}[dtype.time_unit]
    if 631_152_000 <= seconds < 4_102_444_800:
        found = read_times(series, "column 'since'").to_physical().to_list()
        assert found == [None, ticks // 1000]
        return
    with pytest.raises(
        DataError, match=rf"column 'since', row 2: {ticks} .*s since 1970.* outside"
    ):
        read_times(series, "column 'since'")


def test_message_names_the_likely_unit() -> None:
    series = pl.Series([1_700_000_000_000_000_000]).cast(pl.Datetime("us"))
    with pytest.raises(DataError, match=r"as nanoseconds it would be 2023-11-14T22:13:20\+00:00"):
        read_times(series, "column 'since'")
    series = pl.Series([1_700_000_000]).cast(pl.Datetime("ms"))
    with pytest.raises(DataError, match=r"\(1970-01-20.*\) lies .*; as seconds it would be 2023-"):
        read_times(series, "column 'since'")
    with pytest.raises(DataError, match="row 1: 2147483647 days since 1970 lies outside"):
        read_times(pl.Series([2**31 - 1], dtype=pl.Int32).cast(pl.Date), "column 'since'")


def test_zones_and_units_of_datetimes() -> None:
    local = pl.Series([NOON]).dt.convert_time_zone("America/New_York")
    assert read_times(local, "at").to_list() == [NOON]
    naive = pl.Series([NOON.replace(tzinfo=None)])
    assert read_times(naive, "at").to_list() == [NOON]
    assert read_times(naive.cast(pl.Datetime("ms")), "at").to_list() == [NOON]
    assert read_times(pl.Series([NOON.date()]), "at").to_list() == [NOON.replace(hour=0)]
    assert read_times(pl.Series([None]), "at").dtype == TIME
    assert read_times(pl.Series([], dtype=pl.String), "at").dtype == TIME


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([True]),
        pl.Series([timedelta(days=1)]),
        pl.Series([NOON.time()]),
        pl.Series([b"2024-03-01"]),
        pl.Series([["2024-03-01"]]),
        pl.Series([{"at": "2024-03-01"}]),
        pl.Series([object()], dtype=pl.Object),
        pl.Series([1632904713]).cast(pl.Decimal(12, 0)),
    ],
    ids=lambda s: str(s.dtype),
)
def test_other_types_are_no_times(series: pl.Series) -> None:
    with pytest.raises(DataError, match=r"column 'at' holds .* unit and origin are unknown"):
        read_times(series, "column 'at'")


@pytest.mark.parametrize("dtype", [pl.Int128, pl.UInt64])
def test_integers_beyond_64_bits_are_no_times(dtype: pl.DataType) -> None:
    with pytest.raises(DataError, match="row 1: 18446744073709551615 is a number"):
        read_times(pl.Series([2**64 - 1], dtype=dtype), "column 'at'")


def test_options_take_dates_datetimes_and_numbers() -> None:
    assert as_instant("when", date(2024, 3, 1)) == NOON.replace(hour=0)
    assert as_instant("when", NOON.replace(tzinfo=None)) == NOON
    assert as_instant("when", 1632904713) == FORMS["1632904713"]
    # an option may lie outside the plausible times of a log
    assert as_instant("when", "0001-01-01").year == 1
    for wrong in (True, 20240301, -5, 2**70, 1.5, np.datetime64("NaT", "us"), None, ["2024-03-01"]):
        with pytest.raises(OptionError, match="when="):
            as_instant("when", wrong)  # type: ignore[arg-type]
    east = datetime.max.replace(tzinfo=datetime.strptime("-0200", "%z").tzinfo)
    with pytest.raises(OptionError, match="when="):
        as_instant("when", east)


def test_split_time_takes_every_form() -> None:
    ds = gk.Dataset(
        follows={"follower_id": ["a", "b"], "followee_id": ["b", "a"]}
        | {"since": ["2024-02-01", "2024-04-01"]}
    )
    parts = [ds.split_time(when) for when in ("2024-W09-5", "20240301T02+02", date(2024, 3, 1))]
    assert len({part.content_key for pair in parts for part in pair}) == 2
    with pytest.raises(GraphkitError, match="when='2024-03'"):
        ds.split_time("2024-03")


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        # the last second of 1990s numbers of 9 digits, and the same in other units, by GNU date
        ([800000000, 1700000000], "seconds"),
        (["800000000", "1700000000.0"], "seconds"),
        ([800000000.0, None, 1700000000.0], "seconds"),
        ([800000000000, 1700000000000], "milliseconds"),
        ([800000000000.0, float("nan"), 1700000000000.0], "milliseconds"),
        ([800000000000000.0, 1700000000000000.0], "microseconds"),
        ([8e17, 1.7e18], "nanoseconds"),
    ],
)
def test_numbers_are_read_by_their_size(values: list[object], unit: str) -> None:
    notes: dict[str, int] = {}
    found = read_times(pl.Series("at", values), "column 'at'", notes).drop_nulls().to_list()
    wanted = [(1995, 5, 9, 6, 13, 20), (2023, 11, 14, 22, 13, 20)]
    assert found == [datetime(*parts, tzinfo=UTC) for parts in wanted]
    assert notes == {f"times in 'at' read as {unit} since 1970": 2}


def test_fractions_of_float_seconds_are_kept() -> None:
    found = read_times(pl.Series([1632904713.25, 1632904713.000001]), "at").to_list()
    assert [at.microsecond for at in found] == [250_000, 1]


def test_a_number_like_a_date_with_an_hour_is_a_number_among_others() -> None:
    found = read_times(pl.Series([2024030110, 1700000000]), "at").to_list()
    assert [at.year for at in found] == [2034, 2023]


ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]


@given(
    st.datetimes(datetime(1991, 1, 3), datetime(2037, 12, 29)),
    st.sampled_from(ZONES),
    st.sampled_from(["text", "datetime"]),
)
def test_local_times_are_those_of_the_standard_library(
    clock: datetime, zone: str, form: str
) -> None:
    value: object = clock.isoformat(" ") if form == "text" else clock
    # of two, the first; one that does not occur has the offset of before
    wanted = clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert read_times(pl.Series([value]), "column 'at'", tz=zone).to_list() == [wanted]


def test_local_times_that_occur_twice_or_never_are_counted() -> None:
    clocks = ["2024-03-31 02:30", "2024-10-27 02:30:00", "2024-07-01", "2024-07-01T10:00Z", None]
    notes: dict[str, int] = {}
    found = read_times(pl.Series("at", clocks), "column 'at'", notes, "Europe/Berlin")
    assert [at and at.isoformat()[:16] for at in found.to_list()] == [
        *("2024-03-31T01:30", "2024-10-27T00:30", "2024-06-30T22:00", "2024-07-01T10:00"),
        None,
    ]
    assert list(notes.values()) == [3, 1, 1]
    assert all("Europe/Berlin" in note for note in notes)
    day = pl.Series([date(2024, 7, 1)])
    assert read_times(day, "at", tz="Europe/Berlin").to_list() == [
        datetime(2024, 6, 30, 22, tzinfo=UTC)
    ]


@pytest.mark.parametrize(
    ("tz", "hours"),
    [("+02:00", 2), ("-0330", -3.5), ("+5", 5), ("UTC+2", 2), ("−01:00", -1), ("Etc/GMT-2", 2)],
)
def test_offsets_are_zones(tz: str, hours: float) -> None:
    found = read_times(pl.Series(["2024-03-01T10:00:00"]), "at", tz=tz).to_list()
    assert found == [NOON - timedelta(hours=hours)]
    # what says its zone, or is a number, keeps it
    for told in ("2024-03-01T10:00Z", "2024-03-01T08:00-02:00", "2024-03-01 12:00 +02", 1709287200):
        assert read_times(pl.Series([told]), "at", tz=tz).to_list() == [NOON], told


@pytest.mark.parametrize("tz", ["Berlin", "CEST", "+25:00", "", "local", 2, "+02:99"])
def test_unknown_zones_are_refused_without_a_hint_that_changes_meaning(tz: object) -> None:
    with pytest.raises(OptionError, match="is no time zone") as caught:
        read_times(pl.Series(["2024-03-01T10:00"]), "at", tz=tz)  # type: ignore[arg-type]
    assert "'EST'" not in str(caught.value)
