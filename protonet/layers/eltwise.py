"""Operations on bottoms of one shape."""

from enum import IntEnum
from typing import Annotated, ClassVar

from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, between, register
from protonet.message.base import Float, Message, Tag
from protonet.shape import Shape


class EltwiseParameter(Message):
    """Parameters of Eltwise."""

    class EltwiseOp(IntEnum):
        """What is done with the bottoms."""

        PROD = 0
        SUM = 1
        MAX = 2

    operation: Annotated[EltwiseOp, Tag(1)] = EltwiseOp.SUM
    coeff: Annotated[tuple[Float, ...], Tag(2)] = ()
    stable_prod_grad: Annotated[bool, Tag(3)] = True


@register
class Eltwise(Layer):
    """``sum coeff_i x_i``, ``prod x_i`` or ``max x_i`` of bottoms of one shape.

    Nothing is broadcast. The gradient of a maximum goes to the winner alone: of equal values the
    second of the first two bottoms, and a later one only if it is greater.
    Caffe: ``eltwise_layer.cpp``.

    Differs: with ``stable_prod_grad: false`` Caffe divides the top by each bottom, which is 0 / 0
    where that is 0; here the gradient is the product of the others in either case.
    """

    bottoms: ClassVar[Arity] = between(2, None)
    keeps_top: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False

    eltwise_param: Annotated[EltwiseParameter, Tag(110)] = EltwiseParameter()

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        self._check_coeff(len(bottoms))
        for at, bottom in enumerate(bottoms):
            if bottom != bottoms[0]:
                raise LayerError(
                    f"bottom {at} of shape {bottom} differs from bottom 0 of shape {bottoms[0]}"
                )
        return (bottoms[0],)

    def build(self, *bottoms: Shape) -> "nn.Module":
        p, op = self.eltwise_param, EltwiseParameter.EltwiseOp
        if p.operation == op.SUM:
            return ops.elementwise.EltwiseSum(p.coeff)
        if p.operation == op.PROD:
            return ops.elementwise.EltwiseProduct()
        return ops.elementwise.EltwiseMax()

    def _check_coeff(self, bottoms: int) -> None:
        p, field = self.eltwise_param, ("eltwise_param", "coeff")
        # As Caffe, which lets them stand with MAX, without effect.
        if p.coeff and p.operation == EltwiseParameter.EltwiseOp.PROD:
            raise LayerError("`coeff` goes with SUM only, not with PROD", field=field)
        if len(p.coeff) not in (0, bottoms):
            raise LayerError(
                f"there are {len(p.coeff)} `coeff` for {bottoms} bottoms",
                help="give one `coeff` for each bottom, or none",
                field=field,
            )
