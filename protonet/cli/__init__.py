"""The command line: one file a command, imported when it is called.

The one-line helps stand here, so that ``protonet --help`` reads no command's file.
"""

import errno
import gc
import sys
from importlib import import_module
from io import TextIOWrapper
from types import MappingProxyType

import click

from protonet import __version__
from protonet.diagnostics import DiagnosticError

COMMANDS = MappingProxyType(
    {
        "train": "Train a net as a solver file says.",
        "finetune": "Train a net that starts from the weights of another.",
        "sweep": "Train with many values of some fields, and find the best.",
        "test": "Score a net with its TEST data.",
        "time": "Time the forward and backward pass of each layer.",
        "check": "Report everything that is wrong with nets and solvers.",
        "show": "Print a net's layers, shapes, parameters and cost.",
        "draw": "Draw a net, with the shapes of its blobs.",
        "stats": "Show how large activations and gradients are in each layer.",
        "diff": "Print what differs in meaning between two nets or solvers.",
        "fmt": "Format prototxts, keeping comments.",
        "convert": "Update old files; convert nets and weights to other forms.",
        "verify": "Compare what a net computes, blob by blob, with something else.",
        "extract": "Write the features that a net computes.",
        "predict": "Classify images with a net.",
        "data": "Make, convert and inspect data.",
        "devices": "List the CUDA devices.",
        "caffe": "Run commands in the spelling of Caffe's tools.",
        "plot": "Plot the train and test curves of one or more trainings.",
        "diagnose": "Say what the curves of a training mean.",
        "explain": "Explain a diagnostic code, a layer type or a solver file.",
    }
)


class Cli(click.Group):
    """Imports a command when it is called, and prints diagnostics without a traceback."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None if there is no such one."""
        if cmd_name not in COMMANDS:
            return None
        name = f"protonet.cli.{cmd_name}"
        if name not in sys.modules:
            # What is imported stays until the end. That the collector need not look at it, now and
            # when the process ends, saves a sixth of the time that checking a net takes.
            gc.disable()
            import_module(name)
            gc.enable()
            gc.freeze()
        command: click.Command = sys.modules[name].command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands, in the order of use."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a fault of the user's file, or of the system, ends it with status 1."""
        if isinstance(sys.stdout, TextIOWrapper):
            # Names of files that are no UTF-8 are printed as they are; what a terminal lacks, as ?.
            is_unicode = sys.stdout.encoding.lower() == "utf-8"
            sys.stdout.reconfigure(errors="surrogateescape" if is_unicode else "replace")
        try:
            return super().invoke(ctx)
        except DiagnosticError as error:
            click.echo(str(error), err=True)
            ctx.exit(1)
        except OSError as error:
            if error.errno in {None, errno.EPIPE}:  # no fault of the system; nobody reads any more
                raise
            raise click.ClickException(_told(error)) from None


def _told(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{error.filename}: {reason}" if error.filename else reason


@click.group(
    cls=Cli,
    # Only the names are used, for "did you mean": `get_command` finds the real ones.
    commands={name: click.Command(name) for name in COMMANDS},
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Check, run, train and fine-tune Caffe's nets on PyTorch."""
