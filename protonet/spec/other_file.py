"""Prototxts of another kind than the one that was asked for."""

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.spec.net import NetParameter
from protonet.syntax.other import something_else
from protonet.syntax.tree import Tree


def refuse_other(tree: Tree, *, solver: bool) -> None:
    """Refuse a net for a solver, a solver for a net, and what is neither.

    Args:
        tree: The file, which cannot be read as what it is to be.
        solver: It is to be a solver, not a net.

    Raises:
        DiagnosticError: PN020.
    """
    problem = _label_map(tree) or (_net(tree) if solver else _solver(tree))
    if problem is not None:
        raise DiagnosticError([problem])


def is_solver(tree: Tree) -> bool:
    """Tell whether more of a file's fields are a solver's than a net's."""
    names, net = {field.name for field in tree.root.fields}, NetParameter.slots().keys()
    if names <= net:
        return False
    from protonet.spec.solver import SolverParameter  # noqa: PLC0415 # a net needs none of it

    solver = SolverParameter.slots().keys()
    return len(names & (solver - net)) > len(names & (net - solver))


def _label_map(tree: Tree) -> Diagnostic | None:
    fields = tree.root.fields
    if not fields or any(field.name != "item" for field in fields):
        return None
    return something_else(
        tree.name_span(fields[0]),
        "a label map: it names the classes of a detector",
        "a net names it, as `label_map_file` of a layer",
    )


def _solver(tree: Tree) -> Diagnostic | None:
    if not is_solver(tree):
        return None
    first = next(one for one in tree.root.fields if one.name not in NetParameter.slots())
    return something_else(
        tree.name_span(first), "a solver, not a net", 'the net is what it names: `net: "..."`'
    )


def _net(tree: Tree) -> Diagnostic | None:
    layers = [one for one in tree.root.fields if one.name in ("layer", "layers")]
    if not layers or is_solver(tree):
        return None
    return something_else(
        tree.name_span(layers[0]), "a net, not a solver", 'a solver names it: `net: "..."`'
    )
