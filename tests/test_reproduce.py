"""``make reproduce``: what is robust of its tables."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.files import ENVIRONMENT

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "recipe" / "reproduce.py"


@pytest.mark.slow
def test_two_stages_are_better_than_one_with_bilinear_pooling(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--quick", "--json", str(tmp_path / "found.json")]
    done = subprocess.run(
        command, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True, timeout=900
    )
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    ((last, both),) = found["stages bilinear"]
    ((direct,),) = found["direct bilinear"]

    assert "| then all layers | 86.8 |" in done.stdout
    assert both > last + 0.05
    assert both > direct + 0.05
