"""Whatever a user's code does to the process is undone, or is its own failure."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import warnings
from contextlib import redirect_stderr, suppress
from io import StringIO

import numpy as np
import pytest
import torch

from lossbench.errors import CodeFailed, UsageError
from lossbench.losses import get_loss
from lossbench.losses.custom.contain import SETTINGS, contained, failing, running, settings
from lossbench.losses.custom.source import in_one_line
from lossbench.remark import Topic
from lossbench.report.words.remark import words

OTHER = {
    "default dtype": torch.float64,
    "gradient mode": False,
    "number of threads": 2,
    "deterministic mode": 2,
    "precision of matrix products": "medium",
    "anomaly detection": True,
}
"""For each setting of torch a value that it usually does not have."""


def state() -> dict[str, object]:
    """Return what a loss might change."""
    return {
        "torch": (settings(), torch.get_default_device()),
        "python": random.getstate(),
        "numpy": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "random": torch.get_rng_state().tolist(),
        "errors": np.geterr(),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "filters": list(warnings.filters),
        "streams": (sys.stdout, sys.stderr, sys.argv),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "recursion": sys.getrecursionlimit(),
        "permissions": permissions(),
        "functions": (torch.where, torch.nn.functional.mse_loss, torch.Tensor.mean, np.mean),
    }


def permissions() -> int:
    """Return what new files may not be used for."""
    now = os.umask(0o077)
    os.umask(now)
    return now


def meddle() -> None:
    """Change all of it."""
    for setting in SETTINGS:
        setting.write(OTHER[setting.name])
    torch.set_default_device("meta")
    random.seed(7)
    np.random.seed(7)  # noqa: NPY002
    torch.default_generator.manual_seed(7)
    np.seterr(all="raise")
    os.chdir("/")
    os.environ["LOSSBENCH_MEDDLED"] = "1"
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr = sys.argv = None
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.setrecursionlimit(5000)
    os.umask(0o777)
    torch.where = torch.nn.functional.mse_loss = torch.Tensor.mean = np.mean = None


@pytest.mark.parametrize("ending", [None, SystemExit(0), KeyboardInterrupt()], ids=str)
@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_everything_is_put_back(ending: BaseException | None) -> None:
    """However it ends; the settings of torch that were changed are named."""
    before = state()
    with suppress(SystemExit, KeyboardInterrupt), contained() as seen:
        meddle()
        if ending:
            raise ending
    assert state() == before
    assert all(f"torch's {name} (to " in seen.altered for name in OTHER)
    assert all(
        name in seen.altered
        for name in ("torch.where", "torch.nn.functional.mse_loss", "Tensor.mean", "numpy.mean")
    )


def test_random_numbers_do_not_hang_on_what_ran_before() -> None:
    """Each block draws the same; what is drawn outside goes on as if there had been none."""

    def draws() -> tuple[float, ...]:
        return random.random(), np.random.random(), torch.rand(()).item()  # noqa: NPY002

    with torch.random.fork_rng(devices=[]):
        found = []
        for _ in range(2):
            draws()
            with contained():
                found.append(draws())
        assert found[0] == found[1]


@pytest.mark.parametrize(
    "own", [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), StopIteration(), RecursionError()]
)
def test_what_a_loss_raises_is_its_own(own: BaseException) -> None:
    """Exceptions that would end the program or a loop become the failure of the loss."""
    told = failing(lambda error: ValueError(type(error).__name__))
    with pytest.raises(ValueError, match=type(own).__name__), contained(), told:
        raise own


class Wordless(Exception):
    """An exception that fails as it is written."""

    def __str__(self) -> str:
        raise RuntimeError("not even this")


def test_an_exception_that_cannot_be_written_is_named_by_its_kind() -> None:
    """What a user's own exception raises as it is asked for its text is not ours to fail by."""
    assert in_one_line(Wordless()) == "Wordless"


def test_streams_that_are_closed_stay_open_for_others() -> None:
    """Whatever is printed comes first, and afterwards the streams are as they were."""
    log = StringIO()
    with redirect_stderr(log):
        with contained():
            print("told")
            sys.stdout.close()
            sys.stderr.close()
        print("told later", file=sys.stderr)
    assert log.getvalue() == "told\ntold later\n"


FORKS = """
import os
from lossbench.losses.custom.contain import contained, failing

with contained(), failing(lambda error: error):
    os.fork()
os.write(2, b"once\\n")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process")
def test_a_standard_stream_that_is_closed_is_opened_again() -> None:
    """To the same place; else nobody would hear what became of the loss."""
    before = os.fstat(2)
    with contained():
        os.close(2)
    assert os.path.samestat(os.fstat(2), before)


def test_a_process_that_a_loss_forks_ends_with_the_call() -> None:
    """Two would train on, and each of them fork at its next step."""
    done = subprocess.run([sys.executable, "-c", FORKS], capture_output=True, text=True, check=True)
    assert done.stderr == "once\n"


def test_a_real_ctrl_c_interrupts() -> None:
    """The user's Ctrl-C passes through, and is told apart from a KeyboardInterrupt that a loss raises."""
    own = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    with pytest.raises(KeyboardInterrupt), contained(), failing(lambda error: ValueError("taken for the loss's")):
        signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, own)
    with pytest.raises(KeyboardInterrupt), failing(lambda error: ValueError("nobody could tell here")):
        raise KeyboardInterrupt


UNRULY = '''
import sys, warnings
import torch

print("hello from the file")
torch.set_default_dtype(torch.float64)
torch.manual_seed(3)
warnings.warn("old-fashioned")

def fine(prediction, target):
    """Only the file is unruly."""
    assert torch.get_default_dtype() == torch.float32
    print("hello from the loss")
    return (prediction - target).square().mean()

def changes(prediction, target):
    torch.set_default_dtype(torch.float64)
    return (prediction - target).square().mean()

class Leaves(torch.nn.Module):
    def __init__(self):
        sys.exit(0)

class Exits(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, target):
        return (prediction - target).square().mean()

    @staticmethod
    def backward(ctx, slope):
        sys.exit(0)

def backward(prediction, target):
    return Exits.apply(prediction, target)

def asked(prediction, target):
    raise KeyboardInterrupt
'''


def test_an_unruly_file_and_its_losses(write, capsys: pytest.CaptureFixture[str]) -> None:
    """Prints go to standard error, what the file sets is undone and noted, what a loss does is its failure."""
    write(UNRULY)
    before = state()
    notes = [words(note) for note in get_loss("mine.py:fine", "regression").record.notes]
    assert notes == [
        "its file warns as it is read: old-fashioned",
        "its file changes torch's default dtype (to torch.float64); that is undone, since other losses run in the "
        "same process",
    ]
    faults = {
        "changes": "changes torch's default dtype (to torch.float64), on which the numbers of other losses depend",
        "Leaves": "its constructor, given (), raised SystemExit: 0",
        "backward": "has no gradient that can be computed: RuntimeError: its backward pass raised SystemExit: 0",
        "asked": "it raised KeyboardInterrupt (mine.py line ",
    }
    for name, fault in faults.items():
        with pytest.raises(UsageError) as caught:
            get_loss(f"mine.py:{name}", "regression")
        assert fault in str(caught.value)
    assert state() == before
    out, err = capsys.readouterr()
    assert out == ""
    assert "hello from the file\n" in err
    assert "hello from the loss\n" in err


@pytest.mark.parametrize(
    "line",
    [
        "sys.exit()",
        "os._exit(0)",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "argparse.ArgumentParser().error('no')",
    ],
)
def test_a_file_that_ends_the_program(write, line: str) -> None:
    """That is a file that cannot be imported; the message has the line."""
    write(f"import argparse, os, sys\n{line}")
    with pytest.raises(CodeFailed, match=r"mine\.py cannot be imported: .*\(mine\.py line 2\); mend it"):
        get_loss("mine.py:f", "regression")


def test_a_file_reads_no_options_of_ours(write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that parses its command line finds itself called without options."""
    monkeypatch.setattr(sys, "argv", ["lossbench", "compare", "-d", "iris"])
    write(
        """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--power", type=float, default=2.0)
        power = parser.parse_args().power

        def f(prediction, target):
            return ((prediction - target).abs() ** power).mean()
        """
    )
    assert get_loss("mine.py:f", "regression").record.whole_batch
    assert sys.argv[0] == "lossbench"


def test_a_warning_is_told_once(write, recwarn: pytest.WarningsRecorder) -> None:
    """In the trial it becomes a note, and is not shown."""
    write(
        """
        import warnings

        def f(prediction, target):
            warnings.warn(f"deprecated\\nin many words", FutureWarning)
            return (prediction - target).square().mean()
        """
    )
    notes = get_loss("mine.py:f", "regression").record.notes
    assert [words(note) for note in notes if note.topic is Topic.TORCH_WARNS] == ["it warns: deprecated"]
    assert not recwarn.list


def test_nothing_is_seen_where_nothing_happens() -> None:
    """A block that does nothing has altered nothing, however often."""
    for _ in range(3):
        with contained() as seen:
            pass
        assert (seen.altered, seen.warnings) == ("", {})


def test_what_runs_inside_another_is_told_apart_from_it() -> None:
    """A containment ends for itself alone: what is seen afterwards belongs to the one around it."""
    with contained() as outer:
        with contained():
            pass
        running(("a",))
        outer.warn("late")
    assert outer.warnings == {"late": ("a",)}
