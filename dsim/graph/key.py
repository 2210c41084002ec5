"""NetworkKey: what a stored network is called, its name and the side of its image: ``resnet50@224``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dsim.errors import FileFormatError

MARK = "@"


@dataclass(frozen=True, slots=True, order=True)
class NetworkKey:
    """The name of a network and the side of its image in pixels; ``str`` writes it as ``name@px``."""

    name: str
    px: int

    def __str__(self) -> str:
        return f"{self.name}{MARK}{self.px}"

    @classmethod
    def of(cls, text: str, where: str = "") -> NetworkKey:
        """Read a key.

        Parameters
        ----------
        text
            ``name@px``.
        where
            File, row and column of the text, for the error.

        Raises
        ------
        FileFormatError
            The text is not of that form.
        """
        found = _read(text)
        if found is None:
            place = f"{where}: " if where else ""
            raise FileFormatError(f"{place}a graph must be name@resolution, got {text[:120]!r}; correct it")
        return found


@lru_cache(maxsize=65536)
def _read(text: str) -> NetworkKey | None:
    name, side = split_key(text)
    return NetworkKey(name, int(side)) if name and side.isdigit() else None


def split_key(text: str) -> tuple[str, str]:
    """Return a network's name and the side written behind it; the side is empty where the text names none."""
    name, _, side = text.partition(MARK)
    return name, side
