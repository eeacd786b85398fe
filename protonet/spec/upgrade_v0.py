"""Nets of 2013: `layers { layer { name type parameters } bottom top }` to V1 `layers { }`.

Caffe: ``upgrade_proto.cpp``, ``UpgradeV0Net`` and ``UpgradeV0PaddingLayers``.
"""

from collections.abc import Iterator

from protonet.diagnostics import Diagnostic, DiagnosticError, Label, did_you_mean
from protonet.spec.change import Change, made, place, values
from protonet.syntax.tree import Block, Field, Tree, Word

_TYPES = {
    "accuracy": "ACCURACY",
    "bnll": "BNLL",
    "concat": "CONCAT",
    "conv": "CONVOLUTION",
    "data": "DATA",
    "dropout": "DROPOUT",
    "euclidean_loss": "EUCLIDEAN_LOSS",
    "flatten": "FLATTEN",
    "hdf5_data": "HDF5_DATA",
    "hdf5_output": "HDF5_OUTPUT",
    "im2col": "IM2COL",
    "images": "IMAGE_DATA",
    "infogain_loss": "INFOGAIN_LOSS",
    "innerproduct": "INNER_PRODUCT",
    "lrn": "LRN",
    "multinomial_logistic_loss": "MULTINOMIAL_LOGISTIC_LOSS",
    "pool": "POOLING",
    "relu": "RELU",
    "sigmoid": "SIGMOID",
    "softmax": "SOFTMAX",
    "softmax_loss": "SOFTMAX_LOSS",
    "split": "SPLIT",
    "tanh": "TANH",
    "window_data": "WINDOW_DATA",
}
"""V0's types, and V1's enum."""

_PADDING = "padding"
_PADDED = ("conv", "pool")

_MESSAGES = {
    "conv": "convolution_param",
    "images": "image_data_param",
    "innerproduct": "inner_product_param",
    "pool": "pooling_param",
}
"""The message of a type; else it is the type and ``_param``."""

_SOURCES = ("data", "hdf5_data", "images", "window_data")
_LINEAR = ("conv", "innerproduct")
_FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "num_output": ("num_output", _LINEAR),
    "biasterm": ("bias_term", _LINEAR),
    "weight_filler": ("weight_filler", _LINEAR),
    "bias_filler": ("bias_filler", _LINEAR),
    "pad": ("pad", _PADDED),
    "kernelsize": ("kernel_size", _PADDED),
    "group": ("group", ("conv",)),
    "stride": ("stride", _PADDED),
    "pool": ("pool", ("pool",)),
    "dropout_ratio": ("dropout_ratio", ("dropout",)),
    "local_size": ("local_size", ("lrn",)),
    "alpha": ("alpha", ("lrn",)),
    "beta": ("beta", ("lrn",)),
    "k": ("k", ("lrn",)),
    "source": ("source", (*_SOURCES, "infogain_loss")),
    "batchsize": ("batch_size", _SOURCES),
    "rand_skip": ("rand_skip", ("data", "images")),
    "shuffle_images": ("shuffle", ("images",)),
    "new_height": ("new_height", ("images",)),
    "new_width": ("new_width", ("images",)),
    "new_num": ("", ()),
    "new_channels": ("", ()),
    "concat_dim": ("concat_dim", ("concat",)),
    "det_fg_threshold": ("fg_threshold", ("window_data",)),
    "det_bg_threshold": ("bg_threshold", ("window_data",)),
    "det_fg_fraction": ("fg_fraction", ("window_data",)),
    "det_context_pad": ("context_pad", ("window_data",)),
    "det_crop_mode": ("crop_mode", ("window_data",)),
}
"""A V0 parameter: its name in the message of the layer's type, and the types that have it."""

_TRANSFORM = {
    "scale": "scale",
    "meanfile": "mean_file",
    "cropsize": "crop_size",
    "mirror": "mirror",
}
"""V0 parameters of any type that are `transform_param`'s today."""

_YOUNGER = frozenset({"input_shape", "state", "debug_info"})
"""What Caffe leaves out of a V0 net, `layer` apart: a net may be half upgraded by hand."""


def is_v0(root: Block) -> bool:
    """Tell whether any element of `layers` holds a `layer`."""
    return any(_inner(layer) for layer in root.blocks("layers"))


def upgrade_v0(tree: Tree) -> tuple[Block, list[Change]]:
    """Return the V1 net of a V0 net; elements of `layers` that are V1 already stay as they are.

    Raises:
        DiagnosticError: PN015: a type that V0 has not. PN018: a padding layer in front of something
            that cannot pad.
    """
    upgrade = _Upgrade(tree)
    fields = tuple(upgrade.fields())
    if upgrade.problems:
        raise DiagnosticError(upgrade.problems)
    return tree.root._replace(fields=fields), upgrade.changes


def _inner(connection: Block) -> Block | None:
    return next(connection.blocks("layer"), None)


def _text(block: Block | None, name: str) -> str:
    """Return the last value of a field, or nothing."""
    found = [str(field.value) for field in block.all(name)] if block else []
    return found[-1] if found else ""


class _Upgrade:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.changes: list[Change] = []
        self.problems: list[Diagnostic] = []
        self.padding: dict[str, Block] = {}  # by their tops

    def fields(self) -> Iterator[Field]:
        """Yield the fields of the V1 net."""
        for field in self.tree.root.fields:
            if field.name == "layers":
                yield from self._layers(field)
            elif field.name in _YOUNGER:
                self._drop(f"a V0 net has no `{field.name}`", field.at)
            else:
                yield field

    def _drop(self, what: str, at: int) -> None:
        self.changes.append(Change(what, at, lossy=True))

    def _refuse(self, code: str, message: str, label: Label, advice: str) -> None:
        self.problems.append(Diagnostic(code, message, (label,), advice))

    def _layers(self, field: Field) -> Iterator[Field]:
        for value, at in values(Block((field,), 0, 0), "layers"):
            if not isinstance(value, Block):
                yield Field("layers", value, at)  # for `bind` to refuse
                continue
            layer = self._take_padding(value, at)
            is_padding = _text(_inner(layer), "type") == _PADDING
            for top, _ in values(layer, "top"):
                self.padding.pop(str(top), None)
                if is_padding:
                    self.padding[str(top)] = layer
            if is_padding:
                self.changes.append(Change("a padding layer became the next layer's `pad`", at))
            else:
                yield Field("layers", self._v1(layer), at)

    def _take_padding(self, layer: Block, at: int) -> Block:
        """Return a layer that pads by itself what padding layers padded for it."""
        bottoms = list(values(layer, "bottom"))
        padded = [(str(name), where) for name, where in bottoms if name in self.padding]
        if not padded:
            return layer
        name, where = padded[0]
        below = list(values(self.padding[name], "bottom"))
        inner = _inner(layer)
        if (
            inner is None
            or _text(inner, "type") not in _PADDED
            or len(bottoms) != 1
            or len(below) != 1
        ):
            self._refuse(
                "PN018",
                f"`{name}` is padded for a layer that cannot pad",
                Label(place(self.tree, where)),
                "V0 pads a convolution or pooling with one bottom; pad in another way",
            )
            return layer
        pads = (_inner(self.padding[name]) or layer).all("pad")
        inner = inner._replace(fields=(*_without(inner, "pad"), *pads))
        bottom = Field("bottom", below[0][0], where)
        rest = _without(_of(layer, _without(layer, "bottom")), "layer")
        return _of(layer, (Field("layer", inner, at), bottom, *rest))

    def _v1(self, layer: Block) -> Block:
        inner = _inner(layer)
        if inner is None:
            return layer
        kind = _text(inner, "type")
        head: list[Field] = []
        messages: dict[str, list[Field]] = {}
        for field in inner.fields:
            if field.name == "type":
                head.append(Field("type", self._type(field, kind), field.at))
            elif field.name in _TRANSFORM:
                moved = Field(_TRANSFORM[field.name], field.value, field.at)
                messages.setdefault("transform_param", []).append(moved)
            elif field.name in _FIELDS:
                self._move(field, kind, messages)
            elif field.name == "hdf5_output_param" and kind != "hdf5_output":
                self._misfit(field, kind)
            else:
                head.append(field)
        tail = [Field(name, made(m[0].at, *m), m[0].at) for name, m in messages.items()]
        self._tell_of_layer(layer, messages)
        return _of(layer, (*head, *_without(layer, "layer"), *tail))

    def _tell_of_layer(self, layer: Block, messages: dict[str, list[Field]]) -> None:
        where = "".join(f", parameters to `{name}`" for name in messages)
        at = next(layer.all("layer")).at
        self.changes.append(Change(f"what `layer` held moved one level up{where}", at))

    def _move(self, field: Field, kind: str, messages: dict[str, list[Field]]) -> None:
        name, kinds = _FIELDS[field.name]
        if kind in kinds:
            message = _MESSAGES.get(kind, f"{kind}_param")
            messages.setdefault(message, []).append(Field(name, field.value, field.at))
        else:
            self._misfit(field, kind)

    def _misfit(self, field: Field, kind: str) -> None:
        self._drop(f"a V0 layer of type `{kind}` has no `{field.name}`", field.at)

    def _type(self, field: Field, kind: str) -> Word:
        if kind not in _TYPES:
            self._refuse(
                "PN015",
                f"V0 has no layer type `{kind}`",
                Label(self.tree.value_span(field)),
                did_you_mean(kind, [*_TYPES, _PADDING]),
            )
        return Word(_TYPES.get(kind, kind))


def _without(block: Block, name: str) -> tuple[Field, ...]:
    return tuple(field for field in block.fields if field.name != name)


def _of(block: Block, fields: tuple[Field, ...]) -> Block:
    """Return a message of other fields that stands where ``block`` does."""
    return Block(fields, block.at, block.end)
