"""What RNN and LSTM share: message, bottoms, tops and the weights of their bottoms."""

from dataclasses import dataclass
from typing import Annotated

from protonet.layers.base import LayerError, Weight
from protonet.message.base import Message, Tag, UInt32
from protonet.message.common import FillerParameter
from protonet.shape import Shape, count


class RecurrentParameter(Message):
    """Parameters of RNN and LSTM."""

    num_output: Annotated[UInt32, Tag(1)] = 0
    weight_filler: Annotated[FillerParameter, Tag(2)] = FillerParameter()
    bias_filler: Annotated[FillerParameter, Tag(3)] = FillerParameter()
    debug_info: Annotated[bool, Tag(4)] = False
    expose_hidden: Annotated[bool, Tag(5)] = False


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The bottoms of a recurrent layer.

    Attributes:
        p: Its message.
        bottoms: x ``(T, N, ...)``, cont ``(T, N)``, perhaps x_static ``(N, ...)``, exposed states.
        states: How many states it has: 1 for RNN, 2 for LSTM.
    """

    p: RecurrentParameter
    bottoms: tuple[Shape, ...]
    states: int

    @property
    def exposed(self) -> int:
        """How many states are bottoms and tops."""
        return self.states if self.p.expose_hidden else 0

    @property
    def static(self) -> Shape | None:
        """The shape of x_static, if there is one."""
        return self.bottoms[2] if len(self.bottoms) > 2 + self.exposed else None

    def tops(self, number: int) -> tuple[Shape, ...]:
        """Return the shapes of the tops.

        Raises:
            LayerError: The layer cannot work with these bottoms or that number of tops.
        """
        self._check_numbers(number)
        x, cont = self.bottoms[:2]
        if len(x) < 3:  # noqa: PLR2004 # (T, N, ...)
            raise LayerError(f"bottom 0 of shape {x} is not (T, N, ...)")
        steps, streams, *_ = x
        if cont != (steps, streams):
            raise LayerError(f"bottom 1 of shape {cont} is not {(steps, streams)}, a value a step")
        static = self.static
        if static is not None and (len(static) < 2 or static[0] != streams):  # noqa: PLR2004 # (N, ...)
            raise LayerError(f"bottom 2 of shape {static} is not (N, ...) for {streams} streams")
        state = (1, streams, self.p.num_output)
        for at in range(len(self.bottoms) - self.exposed, len(self.bottoms)):
            if self.bottoms[at] != state:
                raise LayerError(f"bottom {at} of shape {self.bottoms[at]} is no state {state}")
        return ((steps, streams, self.p.num_output), *(state,) * self.exposed)

    def weights(self, rows: int) -> tuple[Weight, ...]:
        """Return the weights and bias of x, and the weights of x_static, of ``rows`` rows."""
        p = self.p
        driven = Weight((rows, count(self.bottoms[0][2:])), p.weight_filler)
        inputs = (driven, Weight((rows,), p.bias_filler))
        if self.static is None:
            return inputs
        return (*inputs, Weight((rows, count(self.static[1:])), p.weight_filler))

    def _check_numbers(self, tops: int) -> None:
        if not self.p.num_output:
            raise LayerError("`num_output` is not set", field=("recurrent_param", "num_output"))
        least = 2 + self.exposed
        if len(self.bottoms) not in (least, least + 1) or tops != 1 + self.exposed:
            raise LayerError(
                f"{len(self.bottoms)} bottoms and {tops} tops do not go with "
                f"`expose_hidden: {str(self.p.expose_hidden).lower()}`",
                help=f"give {least} or {least + 1} bottoms and {1 + self.exposed} tops",
            )
