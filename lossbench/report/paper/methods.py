"""The paragraph on methods of a paper, in LaTeX, from what a run was; with what it cites, in BibTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossbench.report.paper.judged import JUDGED
from lossbench.report.paper.known import Known
from lossbench.report.paper.setup import SETUP
from lossbench.stats.findings import Findings
from lossbench.visible import visible

HEAD = (
    "% needs \\usepackage{natbib}; the entries below belong in a .bib file, where authors stand by their surnames"
)
UNKNOWN = "% no manifest.json stands beside the trials: versions, machine and margins of one's own are not known"


def methods(findings: Findings, manifest: Mapping[str, Any]) -> str:
    """Return the paragraph, and the entries that it cites.

    Args:
        findings: what the trials say.
        manifest: the content of `manifest.json`; empty where there is none.
    """
    known = Known(findings, manifest)
    paragraph = "\n".join(sentence for write in (*SETUP, *JUDGED) for sentence in write(known))
    command = manifest.get("command")
    comments = [HEAD] if manifest else [HEAD, UNKNOWN]
    comments += [f"% the run: {visible(command)}"] if isinstance(command, str) and command else []
    entries = [known.cited[key].entry for key in sorted(known.cited)]
    return "\n".join([*comments, paragraph, "", *entries])
