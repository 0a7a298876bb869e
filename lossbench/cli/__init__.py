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
from lossbench.cli.process.refused import check_address_space, system_refusal
from lossbench.cli.process.streams import open_streams
from lossbench.errors import LossbenchError, UnknownName
from lossbench.spoken import by_options
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
    "merge": "Put the shards of a run together, or finished runs.",
    "aa": "Measure the false-positive rate of its own verdicts.",
    "bench": "Measure the engines on this machine.",
    "cache": "Manage the store of finished trials.",
}
"""The commands and their help; they stand here so that the root help imports none of them. A test compares."""

INTERRUPTED = 130

SINGLE_THREADED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""Keep numpy, scipy, torch and pyarrow from starting threads; these override the user's own settings.

lossbench computes in one thread a process. Where no thread can start, OpenBLAS prints four lines and sends an
interrupt; OpenMP prints two lines and ends the process.
"""

IGNORED_VARIABLES = re.compile(
    r"(G?OMP_.*|JOBLIB_START_METHOD|LOKY_PICKLER|PYTHONINSPECT)=.*|LOKY_MAX_CPU_COUNT=(?!\d+$).*", re.DOTALL
)
"""Variables set for other programs that would make a library start threads or processes, print or hang."""


class Commands(click.Group):
    """A group that imports `lossbench.cli.NAME` when the command NAME is called, with _ for -."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command.

        Raises:
            UnknownName: no command has that name.
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
    check_address_space()


class Interrupt(KeyboardInterrupt):
    """Ctrl-C, as a subclass of our own.

    After a plain KeyboardInterrupt has passed through an `exec`, as in many imports, Python exits by the signal
    and ignores any exit code.
    """


def interrupt(*_: object) -> None:
    """Handle the signal of Ctrl-C."""
    raise Interrupt


def main() -> None:
    """Run the command line and exit with its code, see the README."""
    open_streams()
    allow_forks()
    for name in [name for name, value in os.environ.items() if IGNORED_VARIABLES.fullmatch(f"{name}={value}")]:
        del os.environ[name]
    os.environ.update(SINGLE_THREADED)
    warnings.filterwarnings("ignore", "Failed to kill subprocesses")  # loky's; the cause is reported as an error
    # A shell starts background jobs with the signal ignored; keep it so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    code = run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left to interrupt but a traceback
    exit_process(code)


def exit_process(code: int) -> NoReturn:
    """Exit with a code, even under PYTHONINSPECT or with a user's thread that never ends."""
    running = [thread for thread in threading.enumerate() if not thread.daemon]
    if sys.flags.inspect or len(running) > 1:
        from multiprocessing import active_children  # slow to import, and rarely needed

        for process in active_children():  # they may have such a thread too, and Python would wait for them
            process.terminate()
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; errors become one message on standard error."""
    try:
        with by_options():
            code = root.main(arguments, prog_name="lossbench", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return print_error(short_message(error), error.exit_code)
    except LossbenchError as error:
        return print_error(str(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "lossbench: interrupted; finished trainings are in the store and are not trained again", err=True
        )
        return INTERRUPTED
    except Exception as error:
        message = system_refusal(error)
        if message is None:
            raise
        warnings.simplefilter("ignore")  # such as failures to clean up
        return print_error(message, LossbenchError.exit_code)
    return code if isinstance(code, int) else 0  # the code of click's Exit


def print_error(message: str, exit_code: int) -> int:
    """Print an error and return its exit code."""
    click.echo(f"lossbench: error: {visible(message)}", err=True)
    return exit_code


def short_message(error: click.ClickException) -> str:
    """Return click's message in one line, without the usage text."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "lossbench"
    return f"{error.format_message().removesuffix('.')} (see {command} --help)"
