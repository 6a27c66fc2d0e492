"""Progress of long calls: what is shown where, when it is silent, and what an interrupt leaves."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

import graphkit as gk
from graphkit import progress
from graphkit.parallel import in_threads, show_progress, track

ROOT = str(Path(__file__).parents[1])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Standard error as a file, every state of progress wanted."""
    written = io.StringIO()
    monkeypatch.setattr(progress, "_asked", True)
    for name in ("REDRAWN", "LINES_APART"):
        monkeypatch.setattr(progress, name, 0)
    return written


@pytest.fixture
def terminal(stream: io.StringIO) -> io.StringIO:
    return Terminal()


def run(n: int, within: int = 0) -> int:
    done = 0
    for _ in track(range(n), "outer", n):
        done += 1 + len(list(track(range(within), "inner", within)))
    return done


def states(written: io.StringIO) -> list[str]:
    """What was drawn, each state without its bar and times."""
    shown = [
        re.sub(r"\|.*\| (\d+ of \d+), .* left", r"\1", s) for s in written.getvalue().split("\r")
    ]
    return [" ".join(s.split()) for s in shown if s.strip()]


def test_a_short_call_shows_nothing(stream: io.StringIO) -> None:
    with redirect_stderr(stream):
        assert run(20) == 20
    assert stream.getvalue() == ""


def test_a_long_call_shows_a_line_for_each_tenth_in_a_file(stream: io.StringIO) -> None:
    with redirect_stderr(stream), show_progress():
        run(40)
    lines = stream.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "outer: 2 %",
        *(f"outer: {p} %" for p in range(12, 100, 10)),
        "outer: done",
    ]
    assert re.fullmatch(r"outer: 12 %, 5 of 40, 0 s, about 0 s left", lines[1])
    assert "\r" not in stream.getvalue()


def test_lines_are_two_seconds_apart(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINES_APART", 2.0)
    with redirect_stderr(stream), show_progress():
        run(40)
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == [
        "outer: 2 %",
        "outer: done",
    ]


def test_a_call_is_long_after_two_seconds(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with redirect_stderr(stream):
        for _ in track(range(4), "outer", 4):
            now[0] += 0.7
    # after 2.1 of 2.8 seconds
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == [
        "outer: 75 %",
        "outer: done",
    ]


def test_a_bar_in_a_terminal_names_the_loop_within_and_goes(terminal: io.StringIO) -> None:
    with redirect_stderr(terminal), show_progress():
        run(2, within=2)
    assert states(terminal) == [
        "outer: 0%0 of 2, inner 50 %",
        "outer: 0%0 of 2",
        "outer: 50%1 of 2",
        "outer: 50%1 of 2, inner 50 %",
        "outer: 50%1 of 2",
        "outer: 100%2 of 2",
    ]
    assert terminal.getvalue().endswith("\r")
    assert not terminal.getvalue().split("\r")[-2].strip()


def test_no_thread_is_left(terminal: io.StringIO) -> None:
    before = threading.active_count()
    with redirect_stderr(terminal), show_progress():
        run(2)
    assert terminal.getvalue()
    assert threading.active_count() == before


def wait_for(text: str, written: io.StringIO) -> bool:
    end = time.monotonic() + 20
    while text not in written.getvalue() and time.monotonic() < end:
        time.sleep(0.01)
    return text in written.getvalue()


def test_a_long_first_step_shows_that_it_goes_on(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOVED", 0.01)
    before = threading.active_count()
    with redirect_stderr(terminal), show_progress():
        for _ in track(range(1), "outer", 1):
            assert wait_for("0 of 1", terminal)
    assert threading.active_count() == before


def test_a_long_first_step_has_a_line_in_a_file(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOVED", 0.01)
    with redirect_stderr(stream), show_progress():
        for _ in track(range(1), "outer", 1):
            assert wait_for("outer: 0 %, 0 of 1", stream)
    lines = [line.split(",")[0] for line in stream.getvalue().splitlines()]
    assert lines == ["outer: 0 %", "outer: done"]  # one, however long the step


def test_a_loop_that_a_traceback_holds_ends_by_itself(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MOVED", 0.01)
    before = threading.active_count()

    def interrupted() -> Iterator[int]:
        steps = track(range(9), "first", 9)
        next(steps)
        assert wait_for("first: 0 %", stream)
        return steps

    with redirect_stderr(stream), show_progress():
        held = interrupted()
        assert wait_for("first: stopped, 0 of 9", stream)
    assert threading.active_count() == before
    assert list(held)[-1] == 8


def test_an_error_takes_the_bar_away(terminal: io.StringIO) -> None:

    def fail() -> None:
        for number in track(range(3), "outer", 3):
            if number:
                raise ValueError("in a step")

    with redirect_stderr(terminal), show_progress(), pytest.raises(ValueError, match="in a step"):
        fail()
    assert not terminal.getvalue().split("\r")[-2].strip()
    assert progress._outermost is None


def test_a_loop_that_a_traceback_holds_does_not_silence_the_next(stream: io.StringIO) -> None:
    def interrupted() -> Iterator[int]:
        steps = track(range(9), "first", 9)
        next(steps)
        return steps

    with redirect_stderr(stream), show_progress():
        held = interrupted()
        run(2)
        assert list(held)[-1] == 8
    titles = [line.split(":")[0] for line in stream.getvalue().splitlines()]
    assert set(titles) == {"outer"}


def test_other_threads_are_silent_meanwhile(stream: io.StringIO) -> None:
    with redirect_stderr(stream), show_progress():
        for _ in track(range(1), "outer", 1):
            other = threading.Thread(target=run, args=(3,))
            other.start()
            other.join()
        assert in_threads(lambda n: run(n), [1, 2], "pieces", workers=2) == [1, 2]
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == [
        "outer: done",
        "pieces: 50 %",
        "pieces: done",
    ]


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, True),
        ({"GRAPHKIT_PROGRESS": "0"}, False),
        ({"GRAPHKIT_PROGRESS": "off"}, False),
        ({"GRAPHKIT_PROGRESS": "1"}, True),
        ({"TQDM_DISABLE": "1"}, False),
        ({"TQDM_DISABLE": "0"}, True),
    ],
)
def test_the_environment_turns_it_off(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], wanted: bool
) -> None:
    monkeypatch.setattr(progress, "_asked", None)
    for name in ("GRAPHKIT_PROGRESS", "TQDM_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert progress.is_wanted() is wanted
    gk.set_progress(not wanted)
    assert progress.is_wanted() is not wanted


def test_turned_off_nothing_is_shown_but_a_reporter_is_told(stream: io.StringIO) -> None:
    gk.set_progress(False)
    seen: list[int] = []
    with redirect_stderr(stream), show_progress():
        run(3)
    with show_progress(lambda what, done, total: seen.append(done)):
        run(2)
    assert stream.getvalue() == ""
    assert seen[0] == 0
    assert seen[-1] == 2


@pytest.mark.parametrize("value", [0, "off", None])
def test_the_setting_is_true_or_false(value: object) -> None:
    with pytest.raises(gk.GraphkitError, match="True or False is needed"):
        gk.set_progress(value)


def test_a_stream_that_was_closed_stops_no_computation(stream: io.StringIO) -> None:
    stream.close()
    with redirect_stderr(stream), show_progress():
        assert run(5) == 5


def test_there_may_be_no_stream(stream: io.StringIO) -> None:
    with show_progress(), redirect_stderr(None):
        assert run(5) == 5


def test_tqdm_is_imported_when_there_is_a_bar() -> None:
    code = "import graphkit, graphkit.communities, sys; print('tqdm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "False\n", done.stderr


INTERRUPTED = """
import os, signal, sys, threading
import graphkit as gk
graph = gk.Graph.from_edges(range(9), range(1, 10), directed=False)
world = gk.build_world(gk.synthetic.toy(), ticks=3, rng=1)
arms = {"newest": gk.follower_centric(), "other": gk.interest_centric()}
def stop(what, done, total):
    if done == 1:
        os.kill(os.getpid(), signal.SIGINT)
def simulate(**more):
    options = {"ticks": 3, "slots": 1, "reading": "empty", "replications": 2, "rng": 1}
    return gk.simulate_spread(world, arms, **options, **more)
calls = {
    "leiden": lambda: gk.leiden(graph, runs=40, rng=1),
    "simulate_spread": simulate,
    "checkpoint": lambda: simulate(checkpoint="kept"),
    "evaluate": lambda: gk.attribution.evaluate(world, arms, ticks=3, slots=1, reading="empty", rng=1),
}
whole = simulate()
for name, call in calls.items():
    try:
        with gk.show_progress(stop):
            call()
        print(name, "was not stopped")
    except KeyboardInterrupt as told:
        print(name, told)
print(simulate(checkpoint="kept") == whole)
print([thread.name for thread in threading.enumerate()])
print([path for path in os.listdir("kept") if "tmp" in path])
"""


def test_an_interrupt_leaves_what_is_finished_and_nothing_else(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": ROOT}
    command = [sys.executable, "-W", "ignore", "-c", INTERRUPTED]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=300
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 7, done.stderr
    assert lines[0].startswith("leiden leiden was stopped before the last of its 40 runs")
    assert "without a checkpoint none are kept: with checkpoint='folder'" in lines[1]
    assert lines[2].endswith("kept in kept. Run the same again to continue.")
    assert "without a cache none are kept: with cache='folder'" in lines[3]
    assert lines[4:] == ["True", "['MainThread']", "[]"]


@pytest.mark.skipif(not hasattr(signal, "SIGINT"), reason="there are no interrupts here")
@pytest.mark.filterwarnings("default")  # the kernel opens sockets of its own
def test_a_kernel_goes_on_after_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ROOT)
    monkeypatch.setenv("GRAPHKIT_PROGRESS", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "always")
    manager, client = start_new_kernel(kernel_name="python3")

    def execute(code: str, stop: str | None = None) -> tuple[str, list[str]]:
        """What a cell writes to standard error, interrupted when `stop` is shown, and its results."""
        ours, told, results = client.execute(code), "", []
        while True:
            message = client.get_iopub_msg(timeout=120)
            if message["parent_header"].get("msg_id") != ours:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                told += content["text"]
                if stop and stop in content["text"]:
                    manager.interrupt_kernel()
                    stop = None
            elif kind == "error":
                results.append(content["ename"])
            elif kind == "execute_result":
                results.append(content["data"]["text/plain"])
            elif kind == "status" and content["execution_state"] == "idle":
                return told, results

    try:
        execute(
            "import time\nimport graphkit as gk\nfrom graphkit.parallel import track\n"
            "def work(n):\n    return [time.sleep(0.05) for _ in track(range(n), 'working', n)]"
        )
        told, results = execute("with gk.show_progress():\n    work(10**6)", stop="working")
        assert "of 1000000" in told
        assert "IProgress" not in told
        assert results == ["KeyboardInterrupt"]
        told, results = execute("with gk.show_progress():\n    n = len(work(8))\nn")
        assert "of 8" in told
        assert results == ["8"]
        told, results = execute("gk.set_progress(False)\nwith gk.show_progress():\n    work(8)")
        assert (told, results) == ("", [])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
