"""Several processes; they run on the CPU, joined by gloo."""

from collections.abc import Callable
from pathlib import Path

import cv2
import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
import numpy as np
import pytest
import torch
import torch.distributed as dist

from protonet.diagnostics import DiagnosticError
from protonet.nets.blobs import Learnable
from protonet.nets.execution import PLAIN as PLAIN_EXECUTION
from protonet.train import distributed, events
from protonet.train.distributed import World
from protonet.train.gradients import Gradients
from protonet.train.scaffold import Site
from protonet.train.signals import Action
from protonet.train.solver import Solver
from tests.train import ranks
from tests.train.runs import Told, weights, write

PLAIN = """
name: "plain"
layer {
  name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { scale: 0.00390625 mirror: true crop_size: 24 }
  data_param { source: "builtin:digits/train" batch_size: BATCH }
}
layer {
  name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { scale: 0.00390625 crop_size: 24 }
  data_param { source: "builtin:digits/test" batch_size: 50 }
}
layer {
  name: "conv" type: "Convolution" bottom: "data" top: "conv" param { name: "w" }
  convolution_param { num_output: 4 kernel_size: 5 stride: 2 weight_filler { type: "xavier" } }
}
layer {
  name: "again" type: "Convolution" bottom: "data" top: "again" param { name: "w" }
  convolution_param { num_output: 4 kernel_size: 5 stride: 2 weight_filler { type: "xavier" } }
}
layer { name: "sum" type: "Eltwise" bottom: "conv" bottom: "again" top: "sum" }
layer { name: "relu" type: "ReLU" bottom: "sum" top: "sum" }
layer {
  name: "ip" type: "InnerProduct" bottom: "sum" top: "ip"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
"""Its second convolution shares the weights of the first; crops and mirroring are random."""


def plain(batch: int) -> str:
    return PLAIN.replace("BATCH", str(batch))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(path: Path, iterations: int) -> list[list[float]]:
    solver = Solver(path)
    solver.step(iterations)
    return weights(solver)


@pytest.mark.parametrize(
    ("fields", "size"), [("", 3), ('iter_size: 2 clip_gradients: 1 type: "Adam"', 2)]
)
def test_the_weights_are_those_of_one_process_with_the_joined_batch(
    folder: Path, fields: str, size: int
) -> None:
    """To float32's rounding. Crops and mirroring are those of the joined batch, too."""
    found = ranks.run(trained, write(folder, fields, plain(4)), 20, size=size)

    expected = trained(write(folder, fields, plain(4 * size)), 20)

    assert found == [found[0]] * size
    for mine, theirs in zip(found[0], expected, strict=True):
        torch.testing.assert_close(torch.tensor(mine), torch.tensor(theirs), rtol=1e-5, atol=1e-6)


def read_batches(path: Path, number: int) -> list[list[float]]:
    feed = Solver(path).net.feed
    return [feed.next()["label"].tolist() for _ in range(number)]


def images(folder: Path) -> str:
    for at in range(7):
        cv2.imwrite(str(folder / f"{at}.png"), np.full((2, 2, 3), at, np.uint8))
    (folder / "list.txt").write_text("".join(f"{at}.png {at}\n" for at in range(7)))
    return 'type: "ImageData" image_data_param { source: "list.txt" batch_size: 2 shuffle: true }'


def rows(folder: Path) -> str:
    for name, values in (("a", [0, 1, 2]), ("b", [3, 4, 5, 6])):
        with h5py.File(folder / f"{name}.h5", "w") as file:
            file["label"] = np.array(values, np.float32)
            file["data"] = np.zeros((len(values), 3, 2, 2), np.float32)
    (folder / "list.txt").write_text("a.h5 b.h5")
    return 'type: "HDF5Data" hdf5_data_param { source: "list.txt" batch_size: 2 }'


@pytest.mark.parametrize("source", [images, rows])
def test_each_process_reads_its_share_of_the_joined_batches(
    folder: Path, source: Callable[[Path], str]
) -> None:
    net = f"""
    layer {{ name: "data" top: "data" top: "label" {source(folder)} }}
    layer {{ name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
             inner_product_param {{ num_output: 7 }} }}
    layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }}
    """
    first, second = ranks.run(read_batches, write(folder, net=net), 5)

    joint = [
        [label for pair in zip(*batches, strict=True) for label in pair]
        for batches in zip(first, second, strict=True)
    ]
    whole = read_batches(write(folder, net=net.replace("batch_size: 2", "batch_size: 4")), 5)
    assert joint == whole


def drawn(path: Path) -> list[float]:
    batch = Solver(path).net.feed.next()
    return [*batch["data"].flatten().tolist(), *torch.rand(1).tolist()]


def test_made_up_data_and_random_numbers_differ_between_processes(folder: Path) -> None:
    net = """
    layer { name: "data" type: "DummyData" top: "data"
            dummy_data_param { shape { dim: 2 dim: 3 } data_filler { type: "gaussian" } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" loss_weight: 1
            inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
    """
    path = write(folder, net=net)
    path.write_text(path.read_text().replace("random_seed: 1701", ""))

    first, second = ranks.run(drawn, path)

    assert set(first).isdisjoint(second)


def whole_run(path: Path, state: str | None) -> tuple[list[list[float]], list[object], list[str]]:
    told = Told()
    solver = Solver(path, listeners=[told])
    solver.solve(state)
    tests = [event.outputs for event in told.events if isinstance(event, events.Tested)]
    warned = [e.diagnostic.message for e in told.events if isinstance(e, events.Warned)]
    return weights(solver), [tests, float(solver.net.feed.state()["positions"]["data"])], warned


def test_all_go_on_from_one_snapshot_to_the_bit(folder: Path) -> None:
    """Dropout makes each depend on its own random numbers."""
    path = write(folder, "snapshot: 5 test_iter: 2 test_interval: 4")
    straight = ranks.run(whole_run, path, None)
    written = {file.name for file in folder.glob("run_*")}

    resumed = ranks.run(whole_run, path, "run_iter_5.solverstate")

    assert written == {
        f"run_iter_{at}.{kind}"
        for at in (5, 10)
        for kind in ("caffemodel", "solverstate", "resume")
    }
    assert [weights for weights, _, _ in resumed] == [weights for weights, _, _ in straight]
    (_, (tests, place), _), (_, (no_tests, other_place), _) = straight
    assert (len(tests), no_tests, place == other_place) == (3, [], True)  # pyright: ignore[reportArgumentType]


def test_another_number_of_processes_goes_on_with_a_warning(folder: Path) -> None:
    path = write(folder, "snapshot: 5")
    ranks.run(whole_run, path, None)

    _, (_, place), warned = whole_run(path, "run_iter_5.solverstate")

    assert place == 5 * 16 + 5 * 8
    assert warned == ["the snapshot was written by 2 processes, this run has 1 process"]


class AsksOnce:
    """A listener that asks its solver for something at an event, on one rank."""

    def __init__(self, solver: Solver, action: Action, kind: type[events.Event], rank: int) -> None:
        self.solver = solver
        self.action = action
        self.kind = kind
        self.waits = solver.world.rank == rank

    def __call__(self, event: events.Event) -> None:
        if self.waits and isinstance(event, self.kind) and self.solver.iter == 4:
            self.waits = False
            self.solver.request(self.action)


def asked(path: Path, action: Action, kind: type[events.Event], rank: int) -> tuple[int, bool]:
    solver, told = Solver(path), Told()
    solver.listeners += [told, AsksOnce(solver, action, kind, rank)]
    solver.solve()
    return solver.iter, any(isinstance(e, events.Solved) and e.early for e in told.events)


@pytest.mark.parametrize("rank", [0, 1])
def test_what_one_is_asked_for_all_do(folder: Path, rank: int) -> None:
    path = write(folder)

    assert ranks.run(asked, path, Action.STOP, events.Iterated, rank) == [(4, True)] * 2
    assert [file.name for file in folder.glob("*.solverstate")] == ["run_iter_4.solverstate"]

    assert ranks.run(asked, path, Action.SNAPSHOT, events.Iterated, rank) == [(10, False)] * 2


def test_a_test_can_be_stopped_and_a_snapshot_be_written_in_it(folder: Path) -> None:
    path = write(folder, "test_iter: 2 test_interval: 4")

    assert ranks.run(asked, path, Action.STOP, events.Testing, 0) == [(4, True)] * 2

    (folder / "run_iter_4.solverstate").unlink()
    assert ranks.run(asked, path, Action.SNAPSHOT, events.Testing, 0) == [(10, False)] * 2
    assert (folder / "run_iter_4.solverstate").is_file()
    straight = (folder / "run_iter_10.caffemodel").read_bytes()
    ranks.run(whole_run, path, "run_iter_4.solverstate")
    assert (folder / "run_iter_10.caffemodel").read_bytes() == straight


def built(*solvers: Path) -> str:
    try:
        Solver(solvers[distributed.current().rank % len(solvers)])
    except DiagnosticError as error:
        return f"{type(error).__name__}\n{error}"
    return ""


def test_a_problem_that_all_have_is_told_once(folder: Path) -> None:
    first, second = ranks.run(built, write(folder, "iter_size: 0"))

    assert first == second
    assert (first.partition("\n")[0], first.count("PN607")) == ("JointError", 1)


def test_a_problem_that_one_has_ends_all_and_says_whose_it_is(folder: Path) -> None:
    good = write(folder)
    bad = folder / "bad.prototxt"
    bad.write_text(good.read_text() + "iter_size: 0")

    for told in ranks.run(built, good, bad):
        assert told.splitlines()[1].startswith("error[PN607]: rank 1: `iter_size` is 0")


def test_processes_must_train_the_same(folder: Path) -> None:
    good = write(folder)
    other = folder / "other.prototxt"
    other.write_text(good.read_text() + "iter_size: 2")

    expected = (
        "JointError\n"
        "error[PN652]: rank 1 of 2 has a different net, solver or device from rank 0\n"
        "  = help: all processes must run the same command on the same files"
    )
    assert ranks.run(built, good, other) == [expected] * 2


def left_alone(path: Path) -> str:
    solver = Solver(path)
    if solver.world.rank == 1:
        return "gone"
    try:
        solver.step(1)
    except DiagnosticError as error:
        return str(error)
    return "done"


def test_who_is_left_alone_says_that_another_has_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "GRACE", 0)
    alone, _ = ranks.run(left_alone, write(folder))

    assert alone == (
        "error[PN651]: the connection to the other processes is lost\n"
        "  = help: one of them has ended; its own message says why"
    )


def statistics(path: Path) -> list[list[float]]:
    solver = Solver(path)
    solver.step(2)
    solver.snapshot()
    return [t.flatten().tolist() for t in solver.net.params["bn"]]


def test_batch_statistics_belong_to_each_process(folder: Path) -> None:
    net = PLAIN.replace("BATCH", "4").replace(
        'layer { name: "relu"',
        'layer { name: "bn" type: "BatchNorm" bottom: "sum" top: "sum" } layer { name: "relu"',
    )
    first, second = ranks.run(statistics, write(folder, net=net))

    assert (first[0] != second[0], first[2]) == (True, second[2])


def averaged(bucket: int) -> list[list[float]]:
    world = distributed.current()
    shapes = [(3,), (2, 2), (5,), ()]
    blobs = [torch.nn.Parameter(torch.zeros(shape)) for shape in shapes]
    frozen = torch.nn.Parameter(torch.zeros(2), requires_grad=False)
    site = Site(world, torch.device("cpu"), PLAIN_EXECUTION, None)
    learnables = [Learnable("ip", at, b, 1.0, 1.0) for at, b in enumerate([*blobs, frozen])]
    gradients = Gradients(learnables, site, bucket=bucket)
    for at, blob in enumerate(blobs[:3]):
        blob.grad = torch.full(shapes[at], float(10 * at + world.rank))
    gradients.step(lambda: None, 0)
    assert frozen.grad is None
    return [[] if b.grad is None else b.grad.flatten().tolist() for b in blobs]


@pytest.mark.parametrize("bucket", [1, 7, 2**23])
def test_gradients_become_their_mean_and_none_counts_as_zero(bucket: int) -> None:
    expected = [[0.5] * 3, [10.5] * 4, [20.5] * 5, [0.0]]

    assert ranks.run(averaged, bucket) == [expected] * 2


def test_alone_nothing_is_exchanged() -> None:
    world = World()

    assert distributed.current() == world
    assert (world.agreed(3), world.gathered(3), world.highest(3)) == (3, [3], 3)
    world.check_same("no other", 3)
    world.share([torch.zeros(1)])
    with pytest.raises(DiagnosticError) as raised, world.together():
        raise DiagnosticError([])
    assert type(raised.value) is DiagnosticError


def test_each_process_needs_a_cuda_device_of_its_own() -> None:
    cuda = torch.device("cuda", 0)
    assert World().device(cuda) == cuda
    assert World(1, 2, 1).device(torch.device("cpu")) == torch.device("cpu")

    last = torch.cuda.device_count()
    with pytest.raises(DiagnosticError, match=f"{last + 1} CUDA devices are needed"):
        World(last, last + 2, last).device(cuda)


@pytest.mark.parametrize(("gpus", "backends"), [(False, "gloo"), (True, "cpu:gloo,cuda:nccl")])
def test_a_build_for_cuda_asks_for_nccl_only_where_a_gpu_is(
    gpus: bool, backends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(asked: str, **_: object) -> None:
        raise LookupError(asked)

    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus)
    monkeypatch.setattr(dist, "is_nccl_available", lambda: True)
    monkeypatch.setattr(dist, "init_process_group", init)

    with pytest.raises(LookupError, match=f"^{backends}$"), distributed.joined():
        pytest.fail("it has not joined")
