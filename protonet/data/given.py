"""Data sets that a program gives in place of what data layers would read.

    protonet.Solver("solver.prototxt", data={"train": dataset, "test": other})

A key is a phase, or the name of a data layer. A data set has a length and samples by number, as
``torch.utils.data.Dataset`` and lists have; a sample is a value for each top, in order or by name.
What else a layer says stays: batch size, shuffling, and ``transform_param`` of Data and ImageData.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from types import MappingProxyType
from typing import Any, TypeAlias

from torch.utils.data import Dataset, IterableDataset

from protonet.data.faults import Fault, fault
from protonet.data.part import ALL, Part
from protonet.data.samples import GivenData, Samples
from protonet.data.sources.transformed import transformed, views
from protonet.data.streams.base import DataLayer
from protonet.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from protonet.graph.ir import Graph, Node
from protonet.layers.base import Layer, LayerError
from protonet.layers.data import Data
from protonet.layers.image_data import ImageData
from protonet.message.base import Message
from protonet.message.common import Phase, TransformationParameter
from protonet.shape import Shape

DataSets: TypeAlias = Mapping[str, Dataset[Any] | Sequence[Any]]
"""Data sets by a phase, ``"train"`` or ``"test"``, or by the name of a data layer."""

Parts: TypeAlias = Mapping[str, Part]
"""Which records of its sources a net reads, by its phase: ``"train"`` or ``"test"``."""

_PHASES = tuple(phase.name.lower() for phase in Phase)


class Given:
    """Data sets that were given for one net, or for all nets of a solver.

    Args:
        data: The data sets.
        parts: Which records a net reads, by its phase; all if not given.

    Raises:
        DiagnosticError: PN531, one of them is no data set.
    """

    def __init__(self, data: DataSets, parts: Parts = MappingProxyType({})) -> None:
        self._parts = {key.lower(): part for key, part in parts.items()}
        self._data = {key.lower() if key.lower() in _PHASES else key: data[key] for key in data}
        self._known = dict.fromkeys(_PHASES)
        self._used: set[str] = set()
        problems = [d for key in self._data for d in _problems(key, self._data[key])]
        if problems:
            raise DiagnosticError(problems)

    def part(self, phase: Phase) -> Part:
        """Return which records a net reads."""
        return self._parts.get(phase.name.lower(), ALL)

    def groups(self, graph: Graph) -> tuple[GivenData, ...]:
        """Return what feeds the layers of a net; its first samples are looked at.

        A phase's data set feeds all data layers together, or, if there are none, the Input layers.

        Raises:
            DiagnosticError: PN532 to PN534, a sample or the layers do not fit.
        """
        sources = [node for node in graph.nodes if node.layer.is_source]
        self._known |= dict.fromkeys(node.name for node in sources)
        found: list[tuple[str, tuple[Node, ...]]] = [
            (node.name, (node,)) for node in sources if node.name in self._data
        ]
        rest = [node for node in graph.sources or sources if node.name not in self._data]
        phase = graph.phase.name.lower()
        if phase in self._data and rest:
            found.append((phase, tuple(rest)))
        self._used |= {key for key, _ in found}
        groups = (_group(Samples(self._data[k], k, _tops(n)), n) for k, n in found)  # pyright: ignore[reportArgumentType] # a Dataset's length is not in its type
        return tuple(group for group in groups if group)

    def check(self, *, phases: bool) -> None:
        """See that each data set was used; those of a phase too, if ``phases``.

        Raises:
            DiagnosticError: PN530, one was not.
        """
        left = [k for k in self._data if k not in self._used and (phases or k not in _PHASES)]
        if left:
            raise DiagnosticError(d for key in left for d in self._unused(key))

    def _unused(self, key: str) -> Iterable[Diagnostic]:
        known = ", ".join(f"`{name}`" for name in self._known)
        if key in _PHASES:
            error = fault(Fault.NO_LAYER, f"data are given for `{key}`, and no net reads them")
        else:
            hint = did_you_mean(key, self._known) or f"there are {known}"
            error = fault(Fault.NO_LAYER, f"there is no phase or data layer `{key}`", help=hint)
        return error.diagnostics


def data_layers(graph: Graph, groups: Iterable[GivenData]) -> Iterator[DataLayer]:
    """Yield the data layers of a net: those that were given data, then the others."""
    given: set[str] = set()
    for group in groups:
        given |= {node.key for node in group.nodes}
        first = group.nodes[0]
        yield DataLayer(first.key, _tops(group.nodes), group, first.phase)
    for node in graph.sources:
        if node.key not in given:
            yield DataLayer(node.key, _tops((node,)), node.layer, node.phase)


def _problems(key: str, data: object) -> Sequence[Diagnostic]:
    """Return what is wrong with a data set."""
    kind = type(data)
    hint = "give what has `__len__` and `__getitem__`: a resumed run goes on at any sample"
    if issubclass(kind, IterableDataset) or not hasattr(data, "__getitem__"):
        what = f"has no samples by number: it is of type {kind.__name__}"
    elif not isinstance(data, Sized):
        what = f"has no length: it is of type {kind.__name__}"
    elif not len(data):
        what, hint = "is empty", ""
    else:
        return ()
    return fault(Fault.NO_DATA_SET, f"the data set for `{key}` {what}", help=hint).diagnostics


def _group(samples: Samples, nodes: tuple[Node, ...]) -> GivenData | None:
    """Return how layers are fed; None if one of them is at fault, which others tell."""
    try:
        batches = [_batch(node) for node in nodes]
        declared = [_declared(node) for node in nodes]
    except LayerError:
        return None
    if len(set(batches)) > 1:
        sizes = ", ".join(f"`{n.name}` {b}" for n, b in zip(nodes, batches, strict=True))
        raise fault(
            Fault.JOINT,
            f"the data set for `{samples.name}` feeds layers of different batches: {sizes}",
            help="give each of them a data set of its own, by its name",
        )
    layer, phase = nodes[0].layer, nodes[0].phase
    param = _transform(layer)
    rows = batches[0] * (views(param, phase) if param else 1)
    known = [shape for each in declared for shape in each]
    return GivenData(
        samples,
        nodes,
        batches[0],
        tuple((rows, *shape) for shape in _shapes(samples, known, param, phase)),
        shuffle=bool(_said(layer, "shuffle")),
        ahead=int(_said(layer, "prefetch") or 0),
        param=param,
    )


def _shapes(
    samples: Samples,
    declared: Sequence[Shape | None],
    param: TransformationParameter | None,
    phase: Phase,
) -> list[Shape]:
    """Return what each top holds of a sample: what the file says, else what the first one is."""
    found: list[Shape] = []
    for top, (array, shape) in enumerate(zip(samples.arrays(0), declared, strict=True)):
        if param and not top:
            image = samples.image(array, 0)
            found.append(transformed(param, image.shape, samples.name, phase))
        else:
            wanted = array.shape if shape is None else shape
            found.append(samples.fitted(array, top, wanted, 0).shape)
    return found


def _tops(nodes: Iterable[Node]) -> tuple[str, ...]:
    return tuple(top.blob for node in nodes for top in node.tops)


def _batch(node: Node) -> int:
    """Return how many samples a batch has."""
    batch = _said(node.layer, "batch_size")
    if batch is None:
        batch = min((shape[0] if shape else 0 for shape in node.layer.infer()), default=0)
    if not batch:
        raise fault(Fault.JOINT, f"layer `{node.name}` has no batch that samples could fill")
    return batch


def _declared(node: Node) -> tuple[Shape | None, ...]:
    """Return what the file says of the shape of a sample, for each top."""
    try:
        return tuple(shape[1:] for shape in node.layer.infer())
    except LayerError:  # only the data know
        return (None,) * len(node.tops)


def _transform(layer: Layer) -> TransformationParameter | None:
    """Return what is done to a layer's images, if that is anything."""
    if isinstance(layer, Data | ImageData) and layer.has("transform_param"):
        return layer.transform_param
    return None


def _said(layer: Layer, field: str) -> Any:
    """Return a field of one of a layer's messages, if it was set."""
    for slot in type(layer).slots():
        message = getattr(layer, slot)
        if isinstance(message, Message) and field in type(message).slots() and message.has(field):
            return getattr(message, field)
    return None
