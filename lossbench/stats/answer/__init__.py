"""What a run answers: facts that its verdicts stand behind; `lossbench.report.answer` puts them into words."""
