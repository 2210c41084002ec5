"""The table that few-shot learning rests on: log milliseconds of the reference networks on every donor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from dsim.cache import arrays_from_bytes, arrays_to_bytes, kept
from dsim.device.find import bundled_folders
from dsim.latency.content import content_hash
from dsim.latency.features import FloatArray
from dsim.latency.fewshot.reference import measured_ms, reference, seen_by
from dsim.latency.fewshot.teachers import LeftOut, donor_named, donors, teach
from dsim.latency.fine.evidence import regime_of
from dsim.latency.fine.fit import fit_fine, priced
from dsim.latency.fine.rates import NOISE
from dsim.progress import working
from dsim.threads import one_blas_thread

SECONDS = 240.0  # that the table takes, about
NOTHING = LeftOut()


@dataclass(frozen=True)
class Table:
    """What every donor says.

    Attributes
    ----------
    names
        (D,) donors.
    log_ms
        (N, D) log milliseconds of the reference networks: measured where the donor timed them, else by its model.
    said
        (N, D) the same by its model alone.
    """

    names: NDArray[np.str_]
    log_ms: FloatArray
    said: FloatArray

    def log_rate(self, donor: int) -> FloatArray:
        """Give fine log rates (P + 1,) that say of the reference networks what a donor's model says."""
        profile = donor_named(str(self.names[donor]))
        vectors = seen_by(profile.passes).fine
        even = np.ones(len(vectors))
        return fit_fine(vectors, self.said[:, donor], even, regime_of(profile), NOISE).log_rate

    def of_others(self, vectors: dict[tuple[str, ...], FloatArray]) -> FloatArray:
        """Give log milliseconds (M, D) of other networks.

        Parameters
        ----------
        vectors
            Their fine vectors (M, F) by the passes that they went through, for every donor's passes.
        """
        passes = {profile.name: profile.passes for profile in donors()}
        columns = [
            np.log(priced(vectors[passes[str(name)]]) @ np.exp(self.log_rate(donor)))
            for donor, name in enumerate(self.names)
        ]
        return np.array(columns).T


@one_blas_thread()
def make_table(left_out: LeftOut, tick: Callable[[], None] = lambda: None) -> Table:
    """Ask every donor, with something left out of all of them.

    Parameters
    ----------
    left_out
        A chip, and families whose figures nobody has seen either.
    tick
        Called after every donor.
    """
    said = teach(left_out, tick)
    known = reference()
    at = known.at
    profiles = {profile.name: profile for profile in donors()}
    log = []
    for name in sorted(said):
        column = said[name].copy()
        for key, ms in measured_ms(profiles[name]).items():
            if key in at and known.families[at[key]] not in left_out.families:
                column[at[key]] = np.log(ms)
        log.append(column)
    names = sorted(said)
    return Table(np.array(names), np.array(log).T, np.array([said[name] for name in names]).T)


def donor_table() -> Table:
    """Give the table of all donors, from the cache where nothing that it rests on has changed."""
    return kept("latency", "donors", content_hash(bundled_folders()), _ask, _write, _read)


def _ask() -> Table:
    with working(
        "asking every bundled device about the reference networks",
        total=len(donors()),
        unit="devices",
        seconds=SECONDS,
        once=True,
    ) as work:
        return make_table(NOTHING, work.step)


def _write(table: Table) -> bytes:
    return arrays_to_bytes({}, {field.name: getattr(table, field.name) for field in fields(Table)})


def _read(content: bytes) -> Table:
    return Table(**arrays_from_bytes(content)[1])
