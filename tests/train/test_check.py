import subprocess
import sys
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.spec.read import read_solver
from protonet.train.check import RULES, check, unmonitored
from protonet.train.optimizer import RULES as OPTIMIZER_RULES
from protonet.train.scaffold import check_all

GOOD = 'net: "a.prototxt"\nlr_policy: "fixed"\n'


def problems(text: str) -> list[tuple[str, str]]:
    """Return ``CODE line:column message`` and the help of each problem."""
    return [
        (f"{d.code} {str(d.labels[0].span).partition(':')[2]} {d.message}", d.help)
        for d in check(read_solver(f"{text}\n"))
    ]


def test_good_file_has_no_problem() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            'net: "a"',
            "PN601 1:1 `lr_policy` is not set",
            (
                "the policies are fixed, step, exp, inv, multistep, poly, sigmoid, cosine, "
                "onecycle, plateau"
            ),
        ),
        (
            'net: "a"\nlr_policy: "mulistep"',
            "PN601 2:12 unknown learning-rate policy `mulistep`",
            "did you mean `multistep`?",
        ),
        (
            'net: "a"\nlr_policy: "step"\ngamma: 0.1',
            "PN602 1:1 the policy `step` needs a `stepsize` above 0; it is 0",
            "",
        ),
        (
            'net: "a"\nlr_policy: "sigmoid"\ngamma: -0.5\nstepsize: 3',
            "PN602 3:8 the policy `sigmoid` needs a `gamma` of at least 0; it is -0.5",
            "",
        ),
        (
            'net: "a"\nlr_policy: "poly"',
            "PN602 1:1 the policy `poly` needs a `max_iter` above 0; it is 0",
            "",
        ),
        (GOOD + 'type: "adam"', "PN603 3:7 unknown solver type `adam`", "did you mean `Adam`?"),
        (
            GOOD + 'type: "Shampoo"',
            "PN603 3:7 unknown solver type `Shampoo`",
            (
                "the types are SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam, AdamW, Lion, "
                "and classes of torch.optim as `torch.NAdam`"
            ),
        ),
        (
            GOOD + 'type: "RMSprop"',
            "PN603 3:7 unknown solver type `RMSprop`",
            "did you mean `RMSProp`?",
        ),
        (
            GOOD + 'type: "torch.nadam"',
            "PN603 3:7 unknown solver type `torch.nadam`",
            "did you mean `torch.NAdam`?",
        ),
        (
            GOOD + 'type: "LBFGS"',
            (
                "PN603 3:7 solver type `LBFGS` cannot be used: "
                "it evaluates the net several times a step"
            ),
            "",
        ),
        (
            GOOD + 'type: "torch.SparseAdam"',
            (
                "PN603 3:7 solver type `torch.SparseAdam` cannot be used: "
                "it takes sparse gradients only"
            ),
            "",
        ),
        (
            GOOD + 'regularization_type: "L3"',
            "PN603 3:22 unknown regularization type `L3`",
            "the types are L1, L2",
        ),
        (
            GOOD + 'type: "AdaGrad" momentum: 0.9',
            "PN604 3:27 the solver type `AdaGrad` takes no `momentum`; it is 0.9",
            "",
        ),
        (
            GOOD + 'type: "RMSProp" rms_decay: 1',
            "PN604 3:28 the solver type `RMSProp` takes an `rms_decay` in [0, 1); it is 1",
            "",
        ),
        (
            GOOD + 'type: "Adam" momentum2: 1.5',
            "PN604 3:25 the solver type `Adam` takes a `momentum2` in [0, 1); it is 1.5",
            "",
        ),
        (
            GOOD + 'type: "Lion" momentum: 1',
            "PN604 3:24 the solver type `Lion` takes a `momentum` in [0, 1); it is 1",
            "",
        ),
        (
            GOOD + 'type: "AdamW" weight_decay: 0.1\nregularization_type: "L1"',
            "PN604 4:22 the solver type `AdamW` takes no L1: its decay is no part of the gradient",
            "",
        ),
        (
            'net: "a"\nlr_policy: "cosine"',
            "PN602 1:1 the policy `cosine` needs a `max_iter` above 0; it is 0",
            "",
        ),
        (
            'net: "a"\nlr_policy: "plateau"',
            "PN602 2:12 the policy `plateau` needs a `plateau { monitor: ... }`",
            "",
        ),
        (
            GOOD + 'type: "NAdam" optimizer_arg: "betas=(0.9, 0.99"',
            "PN625 3:30 `betas=(0.9, 0.99` is no argument",
            'write it as `optimizer_arg: "betas=(0.9, 0.99)"`',
        ),
        (
            GOOD + 'type: "NAdam" optimizer_arg: "eps 1e-8"',
            "PN625 3:30 `eps 1e-8` is no argument",
            'write it as `optimizer_arg: "betas=(0.9, 0.99)"`',
        ),
        (
            GOOD + 'type: "NAdam" optimizer_arg: "eps=1e-8" optimizer_arg: "beta=1"',
            "PN625 3:56 `torch.optim.NAdam` has no argument `beta`",
            "did you mean `betas`?",
        ),
        (
            GOOD + 'type: "Rprop" optimizer_arg: "dampening=1"',
            "PN625 3:30 `torch.optim.Rprop` has no argument `dampening`",
            ("its arguments are etas, step_sizes, capturable, foreach, maximize, differentiable"),
        ),
        (
            GOOD + 'type: "torch.SGD" optimizer_arg: "momentum=0.9"',
            "PN625 3:34 `momentum` is not given by `optimizer_arg`",
            "write `momentum: ...`",
        ),
        (
            GOOD + 'type: "Rprop" optimizer_arg: "lr=1"',
            "PN625 3:30 `lr` is not given by `optimizer_arg`",
            "write `base_lr: ...`",
        ),
        (
            GOOD + "base_lr: nan",
            "PN626 3:10 `base_lr` is nan; it has to be finite",
            "",
        ),
        (
            GOOD + "base_lr: 0.1 min_lr: 0.2",
            "PN626 3:22 `min_lr` is 0.2; it has to be in [0, `base_lr`]",
            "",
        ),
        (
            GOOD + 'plateau { monitor: "loss" factor: 1 }',
            "PN626 3:35 `plateau.factor` is 1; it has to be in [0, 1)",
            "",
        ),
        (
            GOOD + 'plateau { monitor: "loss" cooldown: -1 }',
            "PN626 3:37 `plateau.cooldown` is -1; it has to be at least 0",
            "",
        ),
        (
            GOOD + 'early_stopping { monitor: "loss" patience: -1 }',
            "PN626 3:44 `early_stopping.patience` is -1; it has to be at least 0",
            "",
        ),
        (
            GOOD + 'early_stopping { monitor: "loss" min_delta: -1 }',
            "PN626 3:45 `early_stopping.min_delta` is -1; it has to be at least 0",
            "",
        ),
        (
            GOOD + "warmup { iterations: 0 }",
            "PN626 3:22 `warmup.iterations` is 0; it has to be above 0",
            "",
        ),
        (
            GOOD + "warmup { iterations: 5 factor: -1 }",
            "PN626 3:32 `warmup.factor` is -1; it has to be at least 0",
            "",
        ),
        (
            GOOD + "warmup { iterations: 5 start_lr: -1 }",
            "PN626 3:34 `warmup.start_lr` is -1; it has to be at least 0",
            "",
        ),
        (
            GOOD + "onecycle { pct_start: 1 }",
            "PN626 3:23 `onecycle.pct_start` is 1; it has to be in [0, 1)",
            "",
        ),
        (
            GOOD + "onecycle { div_factor: 0 }",
            "PN626 3:24 `onecycle.div_factor` is 0; it has to be above 0",
            "",
        ),
        (
            GOOD + "onecycle { final_div_factor: 0 }",
            "PN626 3:30 `onecycle.final_div_factor` is 0; it has to be above 0",
            "",
        ),
        (
            'lr_policy: "fixed"',
            "PN605 1:1 no net is given",
            "a solver has exactly one of `net`, `net_param`, `train_net`, `train_net_param`",
        ),
        (
            GOOD + 'train_net: "b"',
            "PN605 3:12 `net` and `train_net` are both given",
            "a solver has exactly one of `net`, `net_param`, `train_net`, `train_net_param`",
        ),
        (
            GOOD + 'test_net: "b" test_interval: 1',
            "PN606 3:11 `test_iter` is given 0 times, and there are 1 test nets",
            "give one `test_iter` for each test net",
        ),
        (
            'train_net: "a"\nlr_policy: "fixed"\ntest_iter: 3 test_iter: 4 test_interval: 1',
            "PN606 3:12 `test_iter` is given twice, and there are 0 test nets",
            "give one `test_iter` for each test net",
        ),
        (
            GOOD + "test_iter: 3 test_state { } test_state { } test_interval: 1",
            "PN606 3:14 `test_state` is given twice, `test_iter` once",
            "give one `test_state` for each test net, or none",
        ),
        (
            GOOD + "test_iter: 3",
            "PN606 3:12 there are test nets, but `test_interval` is not set",
            "say how many iterations lie between two tests",
        ),
        (GOOD + "iter_size: 0", "PN607 3:12 `iter_size` is 0; it cannot be less than 1", ""),
        (GOOD + "average_loss: 0", "PN607 3:15 `average_loss` is 0; it cannot be less than 1", ""),
        (GOOD + "snapshot: -1", "PN607 3:11 `snapshot` is -1; it cannot be less than 0", ""),
    ],
)
def test_problem_is_told_where_it_is(text: str, message: str, hint: str) -> None:
    assert problems(text) == [(message, hint)]


def test_all_problems_are_told_at_once() -> None:
    text = 'lr_policy: "x"\ntype: "y"\nmax_iter: -1'

    assert [message[:5] for message, _ in problems(text)] == ["PN601", "PN603", "PN605", "PN607"]


def test_monitored_values_are_single_numbers_of_test_nets() -> None:
    text = GOOD + 'early_stopping { monitor: "acuracy" }\nplateau { monitor: "loss" }\n'
    (problem,) = unmonitored(read_solver(text), [{"loss": 1, "accuracy": 1, "scores": 10}])

    assert (problem.code, problem.message, problem.help) == (
        "PN627",
        "`early_stopping` monitors `acuracy`, which is not a number that a test net outputs",
        "did you mean `accuracy`?",
    )
    assert str(problem.labels[0].span).endswith(":3:27")


def test_monitored_scores_are_no_number() -> None:
    text = GOOD + 'early_stopping { monitor: "scores" }\n'
    (problem,) = unmonitored(read_solver(text), [{"loss": 1, "x": 1, "scores": 10}])

    assert problem.help == "they output loss, x"


def test_monitored_value_without_tests() -> None:
    text = 'net: "a" lr_policy: "plateau" plateau { monitor: "loss" }\n'
    (problem,) = unmonitored(read_solver(text), [])

    assert (problem.message, problem.help) == (
        "`plateau` monitors the tests, and there are none",
        "add `test_iter` and `test_interval`",
    )


def test_prefix_in_no_folder_is_refused_before_the_training(tmp_path: Path) -> None:
    prefix = str(tmp_path / "nowhere" / "run")
    file = read_solver(GOOD + f'snapshot: 10\nsnapshot_prefix: "{prefix}"')

    with pytest.raises(DiagnosticError) as caught:
        check_all(file, prefix)

    (problem,) = caught.value.diagnostics
    assert problem.message == (
        f"snapshots cannot be written to `{tmp_path}/nowhere`: no such file or directory"
    )


def test_probe_of_the_prefix_leaves_nothing(tmp_path: Path) -> None:
    check_all(read_solver(GOOD + "snapshot: 10"), str(tmp_path / "run"))

    assert list(tmp_path.iterdir()) == []


def test_rules_are_those_that_there_are() -> None:
    assert tuple(OPTIMIZER_RULES) == RULES


def test_checking_imports_no_torch() -> None:
    code = "import sys, protonet.train.check; sys.exit('torch' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)
