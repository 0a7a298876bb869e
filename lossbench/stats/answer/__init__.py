"""The answer of a run, as facts that its verdicts support; `lossbench.report.answer` puts them into words."""
