"""How fast files are checked, as ratios to what cannot be done without.

`check_googlenet_vs_imports`: a whole process that checks GoogLeNet's train_val, to one that only
imports pydantic, lark and click. `check_folder_vs_text_format`: all files of a folder, checked in
one process, to the time that protobuf's text format needs for those that it accepts, both by byte.

    python benchmarks/check.py [FOLDER]     zoo/, unless another folder is given
"""

import sys
from contextlib import chdir
from functools import partial
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from harness import Round, figure, interleaved, ratio
from startup import COMMANDS, PROTONET, ROOT, run

from protonet.message.emit import PACKAGE, file_descriptor
from protonet.report.check import check
from protonet.spec.net import NetParameter
from protonet.spec.solver import SolverParameter

ROUNDS = 21
FOLDER_ROUNDS = 5


def process_rounds() -> list[Round]:
    """Return the rounds of whole processes."""
    commands = {
        "imports": COMMANDS["imports"],
        "check": [*PROTONET, "check", "--ignore", "PN5", "zoo/googlenet/train_val.prototxt"],
    }
    return interleaved({name: partial(run, each) for name, each in commands.items()}, ROUNDS)


class Folder:
    """Files, and those of them that protobuf accepts."""

    def __init__(self, folder: Path) -> None:
        pool = DescriptorPool()
        pool.Add(file_descriptor([NetParameter, SolverParameter]))
        self._kinds = [
            GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
            for name in ("NetParameter", "SolverParameter")
        ]
        self.files = [path for path in sorted(folder.rglob("*.*")) if ".prototxt" in path.name]
        texts = [path.read_text(encoding="latin-1") for path in self.files]
        kinds = [(text, kind) for text in texts if (kind := self._kind(text)) is not None]
        self.accepted = kinds
        self.bytes = sum(path.stat().st_size for path in self.files)
        self.accepted_bytes = sum(len(text) for text, _ in kinds)

    def _kind(self, text: str) -> type | None:
        for kind in self._kinds:
            try:
                text_format.Parse(text, kind())
            except text_format.ParseError:
                continue
            return kind
        return None

    def parse(self) -> None:
        """Read what protobuf accepts."""
        for text, kind in self.accepted:
            text_format.Parse(text, kind())

    def check(self) -> None:
        """Check all files."""
        for path in self.files:
            check(str(path))


def folder_rounds(folder: Folder) -> list[Round]:
    """Return rounds of seconds by byte."""
    rounds = interleaved({"check": folder.check, "text_format": folder.parse}, FOLDER_ROUNDS)
    sizes = {"check": folder.bytes, "text_format": folder.accepted_bytes}
    return [{name: taken / sizes[name] for name, taken in times.items()} for times in rounds]


def main() -> None:
    """Print the figures."""
    with chdir(ROOT):
        figure("check_googlenet_vs_imports", ratio(process_rounds(), "check", "imports"), 2.5)
    folder = Folder(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "zoo"))
    figure("check_folder_vs_text_format", ratio(folder_rounds(folder), "check", "text_format"), 1.0)


if __name__ == "__main__":
    main()
