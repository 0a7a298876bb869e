"""A command whose help lists its options in groups, and ends with examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

BESIDE, LEAST = 60, 15
"""The most columns of an example, and the least of what it does beside it; with less room it stands below."""

BELOW = 4
"""By how many columns what stands below an example is indented."""


class GroupedCommand(click.Command):
    """A command with its options in groups.

    Args:
        groups: by heading, the names of the options without dashes; options in no group come last.
        examples: (command line, what it does).
    """

    def __init__(
        self,
        *args: Any,
        groups: Mapping[str, Sequence[str]],
        examples: Sequence[tuple[str, str]],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.groups, self.examples = groups, examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group, and then the examples."""
        records = {key_of(option): option.get_help_record(ctx) for option in self.get_params(ctx)}
        grouped = {name for names in self.groups.values() for name in names}
        rest = [name for name in records if name not in grouped]
        for heading, names in (*self.groups.items(), ("Other", rest)):
            shown = [record for name in names if (record := records[name]) is not None]
            if shown:
                with formatter.section(heading):
                    formatter.write_dl(shown)
        lines = [(f"lossbench {line}", about) for line, about in self.examples]
        beside = formatter.width >= BESIDE + LEAST
        with formatter.section("Examples"):
            formatter.write_dl(lines, col_max=BESIDE if beside else BELOW)


def key_of(option: click.Parameter) -> str:
    """Return the longest name of an option, without its dashes."""
    return max(option.opts, key=len).lstrip("-")
