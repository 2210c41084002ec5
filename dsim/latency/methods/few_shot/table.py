"""The table that few-shot learning rests on: log milliseconds of the reference networks on every donor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.reference import fine_vectors, measured_ms, reference
from dsim.latency.methods.few_shot.shipped import Shipped, shipped
from dsim.latency.methods.few_shot.teachers import Ask, LeftOut, Mark, donor_named, donors, teach
from dsim.latency.methods.fine.evidence import regime_of
from dsim.latency.methods.fine.fit import fit_fine, priced
from dsim.latency.methods.fine.rates import NOISE
from dsim.progress import working
from dsim.threads import one_blas_thread

SECONDS = 240.0  # that learning all donors takes, about
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
    rates
        (D, P + 1) fine log rates that say what the models say; None where they are learned when asked for.
    """

    names: NDArray[np.str_]
    log_ms: FloatArray
    said: FloatArray
    rates: FloatArray | None = None

    def log_rate(self, donor: int) -> FloatArray:
        """Return fine log rates (P + 1,) that say of the reference networks what a donor's model says."""
        if self.rates is not None:
            return np.asarray(self.rates[donor])
        profile = donor_named(str(self.names[donor]))
        vectors = fine_vectors(profile.passes)
        even = np.ones(len(vectors))
        return fit_fine(vectors, self.said[:, donor], even, regime_of(profile), NOISE).log_rate

    def with_rates(self) -> Table:
        """Return the same with the rates of all donors learned."""
        return replace(self, rates=np.array([self.log_rate(donor) for donor in range(len(self.names))]))

    def of_others(self, vectors: dict[tuple[str, ...], FloatArray]) -> FloatArray:
        """Return log milliseconds (M, D) of other networks.

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
def make_table(
    left_out: LeftOut,
    ask: Ask,
    tick: Callable[[], None] = lambda: None,
    keep: bool = False,
    told: dict[Mark, FloatArray] | None = None,
) -> Table:
    """Ask every donor, with something left out of all of them.

    Parameters
    ----------
    left_out
        A chip, and families whose figures nobody has seen either.
    ask
        Returns how a profile is learned.
    tick
        Called after every donor.
    keep
        Whether answers are taken from the cache, and kept there.
    told
        Answers of earlier tables, as `teach` takes them.
    """
    return overlaid(teach(left_out, ask, tick, keep, told), left_out)


def overlaid(said: Mapping[str, FloatArray], left_out: LeftOut) -> Table:
    """Put what donors measured in the place of what their models say (N,), but for families that are left out."""
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


def donor_table(ask: Ask) -> Table:
    """Return the table of all donors, as it comes with dsim.

    Where that was made of other data than is here, it is learned anew, which takes minutes, and kept in the cache.
    """
    ready = shipped()
    if ready is not None:
        return Table(ready.names, ready.log_ms, ready.said, ready.rates)
    return learn_table(ask)


def learn_table(ask: Ask) -> Table:
    """Learn the table of all donors; those whose figures have not changed are taken from the cache."""
    with working(
        "asking every bundled device about the reference networks",
        total=len(donors()),
        unit="devices",
        seconds=SECONDS,
        once=True,
    ) as work:
        return make_table(NOTHING, ask, work.step, keep=True)


def make_shipped(ask: Ask) -> Shipped:
    """Learn all that comes with dsim; what comes with it already must be out of the way."""
    known, table = reference(), learn_table(ask).with_rates()
    vectors = {passes: fine_vectors(passes) for passes in sorted({p.passes for p in donors()})}
    assert table.rates is not None
    return Shipped(known.keys, known.macs, table.names, table.said, table.log_ms, table.rates, vectors)
