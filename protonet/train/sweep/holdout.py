"""Validation data: a part of the TRAIN data that the trials do not train on. Torch-free."""

from collections.abc import Iterator
from pathlib import Path

from protonet import files
from protonet.data.sources.builtin import PREFIX
from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.graph.build import build
from protonet.graph.ir import Graph, Node
from protonet.layers.annotated_data import AnnotatedData
from protonet.layers.data import Data
from protonet.layers.image_data import ImageData
from protonet.message.base import Kind, Message
from protonet.spec.dialect import resolve
from protonet.spec.override import LAYER, Setting
from protonet.spec.read import SolverFile, read_net
from protonet.train import sources
from protonet.train.overrides import override_net
from protonet.train.sources import NetSource

DIVISIBLE = (Data, ImageData, AnnotatedData)
"""Layers whose records can be told apart by number."""
_FIELDS = ("source", "root_folder", "backend")
_WAY_OUT = "with `--validation 0` the solver's own test nets judge; no test data are left then"


def held_out(file: SolverFile) -> tuple[Setting, ...]:
    """Return what lets the test nets of a solver read the TRAIN data.

    Their data layers keep their transformation and batch, and take the source of the TRAIN layer
    that makes the same tops.

    Raises:
        DiagnosticError: PN697, there is no such layer, or its data cannot be divided; the nets are
            at fault.
    """
    train = _graph(file, sources.train_net(file))
    tests = [_graph(file, each) for each in sources.test_nets(file)]
    found: dict[str, Setting] = {}
    problems: list[Diagnostic] = list(_indivisible(train))
    if not tests:
        problems.append(
            _fault("the solver has no net to test: it names none by `net` or `test_net`")
        )
    for test in tests:
        for node in test.sources:
            twin = next((each for each in train.sources if _tops(each) == _tops(node)), None)
            if twin is None or type(twin.layer) is not type(node.layer):
                problems.append(_without_twin(test, node, twin))
            else:
                found |= {one.path: one for one in _source_of(twin, node, train.file.folder)}
    if problems:
        raise DiagnosticError(dict.fromkeys(problems))
    return tuple(found.values())


def _graph(file: SolverFile, source: NetSource) -> Graph:
    net = read_net(source.spec)
    state = sources.merged(source.phase, net.message.state, source.state)
    return build(resolve(override_net(net, state, file.of_layers))[0], state)


def _indivisible(train: Graph) -> Iterator[Diagnostic]:
    for node in train.sources:
        if not isinstance(node.layer, DIVISIBLE):
            label = Label(train.place(node, "type"), "its records have no numbers")
            names = ", ".join(kind.__name__ for kind in DIVISIBLE)
            yield _fault(
                f"no validation data can be held out of layer `{node.name}`",
                label,
                help_=f"that takes {names}; {_WAY_OUT}",
            )


def _without_twin(test: Graph, node: Node, twin: Node | None) -> Diagnostic:
    what = "no TRAIN layer makes its tops" if twin is None else f"in TRAIN it is a {twin.type}"
    return _fault(
        f"layer `{node.name}` cannot read the TRAIN data that are held out for validation",
        Label(test.place(node, "type"), what),
        help_=f"let both phases make the same tops by the same type of layer; {_WAY_OUT}",
    )


def _fault(message: str, *labels: Label, help_: str = _WAY_OUT) -> Diagnostic:
    return Diagnostic("PN697", message, labels, help=help_)


def _source_of(train: Node, test: Node, folder: Path | None) -> Iterator[Setting]:
    """Yield what gives a TEST layer the source of a TRAIN layer.

    Both may have one name: to the TRAIN layer this is what it says anyway.
    """
    for slot in type(train.layer).slots().values():
        ours, theirs = getattr(train.layer, slot.name), getattr(test.layer, slot.name)
        if slot.kind is Kind.MESSAGE and "source" in slot.type.slots() and ours.source:
            for field in _FIELDS:
                if field in slot.type.slots() and (ours.has(field) or theirs.has(field)):
                    path = f"{LAYER}{test.name}.{slot.name}.{field}"
                    yield Setting(path, _said(ours, field, folder))


def _said(message: Message, field: str, folder: Path | None) -> str:
    value = getattr(message, field)
    if field == "source" and not value.startswith(PREFIX):
        value = str(files.find(value, folder) or value)
    return f'"{value}"' if isinstance(value, str) else value.name


def _tops(node: Node) -> tuple[str, ...]:
    return tuple(top.blob for top in node.tops)
