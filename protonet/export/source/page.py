"""The page that a net's source is: docstring, imports, parts, class and `load`."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from protonet import __version__
from protonet.export.source.parts import MODULES
from protonet.export.source.text import statement
from protonet.shape import Shape
from protonet.source import readable

RESERVED = frozenset({"F", "Path", "Tensor", "load", "load_file", "math", "nn", "self", "torch"})
"""Names that the page uses itself."""

PARTS = MappingProxyType(
    {
        name: inspect.getsource(part)
        for module in MODULES
        for name, part in vars(module).items()
        if getattr(part, "__module__", "") == module.__name__
    }
)
"""The code of each part by its name, in the order in which files show them."""

LOAD = '''\
def load(weights: str | Path | None = None) -> {name}:
    """Return the net in eval(); weights are beside this file unless given."""
    net = {name}()
    path = weights or Path(__file__).with_name("{file}")
    net.load_state_dict(load_file(path))
    return net.eval()
'''


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows.

    Attributes:
        net: The net's name.
        origin: The file that it was read from.
        class_name: The name of its class.
        weights: The file of its weights.
        inputs: Variables that it is given, and their shapes.
        outputs: Blobs that it returns, and their variables.
        init: Statements of ``__init__``.
        forward: Statements of ``forward``.
        notes: Sentences for the docstring.
    """

    net: str
    origin: str
    class_name: str
    weights: str
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, str]
    init: Sequence[str]
    forward: Sequence[str]
    notes: Sequence[str]

    def text(self) -> str:
        """Return the page, as ruff formats it."""
        body = self._class()
        parts = list(_parts(body))
        load = LOAD.format(name=self.class_name, file=self.weights)
        code = "\n\n\n".join(part.rstrip("\n") for part in (*parts, body, load))
        return f"{self._docstring()}\n\n{_imports(code)}\n\n\n{code}\n"

    def _docstring(self) -> str:
        origin = Path(self.origin)
        shown = "/".join(origin.parts[-2:]) if origin.is_absolute() else self.origin
        source = "" if shown.startswith("<") else f" from {shown}"
        given = ", ".join(self.inputs)
        lines = [
            f"{self.net}{source}, written by protonet {__version__} in plain torch.",
            "",
            f"    net = load()  # the weights of {self.weights}, beside this file",
            f"    {self._returned()} = net({given})",
            "",
            *(f"{name}: {shape}" for name, shape in self.inputs.items()),
            *self.notes,
            "It computes what TEST does; losses and accuracies are left out.",
        ]
        text = readable("\n".join(lines)).replace("\\", "/").replace('"', "'")
        return f'"""{text}\n"""'

    def _class(self) -> str:
        init = self.init or ()
        gives = "Tensor" if len(self.outputs) == 1 else "tuple[Tensor, ...]"
        arguments = ", ".join(("self", *(f"{name}: Tensor" for name in self.inputs)))
        return "\n".join(
            (
                f"class {self.class_name}(nn.Module):",
                "    def __init__(self) -> None:",
                "        super().__init__()",
                *init,
                "",
                statement("def ", f"forward({arguments})", indent=4, tail=f" -> {gives}:"),
                *self.forward,
                self._return(),
            )
        )

    def _returned(self) -> str:
        return ", ".join(self.outputs.values()) or "_"

    def _return(self) -> str:
        returned = self._returned() if self.outputs else "()"
        line = statement("return ", returned, indent=8)
        fits = "," not in returned or len(line) <= len("        return ") + 73  # 88 in all
        return line if fits else statement("return ", f"({returned})", indent=8)


def _parts(code: str) -> Iterator[str]:
    """Yield the parts that code calls, and those that they call."""
    needed, text = set[str](), code
    while True:
        found = {name for name in PARTS if re.search(rf"(?<![\w.`]){name}\b(?!`)", text)} - needed
        if not found:
            break
        needed |= found
        text = "\n".join(PARTS[name] for name in found)
    yield from (text for name, text in PARTS.items() if name in needed)


def _imports(code: str) -> str:
    standard = ["import math\n"] if "math." in code else []
    standard += ["from collections.abc import Callable\n"] if "Callable[" in code else []
    standard += ["from pathlib import Path\n"]
    torch = ["import torch\n"] if re.search(r"\btorch\.", code) else []
    torch += ["from safetensors.torch import load_file\n", "from torch import Tensor, nn\n"]
    torch += ["from torch.nn import functional as F\n"] if re.search(r"\bF\.", code) else []
    return "".join((*standard, "\n", *torch)).rstrip("\n")
