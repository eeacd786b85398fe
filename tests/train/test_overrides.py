"""What a run sets over its files."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.train.overrides import override_solver, write_resolved
from protonet.train.solver import Solver

NET = """\
layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } } }
layer { name: "t" type: "DummyData" top: "t" dummy_data_param { shape { dim: 2 dim: 2 } } }
layer {
  name: "ip"
  type: "InnerProduct"
  bottom: "x"
  top: "ip"
  inner_product_param { num_output: 2 }
}
layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "t" top: "loss" }
"""
SOLVER = """\
net: "net.prototxt"
base_lr: 0.1
lr_policy: "fixed"
max_iter: 1
snapshot_prefix: "run"
"""
V1_NET = """\
layers { name: "x" type: DUMMY_DATA top: "x"
  dummy_data_param { num: 2 channels: 3 height: 1 width: 1 } }
layers { name: "t" type: DUMMY_DATA top: "t"
  dummy_data_param { num: 2 channels: 2 height: 1 width: 1 } }
layers { name: "ip" type: INNER_PRODUCT bottom: "x" top: "ip" blobs_lr: 1 blobs_lr: 2
  inner_product_param { num_output: 2 } }
layers { name: "loss" type: EUCLIDEAN_LOSS bottom: "ip" bottom: "t" top: "loss" }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in (("net.prototxt", NET), ("solver.prototxt", SOLVER), ("v1.prototxt", V1_NET)):
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def solver(*settings: str, file: str = "solver.prototxt") -> Solver:
    return Solver(override_solver(file, settings))


def rates(of: Solver) -> list[float]:
    return [blob.lr_mult for blob in of.net.learnables]


def test_fields_of_the_solver() -> None:
    assert solver("base_lr=0.5", "display=7").param == solver().param.model_copy(
        update={"base_lr": 0.5, "display": 7}
    )


def test_rates_of_a_layer() -> None:
    assert rates(solver("layer.ip.lr_mult=3")) == [3, 3]
    assert rates(solver("layer.ip.param.1.lr_mult=3")) == [1, 3]


def test_rates_of_a_layer_of_an_old_net() -> None:
    assert rates(solver("net=v1.prototxt")) == [1, 2]
    assert rates(solver("net=v1.prototxt", "layer.ip.lr_mult=0")) == [0, 0]


def test_a_mistake_in_a_setting_is_shown_where_it_takes_effect() -> None:
    with pytest.raises(DiagnosticError) as caught:
        solver("layer.ip.inner_product_param.num_outputs=5")

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, str(diagnostic.labels[0].span)) == ("PN101", "net.prototxt:8:40")


def test_layers_that_no_net_has_are_told_all_at_once() -> None:
    with pytest.raises(DiagnosticError) as caught:
        solver("layer.ib.lr_mult=1", "layer.fc.lr_mult=1")

    assert [problem.code for problem in caught.value.diagnostics] == ["PN024", "PN024"]


def test_a_faulty_solver_is_told_before_its_layers() -> None:
    with pytest.raises(DiagnosticError, match="PN601"):
        solver("lr_policy=fix", "layer.ib.lr_mult=1")


def written(run: Solver) -> dict[str, str]:
    nets = [net.graph.file for net in (run.net, *run.test_nets)]
    paths = write_resolved(run.file, nets, run.prefix)
    return {str(path): path.read_text(encoding="utf-8") for path in paths}


def test_a_solver_alone_is_written_as_it_was_run() -> None:
    assert written(solver("max_iter=2")) == {
        "run_solver.prototxt": SOLVER.replace("max_iter: 1", "max_iter: 2")
    }


def test_a_net_with_settings_is_written_and_named() -> None:
    files = written(solver("layer.ip.inner_product_param.weight_filler.type=xavier"))

    assert files["run_solver.prototxt"] == SOLVER.replace("net.", "run_net.")
    assert 'weight_filler { type: "xavier" }' in files["run_net.prototxt"]


def test_files_that_cannot_be_written_are_told() -> None:
    run = solver("max_iter=2")

    with pytest.raises(DiagnosticError, match=r"PN408.*`none/run_solver\.prototxt`"):
        write_resolved(run.file, (), "none/run")


def test_nets_elsewhere_are_named_from_here(folder: Path) -> None:
    there = folder / "there"
    there.mkdir()
    for name in ("net", "solver"):
        (folder / f"{name}.prototxt").rename(there / f"{name}.prototxt")

    files = written(solver("max_iter=2", file="there/solver.prototxt"))

    assert files["run_solver.prototxt"].startswith('net: "there/net.prototxt"\n')


def test_train_and_test_nets_are_named_one_by_one() -> None:
    text = SOLVER.replace("net:", "train_net:") + (
        'test_net: "v1.prototxt"\ntest_net: "net.prototxt"\n'
        "test_iter: 1\ntest_iter: 1\ntest_interval: 5\n"
    )
    Path("solver.prototxt").write_text(text, encoding="utf-8")

    files = written(solver("layer.ip.lr_mult=0"))

    assert sorted(files) == ["run_net.prototxt", "run_solver.prototxt", "run_v1.prototxt"]
    assert files["run_solver.prototxt"] == text.replace('"net.', '"run_net.').replace(
        '"v1.', '"run_v1.'
    )
