"""Where layer types are found."""

import sys
from pathlib import Path

import pytest

from protonet.layers._registry import Registry

LAYER = """
from typing import Annotated

from protonet.layers.base import Layer
from protonet.message.base import Message, Tag


class {name}Parameter(Message):
    pass


class {name}(Layer):
    {field}_param: Annotated[{name}Parameter, Tag({number})] = {name}Parameter()
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry of the files wide_one.py and odd.py; what they hold registers itself there."""
    found = Registry()
    monkeypatch.syspath_prepend(tmp_path)
    for file, name, field, number in (
        ("wide_one", "WideOne", "wide_one", 60001),
        ("odd", "Strange", "peculiar", 60002),
    ):
        text = LAYER.format(name=name, field=field, number=number)
        (tmp_path / f"{file}.py").write_text(text + f"\n\nREGISTER({name})\n", encoding="utf-8")
        monkeypatch.delitem(sys.modules, file, raising=False)
    monkeypatch.setattr("builtins.REGISTER", found.register, raising=False)
    found.add_files(["wide_one", "odd"])
    return found


def test_a_type_imports_the_file_of_its_name_alone(registry: Registry) -> None:
    assert registry["WideOne"].__name__ == "WideOne"
    assert "odd" not in sys.modules


def test_a_message_imports_the_file_of_its_name_alone(registry: Registry) -> None:
    assert registry.messages["wide_one_param"].number == 60001
    assert "odd" not in sys.modules


def test_a_name_that_no_file_has_imports_all(registry: Registry) -> None:
    assert registry["Strange"].__name__ == "Strange"
    assert "wide_one" in sys.modules


def test_a_message_that_no_file_is_named_after_imports_all(registry: Registry) -> None:
    assert registry.messages["peculiar_param"].number == 60002
    assert "wide_one" in sys.modules


def test_what_is_nowhere_is_not_found(registry: Registry) -> None:
    assert (registry.get("Nothing"), registry.messages.get("nothing_param")) == (None, None)


def test_all_types_and_messages_are_listed(registry: Registry) -> None:
    assert (list(registry), len(registry)) == (["Strange", "WideOne"], 2)


def test_all_messages_are_listed(registry: Registry) -> None:
    assert sorted(registry.messages) == ["peculiar_param", "wide_one_param"]
    assert len(registry.messages) == 2
