"""LSTM and RNN."""

import pytest
import torch
from torch import Tensor, nn

from protonet.layers.base import Weight
from protonet.message.common import FillerParameter
from protonet.ops.recurrent import lstm_unit, runs_of_steps
from protonet.shape import Shape
from tests.layers.case import LayerCase

T, N, D, H, S = 4, 2, 5, 3, 2
X, CONT, STATIC, STATE = (T, N, D), (T, N), (N, S), (1, N, H)
PARAMS = f"recurrent_param {{ num_output: {H} }}"
EXPOSED = f"recurrent_param {{ num_output: {H} expose_hidden: true }}"

lstm_and_rnn = pytest.mark.parametrize("layer", ["LSTM", "RNN"])


def states(layer: str) -> int:
    return 2 if layer == "LSTM" else 1


def exposed(layer: str, *bottoms: Shape) -> LayerCase:
    number = states(layer)
    return LayerCase(layer, EXPOSED, bottoms=(*bottoms, *(STATE,) * number), tops=1 + number)


@lstm_and_rnn
@pytest.mark.parametrize("bottoms", [(X, CONT), (X, CONT, STATIC), ((T, N, 1, D), CONT)])
def test_laws_where_every_step_begins_a_sequence(layer: str, bottoms: tuple[Shape, ...]) -> None:
    """State that is carried over makes a layer no function of its bottoms."""
    LayerCase(layer, PARAMS, bottoms=bottoms, labels=1).check_laws()


@lstm_and_rnn
@pytest.mark.parametrize("static", [(), (STATIC,)])
def test_shapes_and_gradients_with_exposed_states(layer: str, static: tuple[Shape, ...]) -> None:
    case = exposed(layer, X, CONT, *static)
    inputs = case.inputs()
    module = case.module()

    def h_alone(*inputs: Tensor) -> Tensor:
        tops: tuple[Tensor, ...] = module(*inputs)
        return tops[0]

    assert tuple(tuple(top.shape) for top in case.run(*inputs)) == case.layer.infer(*case.bottoms)
    first_state = 2 + len(static)
    fixed = range(first_state, first_state + states(layer))
    frozen = [x.detach() if at in fixed else x for at, x in enumerate(inputs)]
    assert torch.autograd.gradcheck(h_alone, frozen, fast_mode=True)


@lstm_and_rnn
def test_exposed_states_have_no_gradient(layer: str) -> None:
    case = exposed(layer, X, CONT)
    inputs = case.inputs()

    h, *last = case.run(*inputs)
    h.sum().backward()

    assert not any(state.requires_grad for state in last)
    assert [x.grad for x in inputs[2 : 2 + states(layer)]] == [None] * states(layer)


def _load(theirs: nn.RNNBase, weight: Tensor, bias: Tensor, recurrent: Tensor) -> None:
    """Give torch's module the same weights; its second bias is 0."""
    theirs.load_state_dict(
        {
            "weight_ih_l0": weight,
            "weight_hh_l0": recurrent,
            "bias_ih_l0": bias,
            "bias_hh_l0": torch.zeros_like(bias),
        }
    )


def test_lstm_is_that_of_torch_with_its_gates_reordered() -> None:
    case = LayerCase("LSTM", PARAMS, bottoms=(X, CONT))
    x, _, weight, bias, recurrent = (t.detach() for t in case.inputs())
    theirs = nn.LSTM(D, H).double()
    order = [*range(2 * H), *range(3 * H, 4 * H), *range(2 * H, 3 * H)]  # i, f, o, g -> i, f, g, o
    _load(theirs, weight[order], bias[order], recurrent[order])

    (h,) = case.run(x, torch.ones(CONT), weight, bias, recurrent)

    torch.testing.assert_close(h, theirs(x)[0].detach())


def test_rnn_is_that_of_torch_with_a_layer_on_top() -> None:
    case = LayerCase("RNN", PARAMS, bottoms=(X, CONT))
    x, _, weight, bias, recurrent, out_weight, out_bias = (t.detach() for t in case.inputs())
    theirs = nn.RNN(D, H).double()
    _load(theirs, weight, bias, recurrent)

    (o,) = case.run(x, torch.ones(CONT), weight, bias, recurrent, out_weight, out_bias)

    torch.testing.assert_close(o, torch.tanh(theirs(x)[0].detach() @ out_weight.t() + out_bias))


LONG = 12
LONG_X, LONG_CONT = (LONG, N, D), (LONG, N)


def cleared(*places: tuple[int, int], to: float = 0.0) -> Tensor:
    """Return ``cont`` of 12 steps with the streams cleared at these (step, stream)."""
    cont = torch.ones(LONG_CONT)
    for place in places:
        cont[place] = to
    return cont


def lstm_by_hand(x: Tensor, cont: Tensor, *rest: Tensor) -> Tensor:
    """Return ``h`` of all steps, one step after the other."""
    static, w, b, w_static, u = rest
    h = c = x.new_zeros(N, H)
    tops: list[Tensor] = []
    for step, on in zip(x, cont.to(x).unsqueeze(-1), strict=True):
        gates = step @ w.t() + b + static @ w_static.t() + on * h @ u.t()
        c, h = lstm_unit(c, gates, on)
        tops.append(h)
    return torch.stack(tops)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "cont",
    [
        cleared(),
        cleared((0, 0), (0, 1)),
        cleared((0, 1), (5, 0), (5, 1)),
        cleared((6, 1)),
        cleared((6, 1), to=0.5),
        cleared(*((step, step % 2) for step in range(0, LONG, 2))),
    ],
)
def test_lstm_is_the_same_in_torchs_kernel(cont: Tensor, dtype: torch.dtype) -> None:
    """At runs of 5 steps and more the kernel of torch computes; numbers and gradients agree."""
    case = LayerCase("LSTM", PARAMS, bottoms=(LONG_X, LONG_CONT, STATIC))
    x, _, *rest = case.inputs(dtype)
    diff = torch.linspace(-1, 1, LONG * N * H, dtype=dtype).reshape(LONG, N, H)
    expected = lstm_by_hand(x, cont, *rest)

    (h,) = case.run(x, cont, *rest)

    torch.testing.assert_close(h, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(
        torch.autograd.grad(h, (x, *rest), diff),
        torch.autograd.grad(expected, (x, *rest), diff),
        rtol=1e-5,
        atol=1e-5,
    )
    with torch.no_grad():
        torch.testing.assert_close(case.run(x, cont, *rest)[0], h, rtol=1e-5, atol=1e-5)


def test_exposed_states_are_those_of_the_last_step_in_torchs_kernel_too() -> None:
    case = exposed("LSTM", LONG_X, LONG_CONT)
    x, _, h0, c0, *weights = (t.detach() for t in case.inputs())

    h, last_h, last_c = case.run(x, cleared(), h0, c0, *weights)

    first, *states = case.run(x[:9], cleared()[:9], h0, c0, *weights)  # then 3 steps without it
    rest, *states = case.run(x[9:], cleared()[9:], *states, *weights)
    torch.testing.assert_close(h, torch.cat((first, rest)))
    torch.testing.assert_close((last_h, last_c), tuple(states))


def test_the_state_is_no_part_of_the_top() -> None:
    """What writes over the top leaves it alone."""
    case = LayerCase("LSTM", PARAMS, bottoms=(LONG_X, LONG_CONT))
    x, _, *weights = (t.detach() for t in case.inputs(torch.float32))
    module = case.module()
    first: Tensor = module(x, cleared(), *weights)
    first.fill_(7.0)

    second: Tensor = module(x, cleared(), *weights)

    twice = LayerCase("LSTM", PARAMS, bottoms=((2 * LONG, N, D), (2 * LONG, N)))
    (whole,) = twice.run(torch.cat((x, x)), torch.ones(2 * LONG, N), *weights)
    torch.testing.assert_close(second, whole[LONG:])


def test_a_run_of_steps_begins_where_any_stream_is_cleared() -> None:
    assert runs_of_steps(cleared((0, 0), (3, 1), (4, 0), (4, 1))) == [3, 1, 8]
    assert runs_of_steps(cleared((11, 0), to=0.5)) == [11, 1]
    assert runs_of_steps(torch.zeros(1, N)) == [1]


def test_lstm_compiles_without_a_break() -> None:
    case = LayerCase("LSTM", PARAMS, bottoms=(LONG_X, LONG_CONT))
    inputs = [t.detach() for t in case.inputs()]
    (expected,) = case.run(*inputs)

    h = torch.compile(case.module(), backend="eager", fullgraph=True)(*inputs)

    torch.testing.assert_close(h, expected)


@lstm_and_rnn
def test_the_static_input_enters_every_step(layer: str) -> None:
    """It is as if it stood beside x at every step."""
    case = LayerCase(layer, PARAMS, bottoms=(X, CONT, STATIC))
    x, cont, static, weight, bias, static_weight, *rest = (t.detach() for t in case.inputs())
    wide = LayerCase(layer, PARAMS, bottoms=((T, N, D + S), CONT))

    (h,) = case.run(x, cont, static, weight, bias, static_weight, *rest)

    beside = torch.cat((x, static.expand(T, N, S)), 2)
    (expected,) = wide.run(beside, cont, torch.cat((weight, static_weight), 1), bias, *rest)
    torch.testing.assert_close(h, expected)


@lstm_and_rnn
def test_a_sequence_that_begins_knows_nothing_of_the_last_one(layer: str) -> None:
    case = LayerCase(layer, PARAMS, bottoms=(X, CONT))
    x, _, *weights = (t.detach() for t in case.inputs())
    cont = torch.ones(CONT)
    cont[2] = 0

    (h,) = case.run(x, cont, *weights)

    (alone,) = LayerCase(layer, PARAMS, bottoms=(X, CONT)).run(x[2:], cont[2:], *weights)
    torch.testing.assert_close(h[2:], alone)


@lstm_and_rnn
def test_state_is_carried_over_without_gradient(layer: str) -> None:
    case = LayerCase(layer, PARAMS, bottoms=(X, CONT))
    x, _, *weights = case.inputs()
    module, cont = case.module(), torch.ones(CONT)

    first: Tensor = module(x[:2], cont[:2], *weights)
    second: Tensor = module(x[2:], cont[2:], *weights)

    (whole,) = case.run(x, cont, *weights)
    torch.testing.assert_close(torch.cat((first, second)), whole)
    (to_x,) = torch.autograd.grad(second.sum(), x)
    assert not to_x[:2].any()
    assert to_x[2:].any()
    assert not module.state_dict()


def run_streams(layer: str, *numbers: int) -> list[Tensor]:
    """Return the tops of batches with the first so many streams, one after the other."""
    case = LayerCase(layer, PARAMS, bottoms=(X, CONT))
    x, _, *weights = (t.detach() for t in case.inputs())
    module, cont = case.module(), torch.ones(CONT)
    return [module(x[:, :number], cont[:, :number], *weights) for number in numbers]


@lstm_and_rnn
def test_a_smaller_batch_has_the_first_streams_and_the_others_keep_their_state(layer: str) -> None:
    """Caffe reads and writes the beginning of the same memory."""
    _, alone, together = run_streams(layer, 2, 1, 2)

    _, second, third = run_streams(layer, 2, 2, 2)
    torch.testing.assert_close(alone, second[:, :1])
    torch.testing.assert_close(together[:, :1], third[:, :1])
    torch.testing.assert_close(together[:, 1:], second[:, 1:])


@lstm_and_rnn
def test_streams_that_had_no_batch_yet_begin_at_zero(layer: str) -> None:
    _, together = run_streams(layer, 1, 2)

    first, second = run_streams(layer, 2, 2)
    torch.testing.assert_close(together[:, :1], second[:, :1])
    torch.testing.assert_close(together[:, 1:], first[:, 1:])


@lstm_and_rnn
def test_more_streams_than_ever_before_all_begin_at_zero(layer: str) -> None:
    case = LayerCase(layer, PARAMS, bottoms=((T, 1, D), (T, 1)))
    wide = LayerCase(layer, PARAMS, bottoms=(X, CONT))
    x, _, *weights = (t.detach() for t in wide.inputs())
    module, cont = case.module(), torch.ones(CONT)
    module(x[:, :1], cont[:, :1], *weights)

    top: Tensor = module(x, cont, *weights)

    torch.testing.assert_close(top, wide.run(x, cont, *weights)[0])


def test_the_gradient_of_the_forget_gate_is_right_where_cont_is_a_fraction() -> None:
    """Caffe takes ``cont s(f) (1 - cont s(f))`` for the derivative of ``cont s(f)``."""
    case = LayerCase("LSTM", PARAMS, bottoms=(X, CONT))
    x, _, *weights = case.inputs()
    cont = torch.full(CONT, 0.3)

    def top(*inputs: Tensor) -> Tensor:
        (h,) = case.run(inputs[0], cont, *inputs[1:])
        return h

    assert torch.autograd.gradcheck(top, (x, *weights), fast_mode=True)


FILLERS = 'weight_filler { type: "xavier" } bias_filler { value: 1 }'
W, B = FillerParameter(type="xavier"), FillerParameter(value=1)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (
            "LSTM",
            (
                Weight((4 * H, D), W),
                Weight((4 * H,), B),
                Weight((4 * H, S), W),
                Weight((4 * H, H), W),
            ),
        ),
        (
            "RNN",
            (
                Weight((H, D), W),
                Weight((H,), B),
                Weight((H, S), W),
                Weight((H, H), W),
                Weight((H, H), W),
                Weight((H,), B),
            ),
        ),
    ],
)
def test_blobs_come_in_caffes_order(layer: str, expected: tuple[Weight, ...]) -> None:
    params = f"recurrent_param {{ num_output: {H} {FILLERS} }}"

    assert LayerCase(layer, params, bottoms=(X, CONT, STATIC)).weights == expected


@pytest.mark.parametrize(
    ("params", "bottoms", "tops", "message"),
    [
        ("", (X, CONT), 1, "`num_output` is not set"),
        (
            PARAMS,
            (X, CONT, STATIC, STATE, STATE),
            3,
            "5 bottoms and 3 tops do not go with `expose_hidden: false`",
        ),
        (EXPOSED, (X, CONT), 3, "2 bottoms and 3 tops do not go with `expose_hidden: true`"),
        (PARAMS, (X, CONT), 2, "2 bottoms and 2 tops do not go with `expose_hidden: false`"),
        (PARAMS, ((T, N), CONT), 1, "bottom 0 of shape (4, 2) is not (T, N, ...)"),
        (PARAMS, (X, (T, 3)), 1, "bottom 1 of shape (4, 3) is not (4, 2), a value a step"),
        (PARAMS, (X, CONT, (3, S)), 1, "bottom 2 of shape (3, 2) is not (N, ...) for 2 streams"),
        (PARAMS, (X, CONT, (N,)), 1, "bottom 2 of shape (2,) is not (N, ...) for 2 streams"),
        (EXPOSED, (X, CONT, STATE, (N, H)), 3, "bottom 3 of shape (2, 3) is no state (1, 2, 3)"),
    ],
)
def test_refusals(params: str, bottoms: tuple[Shape, ...], tops: int, message: str) -> None:
    assert LayerCase("LSTM", params, bottoms=bottoms, tops=tops).refusal() == message
