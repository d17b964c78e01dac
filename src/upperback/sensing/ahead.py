"""Work done ahead in another thread: stages of one recording side by side, each on its own processor core."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

_Item = TypeVar("_Item")

_END: Final = object()


def ahead(items: Iterable[_Item], n: int = 1) -> Iterator[_Item]:
    """The same items, each made while the one before is being worked on.

    What makes them runs in a thread of its own, at most `n` items ahead. NumPy and the compiled kernel let other
    threads run meanwhile. An error comes out where the item would have. Whoever stops early ends the thread too.
    """
    made: queue.Queue[object] = queue.Queue(maxsize=n)
    stopped = threading.Event()

    def put(item: object) -> bool:
        while not stopped.is_set():
            try:
                made.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item):
                    return
            put(_END)
        except BaseException as error:  # noqa: BLE001 -- it belongs to who takes the items
            put(error)

    worker = threading.Thread(target=make, daemon=True)
    worker.start()
    try:
        while (item := made.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        worker.join()
