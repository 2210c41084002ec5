"""Treat every bundled device as if it were new: its chip is left out, a few of its networks are measured, others predicted.

Families are dealt into FOLDS groups. The networks to predict come from one group, the measured ones from the others. Twice:
with donors that have measured the families to predict (the device is new), and with donors that have not (the network is
new everywhere), where nothing but learned costs can tell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.latency.families import by_size
from dsim.latency.features import FloatArray
from dsim.latency.learners import learner_of
from dsim.latency.methods.few_shot.combine import scaled_errors
from dsim.latency.methods.few_shot.learner import learn_few
from dsim.latency.methods.few_shot.own import Own
from dsim.latency.methods.few_shot.reference import fine_vectors, measured_ms, reference
from dsim.latency.methods.few_shot.table import Table, make_table
from dsim.latency.methods.few_shot.teachers import LeftOut, Mark, donor_named, donors
from dsim.latency.scoring import spearman

FOLDS = 4
SIZES = (3, 5, 10, 20, 50)
DRAWS = 1
LEAST = 18  # networks that a device needs to be simulated
WAYS = ("MACs alone", "nearest estimate", "nearest figure", "dsim")  # the two in the middle times one factor


def ways_of(new_network: bool) -> tuple[str, ...]:
    """Return the ways compared; of a network that no donor measured, there is an estimate alone."""
    return tuple(way for way in WAYS if not (new_network and way == "nearest estimate"))


@dataclass(frozen=True)
class Outcome:
    """One way's predictions on one device from one number of measured networks.

    Attributes
    ----------
    device, chip, group
        Profile, chip and heading.
    new_network
        Whether the donors had not measured the families to predict either.
    size
        Number of measured networks.
    way
        One of WAYS.
    errors
        (E,) log predicted over measured.
    spearman
        Rank correlation, mean over draws.
    standardised
        (E,) log measured over predicted by the model's spread; empty for the baselines.
    """

    device: str
    chip: str
    group: str
    new_network: bool
    size: int
    way: str
    errors: FloatArray
    spearman: float
    standardised: FloatArray

    @property
    def median(self) -> float:
        """Median error in percent."""
        return float(np.median(np.abs(np.exp(self.errors) - 1.0)) * 100.0)


def simulated_devices() -> tuple[DeviceProfile, ...]:
    """Return the profiles that have enough networks."""
    return tuple(
        profile for profile in donors() if len(measured_ms(profile).keys() & reference().at.keys()) >= LEAST
    )


def simulate(
    devices: Sequence[DeviceProfile],
    sizes: Sequence[int] = SIZES,
    draws: int = DRAWS,
    new_network: bool = False,
) -> Iterator[tuple[Outcome, ...]]:
    """Predict each device from few of its networks; what is found of one device comes at once.

    Parameters
    ----------
    devices
        Profiles; those of one chip had best stand side by side, because tables are made by chip.
    sizes
        Numbers of measured networks.
    draws
        How often the measured networks are drawn.
    new_network
        Whether donors must not have measured the families to predict.
    """
    folds = by_size(reference().families, FOLDS)
    fold = np.array([folds[str(name)] for name in reference().families])
    by_chip: dict[str, list[DeviceProfile]] = defaultdict(list)
    for profile in devices:
        by_chip[profile.chip].append(profile)
    told: dict[Mark, FloatArray] = {}
    rates = _Rates({})
    for chip in sorted(by_chip):
        tables = _tables(chip, fold, new_network, told)
        for profile in by_chip[chip]:
            yield tuple(_device(profile, tables, fold, sizes, draws, new_network, rates))


def _tables(
    chip: str, fold: NDArray[np.int64], new_network: bool, told: dict[Mark, FloatArray]
) -> tuple[Table, ...]:
    if not new_network:
        return (make_table(LeftOut(chip), learner_of, told=told),) * FOLDS
    families = reference().families
    hidden = [frozenset(str(name) for name in families[fold == k]) for k in range(FOLDS)]
    return tuple(make_table(LeftOut(chip, names), learner_of, told=told) for names in hidden)


def _device(
    profile: DeviceProfile,
    tables: tuple[Table, ...],
    fold: NDArray[np.int64],
    sizes: Sequence[int],
    draws: int,
    new_network: bool,
    rates: _Rates,
) -> Iterator[Outcome]:
    at = reference().at
    figures = {key: ms for key, ms in measured_ms(profile).items() if key in at}
    rows, log_ms = np.array([at[key] for key in figures]), np.log(list(figures.values()))
    for size in sizes:
        ways = ways_of(new_network)
        errors: dict[str, list[FloatArray]] = {way: [] for way in ways}
        ranks: dict[str, list[float]] = {way: [] for way in ways}
        standard: list[FloatArray] = []
        for draw in range(draws):
            rng = np.random.default_rng([draw, size])
            said = {way: np.full(len(rows), np.nan) for way in WAYS}
            for k, table in enumerate(tables):
                test, pool = fold[rows] == k, np.flatnonzero(fold[rows] != k)
                if len(pool) < size or not test.any():
                    continue
                chosen = rng.choice(pool, size, replace=False)
                trial = _Trial(table, rows[chosen], log_ms[chosen], rows[test], rates)
                said["MACs alone"][test] = trial.macs()
                said["nearest estimate"][test] = trial.nearest(table.said)
                said["nearest figure"][test] = trial.nearest(table.log_ms)
                said["dsim"][test], spread = trial.dsim()
                standard.append((log_ms[test] - said["dsim"][test]) / spread)
            done = ~np.isnan(said["dsim"])
            if not done.any():
                continue
            for way in ways:
                errors[way].append(said[way][done] - log_ms[done])
                ranks[way].append(spearman(said[way][done], log_ms[done]))
        for way in ways if standard else ():
            yield Outcome(
                profile.name,
                profile.chip,
                profile.group,
                new_network,
                size,
                way,
                np.concatenate(errors[way]),
                float(np.mean(ranks[way])),
                np.concatenate(standard) if way == "dsim" else np.zeros(0),
            )


@dataclass(frozen=True)
class _Rates:
    """Rates of donors, by name and by what they said: most donors say the same whatever chip is left out."""

    learned: dict[tuple[str, bytes], FloatArray]

    def of(self, table: Table, donor: int) -> FloatArray:
        """Return fine log rates (P + 1,) of a donor in a table."""
        key = (str(table.names[donor]), table.said[:, donor].tobytes())
        if key not in self.learned:
            self.learned[key] = table.log_rate(donor)
        return self.learned[key]


@dataclass(frozen=True)
class _Trial:
    """Networks measured, their log milliseconds, and networks to predict, by row of the reference."""

    table: Table
    measured: NDArray[np.int64]
    log_ms: FloatArray
    test: NDArray[np.int64]
    rates: _Rates

    def macs(self) -> FloatArray:
        """Predict (T,) from MACs alone: a power law whose exponent is believed to be one."""
        size = np.log(reference().macs)
        center = size[self.measured].mean()
        x = np.column_stack([np.ones(len(self.measured)), size[self.measured] - center])
        believed = np.diag([1e-6, 0.1])
        fitted = np.linalg.solve(x.T @ x + believed, x.T @ self.log_ms + believed @ [0.0, 1.0])
        return np.asarray(fitted[0] + fitted[1] * (size[self.test] - center))

    def nearest(self, table: FloatArray) -> FloatArray:
        """Predict (T,) by the nearest column of a table (N, D) times one factor."""
        factor, error = scaled_errors(table, self.measured, self.log_ms)
        lead = int(error.argmin())
        return np.asarray(table[self.test, lead] + factor[lead])

    def dsim(self) -> tuple[FloatArray, FloatArray]:
        """Predict (T,) and give the spread (T,), by the rates that a profile would be saved with."""
        table, known = self.table, reference()
        lead = int(scaled_errors(table.log_ms, self.measured, self.log_ms)[1].argmin())
        vectors = fine_vectors(donor_named(str(table.names[lead])).passes)
        own = Own(
            known.keys,
            known.families,
            table.log_ms,
            table.names,
            self.measured,
            self.log_ms,
            lead,
            vectors,
            self.rates.of(table, lead),
        )
        return learn_few(own).log_ms(vectors[self.test])
