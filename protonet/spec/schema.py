"""The files in schema/: what protonet accepts, for protobuf, for editors, and as a table of layers.

python -m protonet.spec.schema schema
"""

import json
import re
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from protonet.layers import LAYERS
from protonet.layers.base import Layer
from protonet.message.base import Message
from protonet.message.common import BlobProtoVector, Datum
from protonet.message.emit import json_schema, proto_text
from protonet.spec.dialect_protos import dialect_protos
from protonet.spec.net import NetParameter
from protonet.spec.solver import SolverParameter, SolverState

ROOTS: tuple[type[Message], ...] = (
    NetParameter,
    SolverParameter,
    SolverState,
    BlobProtoVector,
    Datum,
)
"""The messages that are files, or records of a database."""


def files() -> dict[str, str]:
    """Return the text of every generated file by its name."""
    return {
        "protonet.proto": proto_text(ROOTS),
        "net.schema.json": _json(NetParameter),
        "solver.schema.json": _json(SolverParameter),
        "layers.md": "\n".join(_layers()),
        **dialect_protos(),
    }


def _json(message: type[Message]) -> str:
    return json.dumps(json_schema(message), indent=1) + "\n"


def _layers() -> Iterator[str]:
    yield "# Layer types"
    yield ""
    yield "| type | messages | bottoms | tops | what | Caffe |"
    yield "|---|---|---|---|---|---|"
    for name, layer in LAYERS.items():
        messages = ", ".join(f"`{message}`" for message in layer.slots())
        cells = (f"`{name}`", messages, layer.bottoms, layer.tops, *_told(layer))
        yield f"| {' | '.join(str(cell).replace('|', BAR) for cell in cells)} |"
    yield ""


BAR = "\\|"
"""A bar inside a cell."""


def _told(layer: type[Layer]) -> tuple[str, str]:
    """Return the first line of a layer's docstring, and the files of Caffe that it names."""
    text = cleandoc(layer.__doc__ or "")
    first = text.partition("\n")[0].partition(" Caffe: ")[0]
    return first.replace("``", "`"), ", ".join(re.findall(r"``(\w+\.cpp)``", text))


def main() -> None:
    """Write the files to the folder that the command line names."""
    folder = Path(sys.argv[1])
    (folder / "dialects").mkdir(exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
