"""The action and the workflows: pinned, nothing pasted into a shell, and the action's script itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [
    ROOT / "action.yml",
    ROOT / "docs" / "nightly.yml",
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
]
BRIEF = "-d moons -l bce,mse --seeds 2 --epochs 2 --outliers 0 --jobs 1"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_used_is_pinned_by_commit(file: Path) -> None:
    """An action of others is named by forty digits, beside which its version stands; ours is in the checkout."""
    used = re.findall(r"uses: (\S+)(?: # (\S+))?", file.read_text(encoding="utf-8"))
    assert used
    for name, version in used:
        assert name.startswith("./") or (
            re.search("@[0-9a-f]{40}$", name) and re.match(r"v\d+\.\d+\.\d+$", version)
        )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_version_is_one_commit(file: Path) -> None:
    """The same action at the same version is the same commit in all files."""
    every = [re.findall(r"uses: (\S+)@(\S+) # (v\S+)", one.read_text(encoding="utf-8")) for one in FILES]
    commits = {(name.split("/")[1], version): commit for mine in every for name, commit, version in mine}
    for name, commit, version in re.findall(r"uses: (\S+)@(\S+) # (v\S+)", file.read_text(encoding="utf-8")):
        assert commits[name.split("/")[1], version] == commit


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_value_is_pasted_into_a_script(file: Path) -> None:
    """What a user gives reaches a script by its environment alone."""
    scripts = re.findall(
        r"^( *)(?:- )?run: (.*\n(?:\1 {2,}.*\n|\n)*)", file.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert scripts
    assert not any("${{" in script for _, script in scripts)


def script() -> str:
    """Return the Python of the action's main step."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    (found,) = re.findall(r"shell: python.*?run: \|\n(.*?)\n\n", text, re.DOTALL)
    return textwrap.dedent(found)


def act(folder: Path, arguments: str) -> tuple[str, str]:
    """Run the main step in a folder; return its outputs and the summary of the job."""
    command = folder / "bin" / "lossbench"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m lossbench "$@"\n')
    command.chmod(0o755)
    told = {"ARGUMENTS": arguments, "OUTPUT": "out", "GITHUB_OUTPUT": "outputs", "GITHUB_STEP_SUMMARY": "summary"}
    path = {"PATH": f"{command.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    environment = os.environ | told | path | {"LOSSBENCH_CACHE": str(folder / "store")}
    subprocess.run([sys.executable, "-c", script()], cwd=folder, env=environment, check=True, capture_output=True)
    return (folder / "outputs").read_text(), (folder / "summary").read_text()


def test_the_report_is_the_summary_and_the_code_an_output(tmp_path: Path) -> None:
    """The step itself never fails, so that results are kept; options are split as by a shell, and none is run."""
    outputs, summary = act(tmp_path, f"{BRIEF} # a comment\n --margin 'accuracy=0.02'")
    assert outputs == "exit-code=0\n"
    assert summary == (tmp_path / "out" / "report.md").read_text()
    assert (tmp_path / "out" / "trials.csv").exists()


def test_a_mistake_leaves_its_code_and_no_report(tmp_path: Path) -> None:
    """A usage error is exit code 2, and what looks like a command stays a text."""
    outputs, summary = act(tmp_path, f"{BRIEF} -l '$(touch pwned)'")
    assert (outputs, summary) == ("exit-code=2\n", "lossbench left no report.\n")
    assert not (tmp_path / "pwned").exists()


def test_the_code_is_what_the_action_ends_with() -> None:
    """After the artifact, in the last step."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert text.rstrip().endswith('run: exit "$CODE"')
    assert text.index("upload-artifact") < text.index('exit "$CODE"')
