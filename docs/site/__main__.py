"""Builds the site from plain Markdown: `python docs/site`, with the extra `docs` installed.

What is written stands in `docs/`. What can be measured or derived is made here: a page for each claim of
`results/claims`, a page for each loss of the catalogue with its curves, and the Python reference. Zensical makes
`build/site` of `build/pages`, which has all of it; a link that leads nowhere fails the build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from claim_pages import claim_pages
from loss_pages import loss_pages

import lossbench

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "build" / "pages"
AROUND = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "CHANGELOG.md": "CHANGELOG.md"}
"""The pages outside of docs, and how they are called on the site."""

CLAIM = re.compile(r"\[([A-Z][\w-]*)\]\(\.\./results/claims/claims\.md\)")
"""A link from a page of docs to the verdict on one claim, which has a page on the site."""


def main() -> int:
    """Build the site; return the exit code of Zensical."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES, ignore=shutil.ignore_patterns("site", "__pycache__"))
    shutil.copytree(ROOT / "results", PAGES / "results", ignore=shutil.ignore_patterns("*.npz", "*.md"))
    for page in PAGES.glob("*.md"):
        page.write_text(moved(page.read_text(encoding="utf-8")), encoding="utf-8")
    for name, page in AROUND.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        (PAGES / page).write_text(text.replace("](docs/", "]("), encoding="utf-8")
    made = {**claim_pages(ROOT / "results" / "claims"), **loss_pages(), "reference.md": reference()}
    for path, text in made.items():
        (PAGES / path).parent.mkdir(exist_ok=True)
        (PAGES / path).write_text(text, encoding="utf-8")
    config = ROOT / "docs" / "site" / "zensical.toml"
    shutil.copy(config, PAGES.parent / config.name)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    return subprocess.run(command, cwd=PAGES.parent, check=False).returncode


def moved(text: str) -> str:
    """Return a page of docs with its links as they are on the site."""
    text = CLAIM.sub(r"[\1](claims/\1.md)", text)
    text = text.replace("](../results/claims/claims.md)", "](claims/index.md)")
    for name, page in AROUND.items():
        text = text.replace(f"](../{name}", f"]({page}")
    text = text.replace("](../results/reference/report.md)", "](results/reference/report.html)")
    return text.replace("](../results/", "](results/")


def reference() -> str:
    """Return the page of what `import lossbench` offers, which mkdocstrings fills."""
    names = "\n".join(f"::: lossbench.{name}\n" for name in lossbench.__all__ if name != "losses")
    return f"# Python reference\n\n[python.md](python.md) shows how it is used.\n\n{names}"


if __name__ == "__main__":
    sys.exit(main())
