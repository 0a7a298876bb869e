"""The methods paragraph of a paper in LaTeX, from a run and its manifest, with its sources in BibTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossbench.report.paper.cited_run import CitedRun
from lossbench.report.paper.judged import JUDGED
from lossbench.report.paper.setup import SETUP
from lossbench.stats.findings import Findings
from lossbench.visible import visible

HEAD = (
    "% needs \\usepackage{natbib}; the entries below belong in a .bib file, where authors stand by their surnames"
)
UNKNOWN = "% no manifest.json stands beside the trials: versions, machine and margins of one's own are not known"


def methods(findings: Findings, manifest: Mapping[str, Any]) -> str:
    """Return the paragraph, and the entries that it cites."""
    run = CitedRun(findings, manifest)
    paragraph = "\n".join(sentence for write in (*SETUP, *JUDGED) for sentence in write(run))
    command = manifest.get("command")
    comments = [HEAD] if manifest else [HEAD, UNKNOWN]
    comments += [f"% the run: {visible(command)}"] if isinstance(command, str) and command else []
    entries = [run.cited[key].entry for key in sorted(run.cited)]
    return "\n".join([*comments, paragraph, "", *entries])
