"""The wheel: what a user installs, far from the checkout."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from protonet import __version__

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in an environment of its own that has the wheel, and borrows what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    borrowed = next(path for path in sys.path if path.endswith("site-packages"))
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text(f"{borrowed}\n", encoding="utf-8")
    wheel = folder / f"protonet-{__version__}-py3-none-any.whl"
    install = [str(python), "-m", "pip", "install", "--no-deps", "--force-reinstall", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return python


@pytest.mark.parametrize(
    "args",
    [
        ("check", "zoo/lenet/train_val.prototxt"),
        ("check", "solvers/lenet_digits.prototxt"),
        ("explain", "PN101"),
        ("train", "--solver", "solvers/lenet_digits.prototxt", "--set", "max_iter=1"),
    ],
    ids=" ".join,
)
def test_commands_work_in_any_folder(python: Path, tmp_path: Path, args: tuple[str, ...]) -> None:
    subprocess.run([python, "-m", "protonet", *args], cwd=tmp_path, check=True)


def test_the_wheel_itself_is_what_is_run(python: Path, tmp_path: Path) -> None:
    command = [python, "-c", "import protonet; print(protonet.__file__)"]

    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)

    assert Path(done.stdout.strip()).is_relative_to(python.parent.parent)
