"""The command line. `--help` must answer at once, so a command's module is imported only when it runs."""

from __future__ import annotations

import atexit
import importlib
import os
import re
import signal
import sys
import threading
import warnings
from typing import NoReturn

import click

from lossbench.apart import allow_forks
from lossbench.cli.process.refused import check_room, refusal
from lossbench.cli.process.streams import open_streams
from lossbench.errors import LossbenchError, UnknownName
from lossbench.visible import visible

COMMANDS = {
    "compare": "Train the same networks under each loss and say what differs.",
    "choose": "Decide which loss suits a table of your own.",
    "claims": "Try the claims of three documents, or your own, and judge them.",
    "claim": "Try a claim of your own, in one sentence.",
    "losses": "List the losses, or show one.",
    "check-loss": "Try the checks of the catalogue on a loss, or on your own.",
    "new": "Begin a loss of your own: its file, and its test.",
    "datasets": "List the data sets, or show one.",
    "diff": "Compare two runs: what got better, worse, is new or missing.",
    "trend": "Follow scores and verdicts over many runs, such as nights.",
    "report": "Make the tables of a run again, or what a paper needs of it.",
    "merge": "Put the shards of a run together.",
    "aa": "Measure the false-positive rate of its own verdicts.",
    "bench": "Measure the engines on this machine.",
    "cache": "Look after the store of finished trials.",
}
"""The commands and their help, said here so that the root help imports none of them; a test holds them equal."""

INTERRUPTED = 130

THREADLESS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""Keeps numpy, scipy, torch and pyarrow from starting threads, whatever is set already.

lossbench computes in one thread a process. Where no more can start, OpenBLAS prints four lines and interrupts, and
OpenMP two, and ends the process.
"""

UNHEEDED = re.compile(
    r"(G?OMP_.*|JOBLIB_START_METHOD|LOKY_PICKLER|PYTHONINSPECT)=.*|LOKY_MAX_CPU_COUNT=(?!\d+$).*", re.DOTALL
)
"""What is set for other programs, by which a library would start threads or processes otherwise, speak or hang."""


class Commands(click.Group):
    """A group that imports `lossbench.cli.NAME` when the command NAME is called, with _ for -."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command.

        Raises:
            UnknownName: there is none of that name.
        """
        if cmd_name not in COMMANDS:
            raise UnknownName("command", cmd_name, COMMANDS)
        module = cmd_name.replace("-", "_")
        command = getattr(importlib.import_module(f"lossbench.cli.{module}"), module)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        from importlib.metadata import version

        click.echo(f"lossbench {version('lossbench')}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=show_version, help="Show it.")
def root() -> None:
    """Compare loss functions honestly: same data, same first weights, same batches; only the loss moves."""
    check_room()


class Interrupt(KeyboardInterrupt):
    """Ctrl-C, under a name of our own.

    Once KeyboardInterrupt itself has passed through an `exec`, as in many an import, Python ends by the signal,
    whatever exit code it is given.
    """


def interrupt(*_: object) -> None:
    """Answer the signal of Ctrl-C."""
    raise Interrupt


def main() -> None:
    """Run the command line and exit with its code, see the README."""
    open_streams()
    allow_forks()
    for name in [name for name, value in os.environ.items() if UNHEEDED.fullmatch(f"{name}={value}")]:
        del os.environ[name]
    os.environ.update(THREADLESS)
    warnings.filterwarnings("ignore", "Failed to kill subprocesses")  # loky's; what lacked is told as the error
    # A shell starts what runs in the background with the signal ignored: that is to stay.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    code = run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: who interrupts the exit only gets a traceback
    leave(code)


def leave(code: int) -> NoReturn:
    """Exit with a code, even where Python was told to stay (PYTHONINSPECT), or a user's thread never ends."""
    alive = [thread for thread in threading.enumerate() if not thread.daemon]
    if sys.flags.inspect or len(alive) > 1:
        from multiprocessing import active_children  # slow to import, and rarely needed

        for process in active_children():  # which has such a thread too, and would be waited for
            process.terminate()
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; errors become one message on standard error."""
    try:
        code = root.main(arguments, prog_name="lossbench", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return refuse(one_line(error), error.exit_code)
    except LossbenchError as error:
        return refuse(str(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("lossbench: interrupted; what the store holds already is not trained again", err=True)
        return INTERRUPTED
    except Exception as error:
        message = refusal(error)
        if message is None:
            raise
        warnings.simplefilter("ignore")  # of what cannot be cleaned up either
        return refuse(message, LossbenchError.exit_code)
    return code if isinstance(code, int) else 0  # what a command exits with by Exit


def refuse(message: str, exit_code: int) -> int:
    """Print an error and return its exit code."""
    click.echo(f"lossbench: error: {visible(message)}", err=True)
    return exit_code


def one_line(error: click.ClickException) -> str:
    """Return what click has to say, without the usage that it would print around it."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "lossbench"
    return f"{error.format_message().removesuffix('.')} (see {command} --help)"
