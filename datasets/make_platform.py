"""Make the bundled platform again: ``python datasets/make_platform.py``.

The same seed gives the same content; a test holds the files against the generator.
"""

from pathlib import Path

import graphkit as gk

SEED = 20240601
ACCOUNTS = 5_000


def main() -> None:
    """Generate the platform and write it beside this file."""
    platform = gk.synthetic.platform(accounts=ACCOUNTS, rng=SEED)
    gk.readwrite.write_platform(platform, Path(__file__).parent / "platform", overwrite=True)


if __name__ == "__main__":
    main()
