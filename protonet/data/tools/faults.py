"""What is wrong with what the tools are asked to do: codes for `data.faults.fault`."""

from enum import StrEnum


class Fault(StrEnum):
    """The codes; docs/diagnostics.md explains each."""

    OUTPUT = "PN540"
    SIZES = "PN541"
    NO_IMAGES = "PN542"
    NO_SOURCE = "PN543"
    PARTS = "PN544"
    UNFINISHED = "PN545"
    TEXTURES = "PN546"
    BLOB = "PN550"
    LABELS = "PN551"
    NO_CLASSIFIER = "PN552"
    MEAN = "PN553"
    NO_DATA = "PN554"
    FEATURES = "PN555"
    SMALL = "PN556"
