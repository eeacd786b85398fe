from enum import IntEnum
from typing import Annotated

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.text_format import Parse

from protonet.message.base import Float, Int32, Message, Tag, UInt32
from protonet.message.common import Phase
from protonet.message.emit import file_descriptor, json_schema, proto_text, reachable


class Leaf(Message):
    """The last of all.

    It says two things.
    """

    class Mode(IntEnum):
        """How."""

        FAST = 1
        SLOW = 2

    mode: Annotated[Mode, Tag(1)] = Mode.SLOW
    first: Annotated[Mode, Tag(2)] = Mode.FAST
    text: Annotated[str, Tag(3)] = "warp"
    empty: Annotated[str, Tag(4)] = ""
    raw: Annotated[bytes, Tag(5)] = b""


class Tree(Message):
    """Holds leaves."""

    leaf: Annotated[tuple[Leaf, ...], Tag(2)] = ()
    dim: Annotated[tuple[Int32, ...], Tag(1, packed=True)] = ()
    phase: Annotated[Phase, Tag(3)] = Phase.TEST
    ratio: Annotated[Float, Tag(4)] = 0.1
    on: Annotated[bool, Tag(5)] = True
    off: Annotated[bool, Tag(6)] = False
    size: Annotated[UInt32, Tag(7)]
    """How many.

    And ``more``.
    """
    mode: Annotated[Leaf.Mode | None, Tag(8)] = None


PROTO = """\
// Made from the classes in protonet, which are the schema: do not edit.
syntax = "proto2";

package caffe;

// Which of its two lives a net leads.
enum Phase {
  TRAIN = 0;
  TEST = 1;
}

// Holds leaves.
message Tree {
  repeated Leaf leaf = 2;
  repeated int32 dim = 1 [packed = true];
  optional Phase phase = 3 [default = TEST];
  optional float ratio = 4 [default = 0.1];
  optional bool on = 5 [default = true];
  optional bool off = 6;
  // How many.
  //
  // And ``more``.
  required uint32 size = 7;
  optional Leaf.Mode mode = 8;
}

// The last of all.
//
// It says two things.
message Leaf {
  // How.
  enum Mode {
    FAST = 1;
    SLOW = 2;
  }
  optional Mode mode = 1 [default = SLOW];
  optional Mode first = 2;
  optional string text = 3 [default = "warp"];
  optional string empty = 4;
  optional bytes raw = 5;
}
"""

DESCRIPTOR = """
name: "protonet.proto" package: "caffe" syntax: "proto2"
enum_type { name: "Phase" value { name: "TRAIN" number: 0 } value { name: "TEST" number: 1 } }
message_type {
  name: "Tree"
  field { name: "leaf" number: 2 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".caffe.Leaf" }
  field { name: "dim" number: 1 label: LABEL_REPEATED type: TYPE_INT32 options { packed: true } }
  field {
    name: "phase" number: 3 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".caffe.Phase"
    default_value: "TEST"
  }
  field { name: "ratio" number: 4 label: LABEL_OPTIONAL type: TYPE_FLOAT default_value: "0.1" }
  field { name: "on" number: 5 label: LABEL_OPTIONAL type: TYPE_BOOL default_value: "true" }
  field { name: "off" number: 6 label: LABEL_OPTIONAL type: TYPE_BOOL }
  field { name: "size" number: 7 label: LABEL_REQUIRED type: TYPE_UINT32 }
  field {
    name: "mode" number: 8 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".caffe.Leaf.Mode"
  }
}
message_type {
  name: "Leaf"
  field {
    name: "mode" number: 1 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".caffe.Leaf.Mode"
    default_value: "SLOW"
  }
  field {
    name: "first" number: 2 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".caffe.Leaf.Mode"
  }
  field { name: "text" number: 3 label: LABEL_OPTIONAL type: TYPE_STRING default_value: "warp" }
  field { name: "empty" number: 4 label: LABEL_OPTIONAL type: TYPE_STRING }
  field { name: "raw" number: 5 label: LABEL_OPTIONAL type: TYPE_BYTES }
  enum_type { name: "Mode" value { name: "FAST" number: 1 } value { name: "SLOW" number: 2 } }
}
"""


def test_proto_text() -> None:
    assert proto_text([Tree]) == PROTO


def test_file_descriptor() -> None:
    assert file_descriptor([Tree]) == Parse(DESCRIPTOR, FileDescriptorProto())


def test_what_messages_hold_comes_where_it_is_first_mentioned() -> None:
    assert reachable([Leaf, Tree]) == (Leaf, Tree)
    assert reachable([Tree, Leaf]) == (Tree, Leaf)


def test_json_schema() -> None:
    number = {"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf", "nan"]}]}
    int32 = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
    modes = {"enum": ["FAST", "SLOW"]}

    assert json_schema(Tree) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": {
                "description": "Holds leaves.",
                "type": "object",
                "properties": {
                    "leaf": {"type": "array", "items": {"$ref": "#/$defs/Leaf"}},
                    "dim": {"type": "array", "items": int32},
                    "phase": {"enum": ["TRAIN", "TEST"], "default": "TEST"},
                    "ratio": {**number, "default": 0.1},
                    "on": {"type": "boolean", "default": True},
                    "off": {"type": "boolean"},
                    "size": {
                        "type": "integer",
                        "minimum": 0,
                        "maximum": 2**32 - 1,
                        "description": "How many.\n\nAnd ``more``.",
                    },
                    "mode": modes,
                },
                "required": ["size"],
                "additionalProperties": False,
            },
            "Leaf": {
                "description": "The last of all.\n\nIt says two things.",
                "type": "object",
                "properties": {
                    "mode": {**modes, "default": "SLOW"},
                    "first": modes,
                    "text": {"type": "string", "default": "warp"},
                    "empty": {"type": "string"},
                    "raw": {"type": "string"},
                },
                "additionalProperties": False,
            },
        },
    }
