"""Processes and threads: a fork after the first use is refused, all else gives equal results.

Each case runs in an interpreter of its own with a time limit, so that one that hangs fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import Future
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Event

import pytest

from graphkit.parallel import (
    beside,
    helpers,
    in_threads,
    own_warnings,
    show_progress,
    spare_cores,
    stop_if_over,
    track,
)

#: What a worker computes; `main` follows.
WORK = '''
import copy, multiprocessing, os, pickle, sys
import polars as pl
import graphkit as gk
from graphkit.errors import ForkError


def leiden(seed):
    names = [f"a{k}" for k in range(12)]
    graph = gk.Graph.from_edges(names, names[1:] + names[:1], directed=False)
    return gk.leiden(graph, runs=2, rng=seed).membership.tolist()


def attempt(call):
    try:
        return call()
    except ForkError as error:
        return "refused: " + str(error)


def in_fork(call):
    """The text that `call` gives in a forked process; "hangs" after 90 seconds."""
    parent, child = multiprocessing.Pipe(duplex=False)
    def run():
        child.send(str(attempt(call)))
    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    found = parent.recv() if parent.poll(90) else "hangs"
    process.kill()
    process.join()
    return found
'''

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def run_script(folder: Path, main: str, seconds: float = 300) -> list[str]:
    """Lines that a script of `WORK` and `main` prints."""
    path = folder / "script.py"
    path.write_text(f'{WORK}\n\nif __name__ == "__main__":\n' + main)
    # a fork of a process with threads is what is tested
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(path)]
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, env=environment, cwd=folder
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


CALLS = """
    graph = gk.Graph.from_edges(["a", "b"], ["b", "c"], directed=False)
    partition = gk.Partition.from_membership("abc", [0, 0, 1])
    dataset = gk.Dataset(follows={"follower_id": ["a", "b"], "followee_id": ["b", "c"]})
    platform = gk.synthetic.toy()
    world = gk.build_world(platform, ticks=2, rng=1)
    spread = gk.simulate_spread(world, {"newest": gk.follower_centric()}, ticks=1, slots=1, rng=1)
    gk.write_dataset(dataset, "data")
    gk.readwrite.write_graphml(graph, "graph.graphml")
    frame = pl.DataFrame({"user": ["a"], "video": ["v"]})
    key = gk.privacy.PseudonymKey(bytes(32))
"""

REFUSED = """
    calls = {
        "Dataset": lambda: gk.Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]}),
        "from_frame": lambda: gk.from_frame(frame, account="user", item="video", kind_is="like"),
        "read_any": lambda: gk.read_any("data"),
        "read_graph": lambda: gk.readwrite.read_graph("graph.graphml"),
        "write_graphml": lambda: gk.readwrite.write_graphml(graph, "other.graphml"),
        "pseudonymise": lambda: gk.privacy.pseudonymise(dataset, key),
        "Vocabulary": lambda: gk.Vocabulary(["a"]),
        "lookup": lambda: graph.vocabulary.lookup(["a"]),
        "toy": gk.synthetic.toy,
        "platform": lambda: gk.synthetic.platform(accounts=60, rng=1),
        "follow_graph": lambda: gk.follow_graph(dataset),
        "leiden": lambda: gk.leiden(graph, runs=2, rng=1),
        "agreement": lambda: gk.agreement(partition, partition),
        "visibility": lambda: gk.visibility(partition, graph, runs=2, rng=1),
        "from_edges": lambda: gk.Graph.from_edges(["a"], ["b"], directed=True),
        "from_membership": lambda: gk.Partition.from_membership("ab", [0, 1]),
        "read_dataset": lambda: gk.read_dataset("data"),
        "write_dataset": lambda: gk.write_dataset(dataset, "other"),
        "save": lambda: graph.save("graph"),
        "build_world": lambda: gk.build_world(platform, ticks=2, rng=1),
        "simulate_spread": lambda: gk.simulate_spread(world, {"f": gk.follower_centric()}, ticks=1),
        "measure_spread": lambda: gk.measure_spread(spread),
        "reach_curve": lambda: gk.measures.reach_curve(spread),
        "describe": lambda: gk.graphs.describe(graph),
        "edges": graph.edges,
        "frame": partition.frame,
        "summary": partition.summary,
        "Spread.summary": spread.summary,
        "Dataset.summary": dataset.summary,
        "split_time": lambda: dataset.split_time("2024-01-01"),
        "content_key": lambda: gk.Graph.content_key.func(graph),
    }
    for name, call in calls.items():
        print(name, in_fork(call))
"""


@needs_fork
def test_a_process_forked_after_the_first_use_is_refused(after_use: dict[str, list[str]]) -> None:
    lines = after_use["refused"]
    assert len(lines) == 31
    for line in lines:
        name, found = line.split(" ", 1)
        assert found.startswith("refused: this process was forked after"), line
        assert 'get_context("spawn")' in found, name


READ = """
    expected = [partition.membership.tolist(), repr(graph), repr(partition), repr(dataset)]
    reads = [
        lambda: partition.membership.tolist(),
        lambda: repr(graph),
        lambda: repr(partition),
        lambda: repr(dataset),
    ]
    for read, value in zip(reads, expected):
        print(in_fork(read) == str(value))
    values = [dataset, graph, partition, world, spread]
    held = pickle.dumps(values)
    print(in_fork(lambda: pickle.dumps(values) == held))
    print(in_fork(lambda: [type(v).__name__ for v in pickle.loads(held)]))
    print(in_fork(lambda: len(copy.deepcopy(values))))
    print(in_fork(lambda: graph.strength().tolist()))
    print(in_fork(lambda: graph.to_scipy().sum()))
"""


TRAVEL = """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        given = [dataset, graph, partition, world, spread]
        back = pool.map_async(copy.copy, given).get(100)
    print([a == b for a, b in zip(given, back)])
"""


@pytest.fixture(scope="module")
def after_use(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Lines by part, of one interpreter that uses everything and then goes through the parts."""
    parts = {"refused": REFUSED, "read": READ} if hasattr(os, "fork") else {}
    parts["travel"] = TRAVEL
    main = "".join(f'    print("part {name}", flush=True)\n{code}' for name, code in parts.items())
    found: dict[str, list[str]] = {}
    for line in run_script(tmp_path_factory.mktemp("after"), CALLS + main, 700):
        if line.removeprefix("part ") in parts:
            told = found.setdefault(line.removeprefix("part "), [])
        else:
            told.append(line)
    return found


@needs_fork
def test_results_are_read_in_a_forked_process(after_use: dict[str, list[str]]) -> None:
    lines = after_use["read"]
    assert lines[:4] == ["True"] * 4
    assert lines[4:] == [
        "True",
        "['Dataset', 'Graph', 'Partition', 'World', 'Spread']",
        "5",
        "[1.0, 2.0, 1.0]",
        "4.0",
    ]


@needs_fork
def test_a_fork_before_the_first_use_works(tmp_path: Path) -> None:
    main = """
    # imports alone, of all that there is, start nothing that a fork would miss
    for name in gk.__all__:
        getattr(gk, name)
    for package in (gk.communities, gk.graphs, gk.measures, gk.plot, gk.simulation, gk.study):
        for name in package.__all__:
            getattr(package, name)
    gk.follower_centric()
    first = in_fork(lambda: leiden(1))
    both = in_fork(lambda: [len(leiden(1)), in_fork(lambda: leiden(1))])
    deeper = in_fork(lambda: in_fork(lambda: leiden(1)))
    print(first == str(leiden(1)))
    print(both)
    print(deeper == first)
    print(in_fork(lambda: in_fork(lambda: leiden(1))))
    print(leiden(1) == leiden(1))
"""
    first, both, deeper, grandchild, again = run_script(tmp_path, main)
    assert (first, deeper, again) == ("True", "True", "True")
    assert both.startswith("[12, 'refused: this process was forked")
    assert grandchild.startswith("refused: this process was forked")


@needs_fork
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are not listed here")
def test_a_fork_after_the_first_use_of_polars_alone_is_refused(tmp_path: Path) -> None:
    main = """
    import polars as pl
    pl.DataFrame({"a": ["x", "y"] * 9}).group_by("a").len()
    print(in_fork(lambda: leiden(1)))
"""
    (found,) = run_script(tmp_path, main)
    assert found.startswith("refused: this process was forked")


@needs_fork
def test_a_forked_pool_passes_the_error_on(tmp_path: Path) -> None:
    main = """
    leiden(1)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        try:
            pool.map_async(leiden, [1, 2]).get(timeout=60)
        except gk.GraphkitError as error:
            print(type(error).__name__, isinstance(error, RuntimeError))
"""
    assert run_script(tmp_path, main) == ["ForkError True"]


WAYS = {
    "spawn": 'multiprocessing.get_context("spawn").Pool(2).map_async(leiden, [1, 2]).get(100)',
    "forkserver": (
        'multiprocessing.get_context("forkserver").Pool(2).map_async(leiden, [1, 2]).get(100)'
    ),
    "ProcessPoolExecutor": (
        "list(concurrent.futures.ProcessPoolExecutor(2, "
        'multiprocessing.get_context("spawn")).map(leiden, [1, 2], timeout=100))'
    ),
    "ThreadPoolExecutor": (
        "list(concurrent.futures.ThreadPoolExecutor(2).map(leiden, [1, 2], timeout=100))"
    ),
    "loky": "joblib.Parallel(2, timeout=100)(joblib.delayed(leiden)(seed) for seed in (1, 2))",
    "threading": (
        'joblib.Parallel(2, backend="threading")(joblib.delayed(leiden)(seed) for seed in (1, 2))'
    ),
}


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each way gives, one after the other in one interpreter: each begins as before."""
    asked = [
        way
        for way, call in WAYS.items()
        if ("joblib" not in call or find_spec("joblib"))
        and (way != "forkserver" or sys.platform != "win32")
    ]
    tried = "".join(f"    tell({way!r}, lambda: {WAYS[way]})\n" for way in asked)
    main = f"""
    import concurrent.futures
    {"import joblib" if find_spec("joblib") else ""}
    expected = [leiden(1), leiden(2)]

    def tell(way, call):
        try:
            print(way, call() == expected, flush=True)
        except Exception as error:
            print(way, repr(error), flush=True)

{tried}"""
    lines = run_script(tmp_path_factory.mktemp("ways"), main, 700)
    return dict(line.split(" ", 1) for line in lines)


@pytest.mark.parametrize("way", WAYS)
def test_workers_give_what_the_process_gives(ways: dict[str, str], way: str) -> None:
    if "joblib" in WAYS[way]:
        pytest.importorskip("joblib")
    if way == "forkserver" and sys.platform == "win32":
        pytest.skip("Windows has no forkserver")
    assert ways[way] == "True"


def test_values_travel_to_workers_and_back(after_use: dict[str, list[str]]) -> None:
    assert after_use["travel"] == [str([True] * 5)]


def test_an_error_stops_the_other_pieces_at_their_next_step() -> None:
    begun, stopped = Event(), Event()

    def work(piece: int) -> None:
        if not piece:
            assert begun.wait(60)
            raise ValueError("the first")
        try:
            for step in track(range(10**9), "steps", 10**9):
                if step == 1:
                    begun.set()
                stopped.wait(0.001)
        except KeyboardInterrupt:
            stopped.set()
            raise

    with pytest.raises(ValueError, match="the first"):
        in_threads(work, [0, 1], "pieces", workers=2)
    assert stopped.is_set()


def test_progress_of_pieces_in_threads_is_not_shown() -> None:
    seen = []

    def work(piece: int) -> int:
        return sum(track([piece], "steps", 1))

    with show_progress(lambda *step: seen.append(step)):
        assert in_threads(work, [3, 4], "pieces", workers=2) == [3, 4]
    assert seen == [("pieces", 0, 2), ("pieces", 1, 2), ("pieces", 2, 2)]


def test_a_piece_without_progress_stops_where_it_asks() -> None:
    stop_if_over()  # in no piece
    begun, stopped = Event(), Event()

    def work(piece: int) -> None:
        if not piece:
            assert begun.wait(60)
            raise ValueError("the first")
        in_threads(lambda _: stop_if_over(), [1], "of a piece")
        begun.set()
        try:
            while not stopped.wait(0.001):
                stop_if_over()
        except KeyboardInterrupt:
            stopped.set()
            raise

    with pytest.raises(ValueError, match="the first"):
        in_threads(work, [0, 1], "pieces", workers=2)
    assert stopped.is_set()
    stop_if_over()


INTERRUPTED = """
import os, signal, threading, time
import polars as pl
from graphkit.parallel import in_threads, stop_if_over

pl.DataFrame({"a": [1, 2]}).lazy().filter(pl.col("a") > 1).collect()
over = threading.Event()

def work(piece):
    if piece:
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)
    while not over.wait(0.001):
        stop_if_over()

threading.Timer(60, over.set).start()
try:
    in_threads(work, [0, 1], "pieces", workers=2)
except KeyboardInterrupt:
    print(over.is_set(), flush=True)
os._exit(0)
"""


def test_an_interrupt_ends_the_wait_for_pieces() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_pieces_beside_the_caller_are_all_done(workers: int) -> None:
    with beside(workers) as others:
        squares = [others.begin(partial(pow, n, 2)) for n in range(20)]
        # a piece may wait for an earlier one
        last = others.begin(lambda: others.wait_for(squares[3]) + 1)
        assert others.wait_for(last) == 10
        assert [others.wait_for(one) for one in squares] == [n**2 for n in range(20)]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_piece_is_raised_where_it_is_waited_for(workers: int) -> None:
    with beside(workers) as others:
        failed, fine = others.begin(lambda: 1 // 0), others.begin(lambda: 1)
        assert others.wait_for(fine) == 1
        with pytest.raises(ZeroDivisionError):
            others.wait_for(failed)


def test_threads_beside_each_other_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphkit.parallel.cores", lambda: 4)
    begun = threading.Event()

    def wait_for_more() -> int:
        first = spare_cores()
        begun.set()
        while spare_cores() == first:
            time.sleep(0.001)
        return first

    with beside(2) as others:
        piece = others.begin(wait_for_more)
        assert begun.wait(60)
        with others.sharing():
            assert spare_cores() == 2
        assert spare_cores() == 4
        # it has all while the caller waits
        assert others.wait_for(piece) == 2
    assert spare_cores() == 4


def test_an_error_of_the_caller_stops_pieces_at_their_next_step() -> None:
    begun, steps, later = threading.Event(), [0], list[int]()

    def long() -> None:
        for _ in track(range(10_000), "steps", 10_000):
            begun.set()
            steps[0] += 1
            time.sleep(0.001)

    def stop() -> None:
        with beside(2) as others:
            others.begin(long)
            others.begin(partial(later.append, 1))
            begun.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert steps[0] < 10_000
    assert not later


def test_pieces_are_dropped_while_others_are_taken() -> None:
    def stop() -> None:
        go = threading.Event()
        with beside(3) as others:
            for _ in range(2_000):
                others.begin(go.wait)
            go.set()
            raise KeyboardInterrupt

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(10):
            with pytest.raises(KeyboardInterrupt):
                stop()
    finally:
        sys.setswitchinterval(interval)


def test_a_piece_that_waits_for_a_dropped_one_ends() -> None:
    begun, dropped = threading.Event(), Future[int]()

    def stop() -> None:
        with beside(2) as others:
            others.begin(lambda: (begun.set(), others.wait_for(dropped)))
            begun.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()


def test_filters_of_warnings_are_those_before_in_whatever_order_threads_leave() -> None:
    before, inside = list(warnings.filters), threading.Event()

    def other() -> None:
        with own_warnings():
            warnings.simplefilter("error")
        inside.set()

    with own_warnings():
        thread = threading.Thread(target=other)
        thread.start()
        assert not inside.wait(0.05)
    thread.join()
    assert list(warnings.filters) == before


def test_an_interrupt_is_not_replaced_by_the_error_of_a_helper() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(worker: int, piece: int) -> None:
        both.wait()  # each has one of the two pieces
        if worker == 0:
            raise KeyboardInterrupt
        raise ValueError("of a helper")

    with pytest.raises(KeyboardInterrupt), helpers(2) as share_out:
        share_out(work, 2)


def test_filters_of_warnings_survive_figures_beside_arrays_that_are_read(tmp_path: Path) -> None:
    from graphkit.data.graph import Graph
    from graphkit.plot.canvas import Canvas

    path = tmp_path / "graph.npz"
    Graph.from_edges("ab", "bc", directed=True).save(path)
    before, over = list(warnings.filters), threading.Event()

    def read() -> None:
        while not over.is_set():
            Graph.load(path)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(12):
            Canvas(figsize=(2, 1)).write(tmp_path / f"{number}.svg")
    finally:
        over.set()
        reader.join()
    assert warnings.filters == before
