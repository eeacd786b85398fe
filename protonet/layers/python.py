"""A user's own layer, written in Python."""

from functools import cached_property
from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, Weight, between, register
from protonet.message.base import Message, Tag
from protonet.message.common import FillerParameter, Phase
from protonet.shape import Shape


class PythonParameter(Message):
    """Parameters of Python."""

    module: Annotated[str, Tag(1)] = ""
    layer: Annotated[str, Tag(2)] = ""
    param_str: Annotated[str, Tag(3)] = ""
    share_in_parallel: Annotated[bool, Tag(4)] = False


_BY_SETUP = FillerParameter(type="constant")
"""Stands for what ``setup`` has filled a blob with, which the module holds."""


@register
class Python(Layer):
    """Class ``layer`` of the Python module ``module``, as pycaffe runs it.

    Its methods ``setup``, ``reshape``, ``forward`` and ``backward`` see the blobs as numpy arrays.
    It is code of the user's, which runs only with ``--allow-python-layers``.
    Caffe: ``python_layer.hpp``.
    """

    bottoms: ClassVar[Arity] = between(0, None)
    tops: ClassVar[Arity] = between(0, None)

    python_param: Annotated[PythonParameter, Tag(130)] = PythonParameter()

    phase: Phase = Phase.TEST
    """What ``setup`` is told of it."""

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        return self._started(bottoms).tops

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        return tuple(Weight(blob.shape, _BY_SETUP) for blob in self._started(bottoms).blobs)

    def build(self, *bottoms: Shape) -> "nn.Module":
        return ops.python_call.PythonLayer(self.code, bottoms, self.top_count)

    @cached_property
    def code(self) -> "ops.python_layer.UserCode":
        """The user's class, which is asked once for each net."""
        p = self.python_param
        return ops.python_layer.UserCode(p.module, p.layer, p.param_str, int(self.phase))

    def _started(self, bottoms: tuple[Shape, ...]) -> "ops.python_layer.Started":
        try:
            return self.code.start(bottoms, self.top_count)
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
        except ops.python_layer.UserCodeError as error:
            raise LayerError(str(error), field=("python_param", "layer")) from error
