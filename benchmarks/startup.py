"""How long the command line takes to start, as ratios to the imports that it cannot do without.

Whole processes, wall time, rounds interleaved; the figure is the median of the rounds' ratios.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import figure, interleaved, ratio

ROUNDS = 21
ROOT = Path(__file__).parent.parent

_SCRIPT = Path(sys.executable).with_name("protonet")
PROTONET = [str(_SCRIPT)] if _SCRIPT.exists() else [sys.executable, "-m", "protonet"]

COMMANDS: Mapping[str, Sequence[str]] = {
    "click": [sys.executable, "-c", "import click"],
    "help": [*PROTONET, "--help"],
    "imports": [sys.executable, "-c", "from pydantic import BaseModel; import lark, click"],
    "check": [*PROTONET, "check", "zoo/lenet/train_val.prototxt"],
}

FIGURES = (("help_vs_click", "help", "click", 2.0), ("check_vs_imports", "check", "imports", 2.0))


# What is installed has its bytecode, which the round that is not counted writes here; to compile a
# checkout's files at each start would be measured instead where Python is told not to write any.
_BYTECODE = TemporaryDirectory()
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPYCACHEPREFIX": _BYTECODE.name,
}


def run(command: Sequence[str]) -> None:
    """Run one process."""
    subprocess.run(command, cwd=ROOT, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print the figures."""
    ways = {name: partial(run, command) for name, command in COMMANDS.items()}
    rounds = interleaved(ways, ROUNDS)
    for name, ours, theirs, bar in FIGURES:
        figure(name, ratio(rounds, ours, theirs), bar)


if __name__ == "__main__":
    main()
