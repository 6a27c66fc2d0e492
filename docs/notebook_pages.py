"""Notebooks as pages: their text, code and results as they were run; nothing is run here."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

#: The notebooks, in the order in which they are read, and what each asks.
NOTEBOOKS = {
    "from_one_csv": "From one CSV file to named communities",
    "trust": "When may communities be believed?",
    "follow_against_interest": "What changes when a feed follows interest instead of follows?",
    "your_own_feed": "A feed of your own, and all presets side by side",
    "why_and_for_whom": "Why do two feeds differ, when, and for whom?",
    "creators_and_harm": "Who earns, what does monotony cost, how are flagged posts hosted?",
    "observed_logs": "What can a log of impressions say?",
    "scripted_study": "A study as one file",
}
#: Longest result that is shown, in lines.
LONGEST = 60


def _result(output: dict, image: Path) -> list[str]:
    """A result as Markdown; pictures are written beside the page."""
    data = output.get("data", {})
    if "image/png" in data:
        image.write_bytes(base64.b64decode(data["image/png"]))
        return [f"![A figure of the cell above]({image.name})", ""]
    text = output.get("text") or data.get("text/plain")
    if not text:
        return []
    lines = "".join(text).rstrip().splitlines()
    if len(lines) > LONGEST:
        lines = [*lines[:LONGEST], "…"]
    return ["```text", *lines, "```", ""]


def _prose(text: str) -> str:
    """Text of a cell; links to other notebooks go to their pages, other relative links are dropped."""
    text = re.sub(
        r"\]\((\w+)\.ipynb\)", lambda m: f"]({m[1]}.md)" if m[1] in NOTEBOOKS else "]()", text
    )
    text = re.sub(r"\[([^\]]+)\]\((?!https?:|#|\w+\.md\))[^)]*\)", r"\1", text)
    return re.sub(r"(?<!\\)\$", r"\\$", text)


def write_page(path: Path, folder: Path) -> None:
    """Write the page of one notebook."""
    lines, images = [], 0
    for cell in json.loads(path.read_text())["cells"]:
        source = "".join(cell["source"]).rstrip()
        if not source:
            continue
        if cell["cell_type"] == "markdown":
            lines += [_prose(source), ""]
        elif cell["cell_type"] == "code":
            lines += ["```python", source, "```", ""]
            for output in cell.get("outputs", []):
                images += 1
                lines += _result(output, folder / f"{path.stem}_{images}.png")
    (folder / f"{path.stem}.md").write_text("\n".join(lines))


def write_pages(notebooks: Path, folder: Path, made: Path) -> None:
    """Write a page per notebook that is there, and the table of all."""
    folder.mkdir(exist_ok=True)
    rows, pages = ["| question | notebook |", "|---|---|"], []
    for name, asks in NOTEBOOKS.items():
        if (notebooks / f"{name}.ipynb").exists():
            write_page(notebooks / f"{name}.ipynb", folder)
            rows.append(f"| {asks} | [{name}](/notebooks/{name}.md) |")
            pages.append(f"notebooks/{name}")
    tree = ["```{toctree}", ":hidden:", "", *pages, "```"] if pages else []
    (made / "notebooks.md").write_text("\n".join([*rows, "", *tree, ""]))
