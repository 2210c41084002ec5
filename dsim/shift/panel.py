"""Panel: all designs that a comparison speaks of, cut into pieces once, so that whatever is drawn is drawn for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Activation, Arch, Norm
from dsim.graph import Graph
from dsim.search.table import Floats
from dsim.shift.swaps import with_activation, with_norm


class Panel:
    """Distinct designs.

    Parameters
    ----------
    archs
        Designs; repeats are dropped.

    Attributes
    ----------
    archs
        (N) each once.
    graphs
        (P) distinct pieces.
    counts
        (N, P) how often each design holds each piece.
    own
        (N,) equal for designs that differ in activation or norm alone.
    """

    def __init__(self, archs: Iterable[Arch]) -> None:
        self.archs = tuple(dict.fromkeys(archs))
        self._at = {arch: n for n, arch in enumerate(self.archs)}
        cut = [arch.pieces() for arch in self.archs]
        bare = [bare_of(arch) for arch in self.archs]
        self.counts, first = _count([[piece.key for piece in pieces] for pieces in cut])
        self.graphs: tuple[Graph, ...] = tuple(cut[n][k].graph for n, k in first)
        bare_keys = [[piece.key for piece in arch.pieces()] for arch in bare]
        names: dict[Arch, int] = {}
        self.own: NDArray[np.int64] = np.array(
            [names.setdefault(a, len(names)) for a in bare], dtype=np.int64
        )
        self._piece_at = _index([piece.key for pieces in cut for piece in pieces])
        self._bare_at = _index([key for keys in bare_keys for key in keys])
        self._pairs = [
            [(self._piece_at[piece.key], self._bare_at[key]) for piece, key in zip(pieces, keys, strict=True)]
            for pieces, keys in zip(cut, bare_keys, strict=True)
        ]

    def index(self, arch: Arch) -> int:
        """Return a design's row."""
        return self._at[arch]

    def __len__(self) -> int:
        return len(self.archs)

    def shares(self, piece_ms: Floats) -> Floats:
        """Return each bare piece's share (N, Q) of a design's time, for what each piece costs in it (N, P)."""
        out = np.zeros((len(self), len(self._bare_at)))
        for n, pairs in enumerate(self._pairs):
            for piece, bare in pairs:
                out[n, bare] += piece_ms[n, piece] / max(self.counts[n, piece], 1)
        whole = out.sum(1, keepdims=True)
        return np.asarray(out / np.maximum(whole, 1e-12))


def bare_of(arch: Arch) -> Arch:
    """Return a design with GELU and batch norm throughout."""
    return with_norm(with_activation(arch, Activation.GELU), Norm.BATCH)


def _index(keys: Sequence[object]) -> dict[object, int]:
    out: dict[object, int] = {}
    for key in keys:
        out.setdefault(key, len(out))
    return out


def _count(rows: Sequence[Sequence[object]]) -> tuple[NDArray[np.float64], list[tuple[int, int]]]:
    """Count keys by row (N, P), and return where each key stands first."""
    at: dict[object, int] = {}
    first: list[tuple[int, int]] = []
    for n, row in enumerate(rows):
        for k, key in enumerate(row):
            if key not in at:
                at[key] = len(at)
                first.append((n, k))
    counts = np.zeros((len(rows), len(at)))
    for n, row in enumerate(rows):
        for key in row:
            counts[n, at[key]] += 1.0
    return counts, first
