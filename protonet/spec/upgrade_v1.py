"""Nets of 2014, `layers { type: RELU blobs_lr: 1 }`, to `layer { type: "ReLU" param { } }`.

Caffe: ``upgrade_proto.cpp``, ``UpgradeNetDataTransformation`` and ``UpgradeV1Net``.
"""

from difflib import get_close_matches
from itertools import chain

from protonet.layers import LAYERS
from protonet.spec.change import Change, in_blocks, made, values
from protonet.spec.fork_types import fork_type
from protonet.syntax.tree import Block, Field, Tree

V1_TYPES = {
    "NONE": "",
    "ACCURACY": "Accuracy",
    "BNLL": "BNLL",
    "CONCAT": "Concat",
    "CONVOLUTION": "Convolution",
    "DATA": "Data",
    "DROPOUT": "Dropout",
    "EUCLIDEAN_LOSS": "EuclideanLoss",
    "FLATTEN": "Flatten",
    "HDF5_DATA": "HDF5Data",
    "HDF5_OUTPUT": "HDF5Output",
    "IM2COL": "Im2col",
    "IMAGE_DATA": "ImageData",
    "INFOGAIN_LOSS": "InfogainLoss",
    "INNER_PRODUCT": "InnerProduct",
    "LRN": "LRN",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss",
    "POOLING": "Pooling",
    "RELU": "ReLU",
    "SIGMOID": "Sigmoid",
    "SOFTMAX": "Softmax",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
    "SPLIT": "Split",
    "TANH": "TanH",
    "WINDOW_DATA": "WindowData",
    "ELTWISE": "Eltwise",
    "POWER": "Power",
    "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "HINGE_LOSS": "HingeLoss",
    "MEMORY_DATA": "MemoryData",
    "ARGMAX": "ArgMax",
    "THRESHOLD": "Threshold",
    "DUMMY_DATA": "DummyData",
    "SLICE": "Slice",
    "MVN": "MVN",
    "ABSVAL": "AbsVal",
    "SILENCE": "Silence",
    "CONTRASTIVE_LOSS": "ContrastiveLoss",
    "EXP": "Exp",
    "DECONVOLUTION": "Deconvolution",
}
"""V1's enum, in order of its numbers from 0: the types of today."""

_TRANSFORMING = {
    "Data": "data_param",
    "ImageData": "image_data_param",
    "WindowData": "window_data_param",
}
_TRANSFORM = frozenset({"scale", "mean_file", "crop_size", "mirror"})
_OF_PARAM = {
    "param": "name",
    "blob_share_mode": "share_mode",
    "blobs_lr": "lr_mult",
    "weight_decay": "decay_mult",
}
"""V1's lists with a value for each blob: the field of `param` that took their place."""


def has_v1(root: Block) -> bool:
    """Tell whether a net has `layers`."""
    return any(field.name == "layers" for field in root.fields)


def has_fork_types(root: Block) -> bool:
    """Tell whether some of a net's `layers` is of a type that a fork must have added to V1's."""
    names = {
        one.value
        for layer in root.blocks("layers")
        for one in layer.all("type")
        if isinstance(one.value, str)
    }
    others = names - V1_TYPES.keys()
    return any(_of_fork(name) is not None or not _is_mistyped(name) for name in others)


def _is_mistyped(name: str) -> bool:
    """Tell whether a name is one of V1's but for a letter or two."""
    alike = [one for one in V1_TYPES if one.count("_") == name.count("_")]
    return bool(get_close_matches(name, alike, cutoff=0.85))


def is_type(name: str) -> bool:
    """Tell whether V1 has a type of that name, or a fork's V1 one that protonet has."""
    return name in V1_TYPES or (_of_fork(name) or name) in LAYERS


def _of_fork(name: str) -> str | None:
    """Return today's name of a type that a fork added to V1's enum, where its number is unknown."""
    if not name.isupper():
        return None
    known = LAYERS.spelled(name)
    other = None if known else fork_type(name)
    return other.type if other else known


def upgrade_v1(tree: Tree) -> tuple[Block, list[Change]]:
    """Return the net with a `layer` for every element of `layers`, in file order."""
    root = tree.root
    # Caffe looks for old transformations in the whole net, and then touches every data layer.
    move = any(_transformations(layer) for layer in root.blocks("layers"))
    upgrade = _Upgrade(tree, move=move)
    return root._replace(fields=tuple(map(upgrade.field, root.fields))), upgrade.changes


class _Upgrade:
    def __init__(self, tree: Tree, *, move: bool) -> None:
        self.tree = tree
        self.move = move
        self.changes: list[Change] = []

    def field(self, field: Field) -> Field:
        """Return a field of the net, `layer` for `layers`."""
        if field.name != "layers":
            return field
        self.changes.append(Change("`layers` became `layer`", field.at))
        value = in_blocks(field.value, lambda layer: self._layer(layer, field.at))
        return Field("layer", value, field.at)

    def _layer(self, layer: Block, at: int) -> Block:
        kind = _type(layer)
        if self.move and kind in _TRANSFORMING:
            layer = self._with_transform(layer, _TRANSFORMING[kind], at)
        fields: list[Field] = []
        params = _params(layer)
        for field in layer.fields:
            if field.name in _OF_PARAM:
                fields += params
                if params:
                    self._tell_of_params(layer, field.at)
                params = []
            elif field.name == "type" and kind is not None:
                fields.append(Field("type", kind, field.at))
                self._tell_of_type(field, kind)
            else:
                fields.append(field)
        return Block(tuple(fields), layer.at, layer.end)

    def _with_transform(self, layer: Block, message: str, at: int) -> Block:
        for field in _transformations(layer):
            what = f"`{field.name}` moved from `{message}` to `transform_param`"
            self.changes.append(Change(what, field.at))
        return _move_transformations(layer, message, at)

    def _tell_of_type(self, field: Field, kind: str) -> None:
        span = self.tree.value_span(field)
        old = self.tree.source.text[span.start : span.end]
        self.changes.append(Change(f'type {old} became "{kind}"', field.at))

    def _tell_of_params(self, layer: Block, at: int) -> None:
        """Tell which lists, but for today's `param { }` in a hand-made mixture, became `param`."""
        olds = [
            name
            for name in _OF_PARAM
            if any(not isinstance(value, Block) for value, _ in values(layer, name))
        ]
        if olds:
            names = " and ".join(f"`{name}`" for name in olds)
            news = " ".join(_OF_PARAM[name] for name in olds)
            self.changes.append(Change(f"{names} became `param {{ {news} }}`", at))


def _type(layer: Block) -> str | None:
    """Return the type as today's text; one that V1 has not as it stands; None if there is none."""
    value = next((value for value, _ in values(layer, "type")), None)
    if isinstance(value, int) and 0 <= value < len(V1_TYPES):
        return [*V1_TYPES.values()][value]
    if not isinstance(value, str):
        return None
    return V1_TYPES[value] if value in V1_TYPES else _of_fork(value) or str(value)


def _transformations(layer: Block) -> list[Field]:
    """Return what the data parameter of a layer says of transformations."""
    message = _TRANSFORMING.get(_type(layer) or "", "")
    return [f for data in layer.blocks(message) for f in data.fields if f.name in _TRANSFORM]


def _move_transformations(layer: Block, message: str, at: int) -> Block:
    """Return a data layer with its transformations in `transform_param`, be there any or not."""
    moved: dict[str, list[Field]] = {}
    for field in _transformations(layer):
        moved.setdefault(field.name, []).append(field)
    data = next(layer.blocks(message), made(at))
    rest = tuple(field for field in data.fields if field.name not in _TRANSFORM)
    place = next((found[0].at for found in moved.values()), at)
    old = next(layer.blocks("transform_param"), made(place))
    kept = [one for field in old.fields for one in moved.pop(field.name, [field])]
    transform = (*kept, *chain.from_iterable(moved.values()))
    new = {
        "transform_param": Field("transform_param", Block(transform, old.at, old.end), place),
        message: Field(message, Block(rest, data.at, data.end), at),
    }
    fields: list[Field] = []
    for field in layer.fields:
        there = new.pop(field.name, None)
        fields.append(field._replace(value=there.value) if there else field)
    return Block((*fields, *new.values()), layer.at, layer.end)


def _params(layer: Block) -> list[Field]:
    """Return the `param` of each blob, in order."""
    params: dict[int, Block] = {}
    for old, new in _OF_PARAM.items():
        for index, (value, at) in enumerate(values(layer, old)):
            # A hand-made mixture may have today's `param { }` here already.
            block = value if isinstance(value, Block) else made(at, Field(new, value, at))
            first = params.get(index)
            params[index] = first._replace(fields=first.fields + block.fields) if first else block
    return [Field("param", block, block.at) for _, block in sorted(params.items())]
