"""Lists of parts of a list or folder; each part has its share of every class."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from math import isclose
from pathlib import Path

from protonet.data.faults import fault
from protonet.data.tools.faults import Fault
from protonet.data.tools.listed import Entry
from protonet.diagnostics import DiagnosticError
from protonet.weights.atomic import replacing
from protonet.weights.faults import unwritable


def split(entries: Sequence[Entry], fractions: Sequence[float], seed: int) -> list[list[Entry]]:
    """Return the parts, in which classes are evenly mixed.

    Args:
        entries: The images.
        fractions: The share of each part; together 1.
        seed: Of which images go where.

    Raises:
        DiagnosticError: PN544, they are not together 1, or a part would have no image.
    """
    if min(fractions) <= 0 or not isclose(sum(fractions), 1, abs_tol=1e-6):
        raise _refused(fractions, f"they are {sum(fractions):g} in total")
    ends = [round(len(entries) * end) for end in accumulate(fractions, initial=0)]
    order = _mixed(entries, seed)
    parts = [order[start:end] for start, end in pairwise(ends)]
    if not all(parts):
        raise _refused(fractions, f"of {len(entries)} images a part would have none")
    return parts


def write_lists(parts: Mapping[str, Sequence[Entry]], folder: Path) -> dict[str, Path]:
    """Write ``NAME.txt`` for each part, and return where they are.

    Lines are as in the list, or name images from the folder of images on.

    Raises:
        DiagnosticError: PN540, one exists already; PN408, one cannot be written.
    """
    paths = {name: folder / f"{name}.txt" for name in parts}
    for path in paths.values():
        if path.exists():
            raise fault(
                Fault.OUTPUT, f"`{path}` already exists", help="remove it, or give another --out"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    for name, path in paths.items():
        text = "".join(f"{entry.name} {entry.label}\n" for entry in parts[name])
        with replacing(path) as temporary:
            temporary.write_bytes(text.encode(errors="surrogateescape"))
    return paths


def _mixed(entries: Sequence[Entry], seed: int) -> list[Entry]:
    """Sort images by their place within their class, as a share of it."""
    shuffled = list(entries)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 # no secret
    sizes, seen = Counter(entry.label for entry in entries), Counter[int]()
    shares: list[tuple[float, int]] = []
    for at, entry in enumerate(shuffled):
        shares.append(((seen[entry.label] + 0.5) / sizes[entry.label], at))
        seen[entry.label] += 1
    return [shuffled[at] for _, at in sorted(shares)]


def _refused(fractions: Sequence[float], why: str) -> DiagnosticError:
    shown = ",".join(f"{fraction:g}" for fraction in fractions)
    return fault(
        Fault.PARTS,
        f"the fractions {shown} make no parts: {why}",
        help="give the share of each part, 1 in total: --fractions 0.8,0.2",
    )
