"""Layer types of forks that protonet does not have: whose they are and what they do.

From ``fork_types.tsv``, which leaves out what there is as a layer of protonet's own.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class ForkType(NamedTuple):
    """A layer type: its name, what people call the fork, what it is for, what it does.

    ``role`` is ``data``, ``loss``, ``score``, ``output`` (it writes, or ends a detector) or
    ``layer``.
    """

    type: str
    fork: str
    role: str
    what: str

    @property
    def message(self) -> str:
        """What a diagnostic says."""
        forks = "forks" if " and " in self.fork else "fork"
        return (
            f"`{self.type}` is a layer of the {self.fork} {forks}, which protonet does not have: "
            f"{self.what}"
        )

    @property
    def advice(self) -> str:
        """What to do."""
        return _ADVICE.get(self.role, PLUGIN)


PLUGIN = "write it as a layer of your own: `--plugin my_layers.py`"
_ADVICE = {
    "data": (
        "to run the net, `protonet convert --to deploy` makes an input of it; to train, put a "
        "layer in its place that reads the same, as `ImageData` or `HDF5Data`"
    ),
    "loss": f"to run the net, `protonet convert --to deploy` leaves it out; to train, {PLUGIN}",
    "score": f"remove it, as `protonet convert --to deploy` does; to score, {PLUGIN}",
}


@cache
def fork_types() -> Mapping[str, ForkType]:
    """Return them by name."""
    _, *rows = Path(__file__).with_name("fork_types.tsv").read_text(encoding="utf-8").splitlines()
    found = (ForkType(*row.split("\t")) for row in rows)
    return MappingProxyType({one.type: one for one in found})


def fork_type(name: str) -> ForkType | None:
    """Return the type of that name, if a fork has it; V1's enum spells `VideoData` VIDEO_DATA."""
    if name in fork_types() or not name.isupper():
        return fork_types().get(name)
    key = _folded(name)
    return next((one for one in fork_types().values() if _folded(one.type) == key), None)


def _folded(name: str) -> str:
    """Return what the names of one type in today's form and in V1's enum have in common."""
    return name.replace("_", "").lower()
