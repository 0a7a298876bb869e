"""The files of a finished run as they stand in its folder: what in them lasts, and the moment of the run."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lossbench.results.circumstances import circumstances
from lossbench.results.manifest import MANIFEST
from lossbench.results.write import json_text, to_bytes, write_folder

PAGE = "report.html"

MOMENT = ("date", "cached", "wall_seconds", "training_seconds", "trainings_per_second")
"""What a manifest says of one run alone; the page has the date."""


@dataclass(frozen=True)
class Standing:
    """The files of a run, whole.

    Args:
        folder: where they are.
        manifest: what `manifest.json` says, with the hashes of all other files.
        page: the text of `report.html`.
    """

    folder: Path
    manifest: dict[str, Any]
    page: str

    @property
    def lasting(self) -> list[Any]:
        """All that is in the files but the moment: what the manifest says, and hashes."""
        told = {name: part for name, part in self.manifest.items() if name not in (*MOMENT, "sha256")}
        return [told, self.manifest["sha256"] | {PAGE: hash_of(self.page.replace(self.manifest["date"], ""))}]

    def renew(self, began: float, trainings: int) -> None:
        """Set the moment to that of a run which took all its trainings from the store.

        Args:
            began: when it began, by `time.perf_counter`.
            trainings: how many.

        Raises:
            OutputError: the folder cannot be written.
        """
        date, seconds = circumstances()["date"], round(time.perf_counter() - began, 3)
        page = self.page.replace(self.manifest["date"], date)
        moment = dict(zip(MOMENT, (date, trainings, seconds, 0.0, 0.0), strict=True))
        told = self.manifest | moment | {"sha256": self.manifest["sha256"] | {PAGE: hash_of(page)}}
        write_folder(self.folder, {PAGE: page, MANIFEST: json_text(told)})


def standing(folder: Path) -> Standing | None:
    """Return the files of a run in a folder; None where one is missing or is not as the run left it."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        whole = all(hash_of((folder / name).read_bytes()) == known for name, known in manifest["sha256"].items())
        return Standing(folder, manifest, (folder / PAGE).read_text(encoding="utf-8")) if whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def hash_of(content: str | bytes) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(to_bytes(content)).hexdigest()
