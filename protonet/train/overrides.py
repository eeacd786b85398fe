"""What a run sets over its files, and the files as they were run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from protonet import files
from protonet.data.resolve import resolve_net
from protonet.diagnostics import DiagnosticError
from protonet.source import Source
from protonet.spec.net import LayerParameter, NetState
from protonet.spec.override import (
    Setting,
    layer_names,
    no_such_layer,
    override,
    override_layers,
    setting,
    split,
)
from protonet.spec.read import NetFile, SolverFile, read_net, read_solver
from protonet.spec.solver import SolverParameter
from protonet.syntax.format import format as format_tree
from protonet.syntax.parse import parse
from protonet.syntax.tree import Tree
from protonet.train import sources
from protonet.train.check import check
from protonet.weights.atomic import replacing


def override_solver(spec: str | Path, settings: Sequence[str]) -> SolverFile:
    """Read a solver and set fields of it, as ``base_lr=0.01``, and of its nets' layers.

    Raises:
        DiagnosticError: The file is at fault; PN023, a setting is not of that form; PN024, it is
            about a layer that no net has.
    """
    given = [setting(text) for text in settings]
    of_layers = tuple(one for one in given if one.is_of_a_layer)
    of_solver = [one for one in given if not one.is_of_a_layer]
    file = read_solver(spec)
    if of_solver:
        file = read_solver(parse(override(_text(file.tree), of_solver, SolverParameter)))
    file = replace(file, of_layers=of_layers)
    if of_layers and not any(check(file)):  # else the solver refuses it, and names no nets
        _check_layers(file)
    return file


def override_net(file: NetFile, state: NetState, of_layers: Sequence[Setting]) -> NetFile:
    """Set fields of a net's layers; those of layers that it does not have are left out."""
    if not of_layers:
        return file

    def blobs(layer: str) -> int:
        slots = resolve_net(file, state).ownership.slots
        return max((len(slots[key]) for key in slots if _is(key, layer)), default=0)

    return read_net(parse(override_layers(_text(file.tree), of_layers, LayerParameter, blobs)))


def _check_layers(file: SolverFile) -> None:
    nets = (sources.train_net(file), *sources.test_nets(file))
    names = [name for net in nets for name in layer_names(read_net(net.spec).tree)]
    unknown = [one for one in file.of_layers if not split(one, names)[0]]
    if unknown:
        raise DiagnosticError(no_such_layer(one, names) for one in unknown)


def _is(key: str, layer: str) -> bool:
    """Tell whether a node's key is that of a layer: the second of a name has ``#2`` at its end."""
    return key == layer or key.startswith(f"{layer}#")


def _text(tree: Tree) -> Source:
    """Return the text of a tree: its own, unless an upgrade made the tree."""
    if parse(tree.source).root == tree.root:
        return tree.source
    return replace(tree.source, text=format_tree(tree))


def write_resolved(solver: SolverFile, nets: Sequence[NetFile], prefix: str) -> list[Path]:
    """Write the files of a run that has settings beside its snapshots.

    Args:
        solver: The solver as it is run: ``<prefix>_solver.prototxt``.
        nets: Its nets as they are run; those with settings become ``<prefix>_<name>.prototxt``.
        prefix: What the names of snapshots begin with.

    Raises:
        DiagnosticError: PN408, a file cannot be written.
    """
    changed = {net.path: net for net in nets if net.path} if solver.of_layers else {}
    written = {path: Path(f"{prefix}_{path.name}") for path in changed}
    for path, net in changed.items():
        _write(written[path], format_tree(net.tree))
    source = override(solver.tree.source, _nets(solver, written), SolverParameter)
    target = Path(f"{prefix}_solver.prototxt")
    _write(target, format_tree(parse(source)))
    return [target, *written.values()]


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "surrogateescape"))


def _nets(solver: SolverFile, written: Mapping[Path, Path]) -> Iterator[Setting]:
    """Yield where nets are now that the solver's own words would not lead to."""
    message = solver.message
    fields = [("net", message.net), ("train_net", message.train_net)]
    fields += [(f"test_net.{at}", name) for at, name in enumerate(message.test_net)]
    for field, name in fields:
        path = files.find(name, solver.folder) if name else None
        now = written.get(path, path) if path else None
        if now not in {None, Path(name), files.shipped(name)}:
            yield Setting(field, str(now))
