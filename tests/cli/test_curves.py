"""``protonet plot`` and ``protonet diagnose``, and the record that ``train`` writes for them."""

from pathlib import Path

from protonet.report.curves import read_curves
from tests.cli.files import protonet

REAL = Path(__file__).parents[1] / "report" / "curves"


def test_a_training_is_recorded() -> None:
    done = protonet("train", "--solver", "solver.prototxt", "--record", "run.jsonl")

    assert done.exit_code == 0
    curves = read_curves("run.jsonl")
    assert curves.loss.its == (0, 1, 2)
    assert sorted(curves.test) == ["accuracy", "loss"]


def test_curves_are_drawn() -> None:
    done = protonet("plot", str(REAL / "good.csv"), str(REAL / "stuck.csv"), "-o", "c.svg")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "wrote c.svg\n")
    assert Path("c.svg").exists()


def test_curves_are_read() -> None:
    good, bad = str(REAL / "good.csv"), str(REAL / "rate_too_high.csv")

    assert protonet("diagnose", good).stdout == f"{good}: nothing looks wrong\n"
    done = protonet("diagnose", bad)
    assert done.exit_code == 0
    assert done.stdout.startswith("warning[PN686]: the training loss was 1.84 at best")


def test_few_points_are_no_good_sign() -> None:
    Path("run.csv").write_text("it,kind,name,value\n0,loss,,2.3\n", encoding="utf-8")

    assert protonet("diagnose", "run.csv").stdout == (
        "run.csv: too few training losses to judge by, 1 where 8 say something; a smaller "
        "`display` shows more\n"
    )
