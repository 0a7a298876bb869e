from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.cli.completion import claims, completer, datasets, losses, scores

from .conftest import COMMAND, PLAIN

NAMES = {"losses": losses, "data sets": datasets, "scores": scores, "claims": claims}


def completed(words: str) -> list[str]:
    """Return what bash is told of a line, the last word of which is begun."""
    count = len(words.split()) - 1
    told = {"_LOSSBENCH_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(count)}
    done = subprocess.run(COMMAND, env=PLAIN | told, capture_output=True, text=True, check=False)
    return [line.removeprefix("plain,") for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lossbench com", ["compare"]),
        ("lossbench cho", ["choose"]),
        ("lossbench tre", ["trend"]),
        ("lossbench trend --score map", ["mape"]),
        ("lossbench choose -d breast", ["breast_cancer"]),
        ("lossbench choose -l mse,hub", ["mse,huber"]),
        ("lossbench compare -l mse,hub", ["mse,huber"]),
        ("lossbench compare -d breast", ["breast_cancer"]),
        ("lossbench compare --score map", ["mape"]),
        ("lossbench claims T1", ["T10"]),
        ("lossbench losses geman", ["geman_mcclure"]),
    ],
)
def test_a_shell_completes_names(words: str, found: list[str]) -> None:
    """Of commands, losses, data sets, scores and claims; of several, the last."""
    assert completed(words) == found


@given(st.sampled_from(list(NAMES)), st.text("abcemst,", max_size=6))
def test_what_completes_is_a_name_that_begins_so(kind: str, begun: str) -> None:
    """What stands before the last comma stays as it is."""
    names = set(NAMES[kind]())
    head, comma, last = begun.rpartition(",")
    found = [item.value for item in completer(NAMES[kind])(None, None, begun)]
    assert sorted(found) == sorted(head + comma + name for name in names if name.startswith(last))
