"""How the command line ends: its exit codes, and what a signal does."""

import signal
import sys
from types import FrameType

OK = 0
NOTHING_FITS = 3  # 1 and 2 are click's own: an error, and wrong usage
INTERRUPTED = 130
CONTINUES = (
    "Interrupted; the same command continues from here."  # beside `INTERRUPTED`, where something is kept
)


def stop_on_signals() -> None:
    """Have a signal that ends a program do what Ctrl-C does: what is done is kept.

    Batch systems and ``kill`` send SIGTERM; a terminal that is closed, or a connection that is lost, sends SIGHUP. ``nohup``
    has SIGHUP ignored, and so it stays.
    """
    signal.signal(signal.SIGTERM, _like_ctrl_c)
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _like_ctrl_c)


def _like_ctrl_c(number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):  # a shell lets its background jobs ignore Ctrl-C
        raise KeyboardInterrupt
    handler(number, frame)
