"""Old nets and solvers to today's form, tree to tree.

Every rule of Caffe's ``upgrade_proto.cpp``, in its order: V0 and V1 layers, transformations within
data parameters, `input`, BatchNorm's three `param`, `solver_type`. A field that is made carries the
offset of the one it comes from, so that what is wrong with it is still shown in the file.
"""

from collections.abc import Callable
from dataclasses import replace

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.source import Source
from protonet.spec.change import Change, in_blocks, made, place, values
from protonet.spec.upgrade_v0 import is_v0, upgrade_v0
from protonet.spec.upgrade_v1 import has_v1, upgrade_v1
from protonet.syntax.parse import parse
from protonet.syntax.splice import splice
from protonet.syntax.tree import Block, Field, Tree, Value

_SOLVERS = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")
_SOLVER_TYPES = dict(enumerate(_SOLVERS)) | {k.upper(): k for k in _SOLVERS}
"""Today's `type` by the names and numbers of `solver_type`."""

_NETS_OF_SOLVER = frozenset({"net_param", "train_net_param", "test_net_param"})
_INPUT = frozenset({"input", "input_shape", "input_dim"})
_INPUT_AXES = 4
_BATCH_NORM_BLOBS = 3
_MULTIPLIERS = ("lr_mult", "decay_mult")


def upgrade_net(tree: Tree) -> tuple[Tree, tuple[Change, ...]]:
    """Return a net as today's Caffe writes it, and what was done to it; nothing to a net of today.

    A net that has both `layers` and `layer` is upgraded, too, although Caffe refuses it.

    Raises:
        DiagnosticError: PN015, PN018: a V0 net that cannot be upgraded. PN019: an `input` without a
            shape beside others that have one.
    """
    changes: list[Change] = []
    for is_needed, upgrade in _RULES:
        if is_needed(tree.root):
            root, done = upgrade(tree)
            tree = tree if root is tree.root else replace(tree, root=root)
            changes += done
    return tree, tuple(changes)


def upgrade_solver(tree: Tree) -> tuple[Tree, tuple[Change, ...]]:
    """Return a solver as today's Caffe writes it, with the nets in it, and what was done to it.

    Raises:
        DiagnosticError: PN017: both `type` and `solver_type` are given; or a net's own.
    """
    both = [next(tree.root.all(name), None) for name in ("solver_type", "type")]
    if both[0] and both[1]:
        raise DiagnosticError([_two_types(tree, both[0], both[1])])
    changes: list[Change] = []
    fields = tuple(_of_solver(tree, field, changes) for field in tree.root.fields)
    root = tree.root._replace(fields=fields)
    return (replace(tree, root=root) if changes else tree), tuple(changes)


def upgrade_net_text(text: str) -> str:
    """Return the text of a net in today's form; what needs no change stays as it is.

    Raises:
        DiagnosticError: It is no prototxt, or what `upgrade_net` raises.
    """
    tree = parse(Source(text))
    return splice(tree, upgrade_net(tree)[0])


def upgrade_solver_text(text: str) -> str:
    """Return the text of a solver in today's form; what needs no change stays as it is.

    Raises:
        DiagnosticError: It is no prototxt, or what `upgrade_solver` raises.
    """
    tree = parse(Source(text))
    return splice(tree, upgrade_solver(tree)[0])


def _of_solver(tree: Tree, field: Field, changes: list[Change]) -> Field:
    name, value, at = field
    if name == "solver_type" and isinstance(value, str | int) and value in _SOLVER_TYPES:
        kind = _SOLVER_TYPES[value]
        changes.append(Change(f'`solver_type` became `type: "{kind}"`', at))
        return Field("type", kind, at)
    if name in _NETS_OF_SOLVER:
        return field._replace(
            value=in_blocks(value, lambda net: _net_in_solver(tree, net, changes))
        )
    return field


def _net_in_solver(tree: Tree, net: Block, changes: list[Change]) -> Block:
    upgraded, done = upgrade_net(replace(tree, root=net))
    changes += done
    return upgraded.root


def _two_types(tree: Tree, old: Field, new: Field) -> Diagnostic:
    return Diagnostic(
        code="PN017",
        message="the solver's type is given twice, as `type` and as `solver_type`",
        labels=(Label(tree.name_span(old)), Label(tree.name_span(new), "and given again here")),
        help="keep `type`; `solver_type` is its old spelling",
    )


def _has_input(root: Block) -> bool:
    return any(field.name == "input" for field in root.fields)


def _upgrade_input(tree: Tree) -> tuple[Block, list[Change]]:
    """Turn the net's `input` fields into a first layer; without any shape they say nothing."""
    root = tree.root
    inputs = list(values(root, "input"))
    shapes = _input_shapes(root)
    at = inputs[0][1]
    rest = tuple(field for field in root.fields if field.name not in _INPUT)
    if not shapes and not any(field.name == "input_dim" for field in root.fields):
        return root._replace(fields=rest), [Change("`input` without a shape was left out", at)]
    if len(shapes) < len(inputs):
        raise DiagnosticError([_no_shape(tree, *inputs[len(shapes)])])
    layer = made(
        at,
        Field("name", "input", at),
        Field("type", "Input", at),
        *(Field("top", name, where) for name, where in inputs),
        Field("input_param", made(shapes[0].at, *shapes[: len(inputs)]), shapes[0].at),
    )
    first = next((i for i, field in enumerate(rest) if field.name == "layer"), len(rest))
    fields = (*rest[:first], Field("layer", layer, at), *rest[first:])
    return root._replace(fields=fields), [Change("`input` became a layer of type `Input`", at)]


def _input_shapes(root: Block) -> list[Field]:
    """Return a `shape` for each `input_shape`, or for every four `input_dim`."""
    shapes = [Field("shape", shape, at) for shape, at in values(root, "input_shape")]
    if shapes:
        return shapes
    dims = [Field("dim", dim, at) for dim, at in values(root, "input_dim")]
    fours = (dims[i : i + _INPUT_AXES] for i in range(0, len(dims), _INPUT_AXES))
    return [Field("shape", made(d[0].at, *d), d[0].at) for d in fours if len(d) == _INPUT_AXES]


def _no_shape(tree: Tree, name: Value, at: int) -> Diagnostic:
    return Diagnostic(
        code="PN019",
        message=f"input `{name}` has no shape",
        labels=(Label(place(tree, at)),),
        help="every `input` needs an `input_shape`, or four `input_dim`",
    )


def _has_batch_norm(root: Block) -> bool:
    return any(_is_three_param_batch_norm(layer) for layer in root.blocks("layer"))


def _is_three_param_batch_norm(layer: Block) -> bool:
    if "param" not in [field.name for field in layer.fields]:  # none in most: this must be quick
        return False
    if next((f.value for f in layer.all("type")), None) != "BatchNorm":
        return False
    return len([*values(layer, "param")]) == _BATCH_NORM_BLOBS


def _upgrade_batch_norm(tree: Tree) -> tuple[Block, list[Change]]:
    """Freeze the three `param` of each BatchNorm: its blobs are statistics, no weights."""
    changes: list[Change] = []

    def freeze(layer: Block) -> Block:
        if not _is_three_param_batch_norm(layer):
            return layer
        fields = tuple(_frozen(field) if field.name == "param" else field for field in layer.fields)
        changes.extend(
            Change("`lr_mult` and `decay_mult` of BatchNorm's statistics became 0", new.at)
            for old, new in zip(layer.fields, fields, strict=True)
            if old is not new
        )
        return Block(fields, layer.at, layer.end)

    fields = tuple(
        field._replace(value=in_blocks(field.value, freeze)) if field.name == "layer" else field
        for field in tree.root.fields
    )
    return (tree.root._replace(fields=fields) if changes else tree.root), changes


def _frozen(param: Field) -> Field:
    """Return a `param` with both multipliers 0; the same one if it says so already."""

    def freeze(block: Block) -> Block:
        given = [field.name for field in block.fields]
        fields = [f._replace(value=0) if f.name in _MULTIPLIERS else f for f in block.fields]
        fields += [Field(name, 0, param.at) for name in _MULTIPLIERS if name not in given]
        return block._replace(fields=tuple(fields))

    frozen = in_blocks(param.value, freeze)
    return param if frozen == param.value else param._replace(value=frozen)


_RULES: tuple[tuple[Callable[[Block], bool], Callable[[Tree], tuple[Block, list[Change]]]], ...] = (
    (is_v0, upgrade_v0),
    (has_v1, upgrade_v1),
    (_has_input, _upgrade_input),
    (_has_batch_norm, _upgrade_batch_norm),
)
"""Caffe's rules for nets in its order: when, and what."""
