"""A user's own layer, written in Python."""

from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, Weight, between, register
from protonet.message.base import Message, Tag
from protonet.message.common import FillerParameter
from protonet.shape import Shape


class PythonParameter(Message):
    """Parameters of Python."""

    module: Annotated[str, Tag(1)] = ""
    layer: Annotated[str, Tag(2)] = ""
    param_str: Annotated[str, Tag(3)] = ""
    share_in_parallel: Annotated[bool, Tag(4)] = False


@register
class Python(Layer):
    """Class ``layer`` of the Python module ``module``, as pycaffe runs it.

    Its methods ``setup``, ``reshape``, ``forward`` and ``backward`` see the blobs as numpy arrays.
    It is code of the user's, which runs only with ``--allow-python-layers``.
    Caffe: ``python_layer.hpp``.

    Differs: a blob that ``setup`` fills must hold one value throughout.
    """

    bottoms: ClassVar[Arity] = between(0, None)
    tops: ClassVar[Arity] = between(0, None)

    python_param: Annotated[PythonParameter, Tag(130)] = PythonParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return tuple(top.shape for top in self._start(bottoms).top)

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        return tuple(
            Weight(blob.shape, FillerParameter(value=_only_value(blob.data.ravel().tolist())))
            for blob in self._start(bottoms).layer.blobs
        )

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.python_call.PythonLayer(self._code(), bottoms, self.top_count)

    def _code(self) -> "ops.python_layer.UserCode":
        p = self.python_param
        return ops.python_layer.UserCode(p.module, p.layer, p.param_str)

    def _start(self, bottoms: tuple[Shape, ...]) -> "ops.python_layer.Running":
        try:
            return self._code().start(bottoms, self.top_count)
        except ops.python_layer.NotAllowedError as error:
            raise LayerError(
                str(error), help="if you trust it, pass `--allow-python-layers`"
            ) from error
        except ops.python_layer.NotFoundError as error:
            raise LayerError(
                str(error),
                help="modules are searched for on PYTHONPATH",
                field=("python_param",),
            ) from error


def _only_value(values: list[float]) -> float:
    """Return the value that a blob is filled with."""
    if len(set(values)) > 1:
        raise LayerError("`setup` fills a blob with different values")
    return values[0] if values else 0.0
