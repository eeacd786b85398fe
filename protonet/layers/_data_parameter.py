"""The message of layers that read a database."""

from enum import IntEnum
from typing import Annotated

from protonet.message.augmentation import OnBadImage
from protonet.message.base import Float, Message, Tag, UInt32


class DataParameter(Message):
    """Parameters of Data and AnnotatedData.

    ``scale`` to ``mirror`` have an effect in V1 files only.
    """

    class DB(IntEnum):
        """Kind of database; a ``builtin:`` source has none."""

        LEVELDB = 0
        LMDB = 1

    source: Annotated[str, Tag(1)] = ""
    batch_size: Annotated[UInt32 | None, Tag(4)] = None
    rand_skip: Annotated[UInt32, Tag(7)] = 0
    backend: Annotated[DB, Tag(8)] = DB.LEVELDB
    scale: Annotated[Float, Tag(2)] = 1.0
    mean_file: Annotated[str, Tag(3)] = ""
    crop_size: Annotated[UInt32, Tag(5)] = 0
    mirror: Annotated[bool, Tag(6)] = False
    force_encoded_color: Annotated[bool, Tag(9)] = False
    prefetch: Annotated[UInt32, Tag(10)] = 4
    shuffle: Annotated[bool, Tag(50001)] = False
    """Read the records in another order in each epoch; `random_seed` decides which."""
    on_bad_image: Annotated[OnBadImage, Tag(50002)] = OnBadImage.RAISE
    """SKIP: a record that is no image is replaced by the next one, and told at the end."""
