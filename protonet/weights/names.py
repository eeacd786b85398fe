"""What the layers of a file are called in the net: by rules, tables, or their order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.shape import Shape
from protonet.spec.net import LayerParameter
from protonet.weights import tables
from protonet.weights.fit import PLAIN, Form, fit, of_file
from protonet.weights.loading import Loading
from protonet.weights.order import aligned
from protonet.weights.stored import AFFINE, StoredLayer, StoredLayers
from protonet.weights.tables import Table


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a net decides how a file's layers are called.

    Attributes:
        layers: The layers of the net.
        blobs: The shapes of each layer's own blobs by index; those shared with another are left
            out.
        forms: How layers may be adapted.
    """

    layers: Sequence[LayerParameter]
    blobs: Mapping[str, Mapping[int, Shape]]
    forms: Mapping[str, Form]


def named(stored: StoredLayers, wanted: Wanted, loading: Loading) -> StoredLayers:
    """Return a file's layers with the names that they have in the net.

    Raises:
        DiagnosticError: PN414, PN415, it is a model of torchvision's that is another net; PN416, it
            names no layer of the net.
    """
    if loading.by_order:
        return _in_order(stored, wanted)
    table = _table(stored, wanted) if stored.foreign else None
    names = _Names(loading.rename, _scales(wanted.layers), table)
    taken = frozenset(loading.rename.values())
    found = replace(stored, layers=tuple(_renamed(each, names, taken) for each in stored.layers))
    if stored.foreign and not any(layer.name in wanted.blobs for layer in found.layers):
        raise DiagnosticError([_proposal(stored, wanted)])
    return found


@dataclass(frozen=True, slots=True)
class _Names:
    rename: Mapping[str, str]
    scales: Mapping[str, str]
    table: Table | None

    def of(self, name: str) -> str:
        if name in self.rename:
            return self.rename[name]
        if name.endswith(AFFINE):
            norm = self.of(name.removesuffix(AFFINE))
            return self.scales.get(norm, f"{norm}{AFFINE}")
        return self.table.layers.get(name, name) if self.table else name


def _renamed(layer: StoredLayer, names: _Names, taken: frozenset[str]) -> StoredLayer:
    name = names.of(layer.name)
    blobs = names.table.folded(layer) if names.table else layer.blobs
    if name == layer.name and name in taken:
        # The user gave its place in the net to another layer of the file.
        return replace(layer, name=f"{name} (replaced)")
    return _called(replace(layer, blobs=blobs), name)


def _called(layer: StoredLayer, name: str) -> StoredLayer:
    if name == layer.name:
        return layer
    return replace(layer, name=name, origin=layer.name.removesuffix(AFFINE))


def _scales(layers: Sequence[LayerParameter]) -> dict[str, str]:
    """Return the Scale layer after each BatchNorm: Caffe's two halves of torch's one module."""
    found: dict[str, str] = {}
    for at, layer in enumerate(layers):
        if layer.type == "BatchNorm":
            scale = next((later for later in layers[at + 1 :] if _scales_top(later, layer)), None)
            found |= {layer.name: scale.name} if scale else {}
    return found


def _scales_top(layer: LayerParameter, normalised: LayerParameter) -> bool:
    return layer.type == "Scale" and layer.bottom[:1] == normalised.top[:1]


def _table(stored: StoredLayers, wanted: Wanted) -> Table | None:
    """Return the table that brings a model of torchvision's into the net, if it is one."""
    names = tables.names_of(stored.layers)
    here = sum(name in wanted.blobs for name in names)
    reason = "" if 2 * here > len(names) else tables.refusal(names)
    if reason:
        raise DiagnosticError(
            [
                Diagnostic(
                    "PN414",
                    reason,
                    help="write the model as a prototxt and give `--map` or `--by-order`",
                    file=str(stored.path),
                )
            ]
        )
    table = tables.table_of(names)
    if table is None or sum(name in wanted.blobs for name in table.layers.values()) <= here:
        return None
    problem = table.problem(wanted.layers, str(stored.path))
    if problem is not None:
        raise DiagnosticError([problem])
    return table


def _in_order(stored: StoredLayers, wanted: Wanted) -> StoredLayers:
    """Return a file's layers named by their order; those that have no place keep a name of none."""
    names = {id(theirs): ours for ours, theirs in _pairs(stored, wanted)}
    return replace(
        stored,
        layers=tuple(
            _called(layer, names.get(id(layer), f"{layer.name} (no place)"))
            for layer in stored.layers
        ),
    )


def _pairs(stored: StoredLayers, wanted: Wanted) -> list[tuple[str, StoredLayer]]:
    theirs = [layer for layer in stored.layers if layer.blobs]
    ours = [name for name, blobs in wanted.blobs.items() if blobs]
    return aligned(ours, theirs, _suits(wanted))


def _suits(wanted: Wanted) -> Callable[[str, StoredLayer], bool]:
    def suits(name: str, layer: StoredLayer) -> bool:
        shapes = wanted.blobs[name]
        if shapes.keys() != layer.blobs.keys():
            return False
        form = of_file(replace(wanted.forms.get(name, PLAIN), adapt=None), layer)
        return all(fit(shapes[i], blob, form) for i, blob in layer.blobs.items())

    return suits


def _proposal(stored: StoredLayers, wanted: Wanted) -> Diagnostic:
    pairs = _pairs(stored, wanted)
    ours = sum(bool(blobs) for blobs in wanted.blobs.values())
    theirs = sum(bool(layer.blobs) for layer in stored.layers)
    help_ = "say by `--map old=new` which layer of the file is which of the net"
    if pairs:
        lines = "\n".join(_lines(pairs))
        help_ = f"`--by-order` takes these, `--map old=new` others:\n{lines}"
    return Diagnostic(
        "PN416",
        f"`{stored.path.name}` names no layer of the net; by their order and shapes "
        f"{len(pairs)} of its {theirs} layers go into the net's {ours}",
        help=help_,
        file=str(stored.path),
    )


def _lines(pairs: Sequence[tuple[str, StoredLayer]]) -> Iterator[str]:
    for name, layer in pairs:
        shapes = " ".join(map(str, layer.shapes))
        yield f"      {name} from {layer.name} {shapes}"
