"""The batches of one stream in their order, made ahead in threads."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from weakref import finalize

from torch import Tensor

from protonet.data.streams.base import Finish, Naming, Stream


class Pipe:
    """The batches of one stream in order, made ahead in threads where the stream asks for it.

    At most the pace's ``ahead`` batches are made or in the making. The threads end with the pipe.

    Attributes:
        position: How many records the batches had that were taken, by all processes.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.position = stream.pace.start
        self._end: int | None = None
        self._ahead: deque[Future[Finish]] = deque()
        self._threads: ThreadPoolExecutor | None = None

    def next(self) -> tuple[Tensor, ...]:
        """Return the next batch.

        Raises:
            DiagnosticError: It cannot be read; the position stays.
        """
        if self.stream.pace.ahead:
            self._order()
            finish = self._ahead[0].result()
            self._ahead.popleft()
        else:
            finish = self.stream.draw(self.position, self._number(self.position))
        self.position += self.stream.pace.step
        if self.stream.pace.ahead:
            self._order()
        return finish()

    def place(self, later: int = 0) -> tuple[int, int]:
        """Return the position of a batch that comes so many batches later, and how long it is."""
        position = self.position + later * self.stream.pace.step
        return position, self._number(position)

    def skip(self) -> None:
        """Leave a batch out."""
        if self._ahead:
            self._ahead.popleft().cancel()
        self.position += self.stream.pace.step

    def called(self, row: int, before: int = 1) -> str:
        """Return what the record in a row of a batch is called; nothing if it has no name.

        Args:
            row: Which row.
            before: How many batches ago it was taken: 1 for the last one.
        """
        position = self.position - before * self.stream.pace.step
        if not isinstance(self.stream, Naming):
            return ""
        return self.stream.name(position, self._number(position), row)

    def seek(self, position: int, end: int | None = None) -> None:
        """Go on from another position; a batch that would pass ``end`` is short, and the last."""
        while self._ahead:
            self._ahead.pop().cancel()
        self.position, self._end = position, end

    def close(self) -> None:
        """Stop the threads; what they do now, they finish."""
        self.seek(self.position)
        if self._threads is not None:
            self._threads.shutdown(wait=True)
            self._threads = None

    def _number(self, position: int) -> int:
        """Return how many records the batch at a position has."""
        step = self.stream.pace.step
        return step if self._end is None else min(step, self._end - position)

    def _order(self) -> None:
        pace = self.stream.pace
        if self._threads is None:
            self._threads = ThreadPoolExecutor(pace.workers, "protonet-data")
            finalize(self, self._threads.shutdown, wait=False, cancel_futures=True)
        while len(self._ahead) < pace.ahead:
            position = self.position + len(self._ahead) * pace.step
            number = self._number(position)
            if number <= 0:
                break
            self._ahead.append(self._threads.submit(self.stream.draw, position, number))
