"""Memory and speed of reading a dump of Reddit whose frame asks for a window of 2 GiB.

    python benchmarks/importers_zst.py [MEGABYTES]

Writes an invented dump of comments (2,400 MB when unpacked, so that the whole window is filled),
reads it in a process of its own, and prints the peak of its memory and its speed. On two quiet
cores: 142 MB per CPU second, at most 2,420 MB.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import zstandard

#: Place and value of the byte of a frame's header that states the size of its window.
WINDOW_BYTE, TWO_GIBIBYTES = 5, (31 - 10) << 3

READ = """
import json, resource, sys, time
from pathlib import Path
from graphkit.readwrite.extract import ImportOptions
from graphkit.readwrite.importers.reddit import IMPORTERS
from graphkit.readwrite.source import Source, look_at

sample = look_at(Source(Path(sys.argv[1])))
assert IMPORTERS[0].recognise(sample)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
extract = IMPORTERS[0].read([sample], ImportOptions())
seconds = time.process_time() - start
rows = extract.tables["interactions"]
print(json.dumps({
    "rows": rows.height,
    "table": round(rows.estimated_size() / 1e6),
    "seconds": seconds,
    "before": before / 1e3,
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
}))
"""


def write_dump(path: Path, megabytes: int) -> tuple[int, int]:
    """Write a dump of comments; its lines and bytes when unpacked."""
    rng = random.Random(1)
    words = "".join(rng.choices("abcdefgh ", k=1 << 20))
    # the compressor needs no such window itself: only the header asks for it
    parameters = zstandard.ZstdCompressionParameters.from_level(
        1, window_log=20, write_content_size=False
    )
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    lines = size = 0
    with path.open("wb") as file:
        header = bytearray(packer.compress(b"\n") + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
        header[WINDOW_BYTE] = TWO_GIBIBYTES
        file.write(header)
        while size < megabytes * 1_000_000:
            made = []
            for _ in range(2000):
                start = rng.randrange(len(words) - 1200)
                parent = f"t1_c{rng.randrange(lines)}" if lines % 3 else f"t3_p{lines // 9}"
                made.append(
                    f'{{"author":"user{rng.randrange(200_000)}","body":"{words[start : start + 900]}",'
                    f'"created_utc":{1_700_000_000 + lines},"id":"c{lines}","link_id":"t3_p{lines // 9}",'
                    f'"parent_id":"{parent}","score":1,"subreddit":"group{rng.randrange(500)}"}}\n'
                )
                lines += 1
            text = "".join(made).encode()
            size += len(text)
            file.write(packer.compress(text))
        file.write(packer.flush())
    with path.open("rb") as file:
        assert zstandard.get_frame_parameters(file.read(32)).window_size == 1 << 31
    return lines, size


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 2400
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "RC_2026-01.zst"
        lines, size = write_dump(path, megabytes)
        done = subprocess.run(
            [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
        assert found["rows"] == lines
        print(
            f"{lines:,} comments, {size / 1e6:,.0f} MB unpacked, {path.stat().st_size / 1e6:,.0f} MB "
            f"packed, window 2 GiB\nread in {found['seconds']:.1f} CPU s "
            f"({size / 1e6 / found['seconds']:.0f} MB/s), table {found['table']} MB, peak memory "
            f"{found['peak']:,.0f} MB, {found['before']:,.0f} MB of it before"
        )


if __name__ == "__main__":
    main()
