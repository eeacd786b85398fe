"""Nets of 2014, `layers { type: RELU blobs_lr: 1 }`, to `layer { type: "ReLU" param { } }`.

Caffe: ``upgrade_proto.cpp``, ``UpgradeNetDataTransformation`` and ``UpgradeV1Net``.
"""

from protonet.spec.change import Change, in_blocks, made, values
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


def upgrade_v1(tree: Tree) -> tuple[Block, list[Change]]:
    """Return the net with a `layer` for every element of `layers`, in file order."""
    root = tree.root
    # Caffe looks for old transformations in the whole net, and then touches every data layer.
    move = any(_transformations(layer) for layer in root.blocks("layers"))
    fields = tuple(_upgraded(field, move=move) for field in root.fields)
    changes = [Change("`layers` became `layer`", field.at) for field in root.all("layers")]
    return root._replace(fields=fields), changes


def _upgraded(field: Field, *, move: bool) -> Field:
    if field.name != "layers":
        return field
    value = in_blocks(field.value, lambda layer: _layer(layer, field.at, move=move))
    return Field("layer", value, field.at)


def _layer(layer: Block, at: int, *, move: bool) -> Block:
    kind = _type(layer)
    if move and kind in _TRANSFORMING:
        layer = _move_transformations(layer, _TRANSFORMING[kind], at)
    fields: list[Field] = []
    params = _params(layer)
    for field in layer.fields:
        if field.name in _OF_PARAM:
            fields += params
            params = []
        elif field.name == "type" and kind is not None:
            fields.append(Field("type", kind, field.at))
        else:
            fields.append(field)
    return Block(tuple(fields), layer.at, layer.end)


def _type(layer: Block) -> str | None:
    """Return the type as today's text; one that V1 has not as it stands; None if there is none."""
    value = next((value for value, _ in values(layer, "type")), None)
    if isinstance(value, int) and 0 <= value < len(V1_TYPES):
        return [*V1_TYPES.values()][value]
    return V1_TYPES.get(value, str(value)) if isinstance(value, str) else None


def _transformations(layer: Block) -> list[Field]:
    """Return what the data parameter of a layer says of transformations."""
    message = _TRANSFORMING.get(_type(layer) or "", "")
    return [f for data in layer.blocks(message) for f in data.fields if f.name in _TRANSFORM]


def _move_transformations(layer: Block, message: str, at: int) -> Block:
    """Return a data layer with its transformations in `transform_param`, be there any or not."""
    moved = {field.name: field for field in _transformations(layer)}
    data = next(layer.blocks(message), made(at))
    rest = tuple(field for field in data.fields if field.name not in _TRANSFORM)
    place = next((field.at for field in moved.values()), at)
    old = next(layer.blocks("transform_param"), made(place))
    transform = tuple(({field.name: field for field in old.fields} | moved).values())
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
