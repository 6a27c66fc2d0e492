"""Let studies and scripts that fetch HetRec read a copy that is on disk, without a network.

    python benchmarks/hetrec_on_disk.py FOLDER CACHE
    export GRAPHKIT_DATA=CACHE GRAPHKIT_REGISTRY=CACHE/registry.toml
    graphkit run notebooks/studies/hetrec.toml --out results

`FOLDER` holds the unpacked files (artists.dat and so on). They are packed into the cache, where
``gk.datasets.fetch("hetrec")`` finds them, and a registry is written that has their SHA-256. It is that
of the copy: nothing proves that the copy is what the publisher serves, but the counts are checked.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

from graphkit.datasets.registry import find_entry

ENTRY = """[hetrec]
title = {title!r}
licence = {licence!r}
cite = {cite!r}
read = {read!r}
counts = {{ {counts} }}

[[hetrec.files]]
url = {url!r}
sha256 = {digest!r}
origin = "a copy on disk"
unpack = "zip"
"""


def packed(folder: Path) -> bytes:
    """The files as an archive; equal files give equal bytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return held.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("cache", type=Path)
    options = parser.parse_args()
    published, data = find_entry("hetrec"), packed(options.folder)
    options.cache.mkdir(parents=True, exist_ok=True)
    registry = options.cache / "registry.toml"
    facts = {key: getattr(published, key) for key in ("title", "licence", "cite", "read")}
    counts = ", ".join(f"{what} = {n}" for what, n in published.counts.items())
    url, digest = published.files[0].url, hashlib.sha256(data).hexdigest()
    # single quotes are TOML's literal strings; a text with one in it has double ones in Python
    registry.write_text(ENTRY.format(**facts, counts=counts, url=url, digest=digest))
    entry = find_entry("hetrec", registry=registry)
    served = options.cache / entry.folder / "served"
    served.mkdir(parents=True, exist_ok=True)
    (served / entry.files[0].name).write_bytes(data)
    print(f"export GRAPHKIT_DATA={options.cache} GRAPHKIT_REGISTRY={registry}")


if __name__ == "__main__":
    main()
