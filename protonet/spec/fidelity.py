"""The differences that layers document, for docs/fidelity.md.

python -m protonet.spec.fidelity docs/fidelity.md
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from protonet.layers import LAYERS

MARK = "<!-- From here on: the docstrings of protonet/layers, written by `make schema`. -->\n"


def differences() -> Iterator[tuple[str, str]]:
    """Yield each layer type whose docstring says "Differs", and what it says from there on."""
    for name, layer in LAYERS.items():
        for paragraph in re.split(r"\n\s*\n", inspect.getdoc(layer) or ""):
            text = " ".join(paragraph.split()).replace("``", "`")
            _, word, rest = text.partition("Differs")
            if word:
                yield name, word + rest


def test_of(name: str) -> str:
    """Return where a layer type is tested, as seen from docs/."""
    return f"../tests/layers/test_{LAYERS[name].__module__.rpartition('.')[2]}.py"


def updated(text: str) -> str:
    """Return the text of docs/fidelity.md with the layers as they are."""
    lines = [f"- **{name}.** {said} ([test]({test_of(name)}))\n" for name, said in differences()]
    return "".join((text.partition(MARK)[0], MARK, "\n", *lines))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
