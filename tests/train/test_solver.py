import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from protonet.message.common import Phase
from protonet.train import events
from protonet.train.events import Event
from protonet.train.signals import Action, handled
from protonet.train.solver import Solver
from protonet.weights.load import save_weights
from tests.train.reference import Reference
from tests.train.runs import NET, Told, weights, write


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


TESTED = "test_iter: 2 test_interval: 4"


def told(fields: str, steps: int, lr_policy: str = "fixed") -> list[Event]:
    """Return what a run of some iterations tells, without the event of every iteration."""
    listener = Told()
    path = write(Path(), fields, lr_policy=lr_policy)
    Solver(path, listeners=[listener]).step(steps)
    return [event for event in listener.events if not isinstance(event, events.Iterated)]


def test_step_trains_as_the_closed_form_does(folder: Path) -> None:
    fields = "iter_size: 2 clip_gradients: 1.5 gamma: 0.1 stepsize: 3"
    path = write(folder, fields, lr_policy="step")
    solver, twin = Solver(path), Solver(path)
    reference = Reference(
        solver.param,
        [b.tensor.detach().double().numpy().copy() for b in solver.net.learnables],
        [b.lr_mult for b in solver.net.learnables],
        [b.decay_mult for b in solver.net.learnables],
    )
    for it in range(6):
        torch.manual_seed(it)
        for blob, w in zip(twin.net.learnables, reference.weights, strict=True):
            blob.tensor.data.copy_(torch.from_numpy(w))
            blob.tensor.grad = None
        losses = [twin.net.loss(twin.net({})) for _ in range(2)]
        for loss in losses:
            loss.backward()
        diffs = [torch.as_tensor(b.tensor.grad).double().numpy() for b in twin.net.learnables]
        reference.step(diffs, it)
        torch.manual_seed(it)

        assert solver.step() == pytest.approx(sum(x.item() for x in losses) / 2, rel=1e-5)

    for mine, theirs in zip(weights(solver), reference.weights, strict=True):
        np.testing.assert_allclose(mine, theirs.ravel(), rtol=1e-4, atol=1e-6)


def test_names_that_are_no_utf8_come_back_as_they_were(folder: Path) -> None:
    (folder / "caf\udce9").mkdir()
    net = NET.replace('"ip"', r'"ip\351"')

    for suffix, kind in ((".caffemodel", "BINARYPROTO"), (".caffemodel.h5", "HDF5")):
        prefix = r"snapshot_prefix: 'caf\351/run' snapshot_format: " + kind
        path = write(folder, net=net)
        path.write_text(path.read_text().replace('snapshot_prefix: "run"', prefix))
        solver, other = Solver(path), Solver(path)
        solver.step(2)

        written = solver.snapshot()
        other.restore(written[1])

        assert written[0] == f"caf\udce9/run_iter_2{suffix}"
        assert [blob.layer for blob in other.net.learnables] == ["ip\udce9", "ip\udce9"]
        assert weights(other) == weights(solver)


def test_digits_are_learnt(folder: Path) -> None:
    solver = Solver(write(folder, "test_iter: 10 test_interval: 1000 test_initialization: false"))
    before = solver.test()[0]["accuracy"].item()

    loss = solver.step(300)

    assert loss < 1.0
    assert solver.test()[0]["accuracy"].item() > max(0.85, before)
    assert solver.iter == 300


def test_step_returns_the_mean_of_its_own_last_losses(folder: Path) -> None:
    one = Solver(write(folder, "average_loss: 3"))
    losses = [one.step() for _ in range(5)]
    other = Solver(write(folder, "average_loss: 3"))

    assert other.step(5) == pytest.approx(sum(losses[2:]) / 3)


def test_rate_is_that_of_the_iteration_just_done(folder: Path) -> None:
    solver = Solver(write(folder, "gamma: 0.5", lr_policy="exp"))
    rates = [solver.lr]
    for _ in range(3):
        solver.step()
        rates.append(solver.lr)

    assert rates == pytest.approx([0.05, 0.05, 0.025, 0.0125])


def test_multistep_tells_its_steps() -> None:
    run = told("gamma: 0.1 stepvalue: 2 stepvalue: 2", steps=5, lr_policy="multistep")

    warned, *steps = run
    assert isinstance(warned, events.Warned)  # that the second comes an iteration late
    assert steps == [events.SteppedRate(2, 1), events.SteppedRate(3, 2)]


def test_display_tells_loss_outputs_and_rate_before_the_update() -> None:
    run = told("display: 2 average_loss: 4", steps=3)

    assert [type(event) for event in run] == [events.Displayed, events.DisplayedRate] * 2
    first, rate, second = run[0], run[1], run[2]
    assert isinstance(first, events.Displayed)
    assert isinstance(second, events.Displayed)
    assert (first.it, first.iterations, second.it, second.iterations) == (0, 0, 2, 2)
    assert [(output.blob, output.weight) for output in first.outputs] == [("loss", 1.0)]
    assert first.loss == pytest.approx(first.outputs[0].value)
    assert rate == events.DisplayedRate(0, pytest.approx(0.05))  # pyright: ignore[reportArgumentType]


def test_every_iteration_is_told(folder: Path) -> None:
    listener = Told()
    solver = Solver(write(folder), listeners=[listener])

    loss = solver.step(2)

    last = listener.events[-1]
    assert isinstance(last, events.Iterated)
    assert (last.it, last.lr, last.loss.item()) == (2, solver.lr, loss)


def test_tests_are_due_before_the_iterations() -> None:
    run = told(TESTED, steps=9)

    assert [
        (type(event).__name__, event.it)
        for event in run
        if isinstance(event, events.Testing | events.Tested)
    ] == [
        ("Testing", 0),
        ("Tested", 0),
        ("Testing", 4),
        ("Tested", 4),
        ("Testing", 8),
        ("Tested", 8),
    ]
    tested = run[1]
    assert isinstance(tested, events.Tested)
    assert [(output.blob, output.weight) for output in tested.outputs] == [
        ("accuracy", 0.0),
        ("loss", 1.0),
    ]
    assert tested.loss is None


def test_first_test_can_be_left_out() -> None:
    run = told(f"{TESTED} test_initialization: false", steps=5)

    assert [type(event) for event in run] == [events.Testing, events.Tested]


def test_total_loss_of_a_test_is_told_on_demand() -> None:
    run = told(f"{TESTED} test_compute_loss: true", steps=1)

    tested = run[1]
    assert isinstance(tested, events.Tested)
    assert tested.loss == pytest.approx(tested.outputs[1].value)


def test_test_of_no_batches_has_no_outputs(folder: Path) -> None:
    listener = Told()
    solver = Solver(write(folder, "test_iter: 0 test_interval: 1"), listeners=[listener])

    assert solver.test() == [{}]
    assert listener.events == [events.Testing(0, 0), events.Tested(0, 0, ())]


def test_test_nets_hold_the_train_nets_blobs_and_see_test_data(folder: Path) -> None:
    solver = Solver(write(folder, TESTED))

    (net,) = solver.test_nets
    assert net.phase == Phase.TEST
    assert [b.tensor for b in net.learnables] == [b.tensor for b in solver.net.learnables]


def test_test_data_go_on_from_test_to_test(folder: Path) -> None:
    """Two batches of ten each time: the fifth test is the first again."""
    solver = Solver(write(folder, TESTED))
    found = [solver.test()[0]["loss"].item() for _ in range(6)]

    assert found[5] == found[0]
    assert len(set(found)) == 5


def test_solve_ends_with_a_snapshot_a_last_loss_and_a_test(folder: Path) -> None:
    listener = Told()
    fields = "test_iter: 2 test_interval: 5 test_initialization: false display: 10 snapshot: 4"
    Solver(write(folder, fields), listeners=[listener]).solve()

    run = [event for event in listener.events if not isinstance(event, events.Iterated)]
    assert [type(event).__name__ for event in run] == [
        "Solving",
        *["Displayed", "DisplayedRate"],
        *["Snapshotting"] * 2,  # at 4
        *["Testing", "Tested"],
        *["Snapshotting"] * 2,  # at 8
        *["Snapshotting"] * 2,  # after the last
        "DisplayedLast",
        *["Testing", "Tested"],
        "Solved",
    ]
    assert run[0] == events.Solving("digits", "fixed", 0, 10)
    assert run[-1] == events.Solved(10, early=False)
    assert sorted(path.name for path in folder.glob("run_*")) == sorted(
        f"run_iter_{it}.{kind}"
        for it in (4, 8, 10)
        for kind in ("caffemodel", "solverstate", "resume")
    )


@pytest.mark.parametrize("fields", ["snapshot: 5", "snapshot_after_train: false"])
def test_solve_writes_no_second_last_snapshot(folder: Path, fields: str) -> None:
    listener = Told()
    Solver(write(folder, fields), listeners=[listener]).solve()

    names = [e.path for e in listener.events if isinstance(e, events.Snapshotting) and e.state]
    assert names == (["run_iter_5.solverstate", "run_iter_10.solverstate"] if "5" in fields else [])


def test_stop_ends_solve_after_the_iteration_with_a_snapshot(folder: Path) -> None:
    listener = Told()
    solver = Solver(write(folder, "display: 1"), listeners=[listener])
    solver.listeners.append(
        lambda event: (
            solver.request(Action.STOP)
            if isinstance(event, events.Displayed) and event.it == 2
            else None
        )
    )
    solver.solve()

    assert solver.iter == 3
    assert listener.events[-1] == events.Solved(3, early=True)
    assert (folder / "run_iter_3.solverstate").exists()


def test_sigint_stops_a_running_solver(folder: Path) -> None:
    solver = Solver(write(folder, "display: 1"))
    solver.listeners.append(
        lambda event: (
            signal.raise_signal(signal.SIGINT)
            if isinstance(event, events.Displayed) and event.it == 1
            else None
        )
    )
    with handled(solver):
        solver.solve()

    assert [path.name for path in folder.glob("*.solverstate")] == ["run_iter_2.solverstate"]


def test_stop_in_a_test_interrupts_it_and_puts_the_data_back(folder: Path) -> None:
    listener = Told()
    solver = Solver(write(folder, TESTED), listeners=[listener])
    expected = Solver(write(folder, TESTED)).test()
    solver.request(Action.STOP)

    solver.solve()

    assert [type(event).__name__ for event in listener.events] == [
        "Solving",
        "Testing",
        "TestInterrupted",
        *["Snapshotting"] * 2,
        "Solved",
    ]
    assert solver.test() == expected


def test_snapshot_can_be_asked_for(folder: Path) -> None:
    solver = Solver(write(folder))
    solver.request(Action.SNAPSHOT)
    solver.step(2)

    assert [path.name for path in folder.glob("*.solverstate")] == ["run_iter_1.solverstate"]


def test_snapshot_asked_for_in_a_test_holds_where_the_test_began(folder: Path) -> None:
    solver = Solver(write(folder, TESTED))
    solver.listeners.append(
        lambda event: solver.request(Action.SNAPSHOT) if isinstance(event, events.Testing) else None
    )
    expected = solver.test()
    other = Solver(write(folder, TESTED))
    other.restore("run_iter_0.solverstate")

    assert other.test() == expected


def test_clipping_is_told() -> None:
    run = told("clip_gradients: 0.5", steps=1)

    (clipped,) = run
    assert isinstance(clipped, events.Clipped)
    assert clipped.scale == pytest.approx(0.5 / clipped.norm)


def test_net_without_anything_to_learn_runs(folder: Path) -> None:
    frozen = NET.replace("lr_mult: 1", "lr_mult: 0").replace("lr_mult: 2", "lr_mult: 0")
    solver = Solver(write(folder, net=frozen))
    before = weights(solver)

    solver.step(2)

    assert weights(solver) == before


def test_weights_field_is_where_training_starts(folder: Path) -> None:
    first = Solver(write(folder))
    first.step(3)
    first.snapshot()
    listener = Told()
    path = write(folder, 'weights: "run_iter_3.caffemodel"')
    solver = Solver(path, listeners=[listener])

    assert weights(solver) == weights(first)
    assert solver.iter == 0
    assert listener.events == [events.Finetuning("run_iter_3.caffemodel")]


def test_weights_that_are_given_win_over_the_field(folder: Path) -> None:
    first = Solver(write(folder))
    first.step(3)
    path = first.snapshot()[0]
    text = write(folder, 'weights: "nowhere.caffemodel"')

    assert weights(Solver(text, weights=path)) == weights(first)
    assert weights(Solver(text, weights=[path])) == weights(first)
    assert weights(Solver(text, weights=())) == weights(Solver(write(folder)))


def test_layers_of_a_test_net_only_get_their_weights_too(folder: Path) -> None:
    extra = """
    layer { name: "more" type: "InnerProduct" bottom: "ip" top: "more" include { phase: TEST }
            inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
    """
    first = Solver(write(folder, TESTED, net=NET + extra))
    path = folder / "test.caffemodel"
    save_weights(first.test_nets[0], path)
    second = Solver(write(folder, TESTED, net=NET + extra), weights=path)

    mine, theirs = (s.test_nets[0].params["more"][0] for s in (first, second))
    torch.testing.assert_close(mine, theirs)


def test_level_and_stages_reach_the_train_net_only(folder: Path) -> None:
    extra = """
    layer { name: "extra" type: "Silence" bottom: "ip" include { stage: "more" min_level: 2 } }
    """
    path = write(folder, TESTED, net=NET + extra)
    solver = Solver(path, stages=["more"], level=2)

    nets = (solver.net, *solver.test_nets)
    assert ["extra" in {m.name for m in net.layer_messages} for net in nets] == [True, False]


def test_what_the_file_hardly_means_is_told(folder: Path) -> None:
    listener = Told()
    Solver(write(folder, "gamma: 0.1 iter_size: 2 clip_gradients: 1"), listeners=[listener])

    messages = [e.diagnostic.message for e in listener.events if isinstance(e, events.Warned)]
    assert messages == [
        "`gamma` has no effect: the policy `fixed` does not read it",
        (
            "`clip_gradients: 1` limits the sum over 2 batches (`iter_size`): "
            "their mean is limited to 0.5"
        ),
    ]


def test_same_seed_gives_the_same_run_to_the_bit(folder: Path) -> None:
    runs = [Solver(write(folder)) for _ in range(2)]
    losses: list[float] = []
    for solver in runs:
        torch.manual_seed(1701)
        losses.append(solver.step(5))

    assert losses[0] == losses[1]
    assert weights(runs[0]) == weights(runs[1])
    assert runs[0].max_iter == 10
