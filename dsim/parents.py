"""Processes that work for another one end with it, even where it was killed and could not tell them to."""

from __future__ import annotations

import os
import threading
import time
from functools import lru_cache

EVERY_S = 1.0


@lru_cache(maxsize=1)
def end_with_parent() -> None:
    """End this process when the one that started it has ended; the first call in a process counts.

    Else a helper whose parent was ended by ``kill -9``, or for want of memory, would wait for ever, or work on and keep others
    out of a folder. Where a system does not tell that a parent has ended (Windows), nothing changes.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(EVERY_S)
        os._exit(1)  # nobody is left to hear of an error

    threading.Thread(target=watch, daemon=True).start()
