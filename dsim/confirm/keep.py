"""Keep the times that confirm a study as evidence of a profile of the user's own, as ``dsim device add`` would make it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dsim.confirm.front import name_of, pool_of
from dsim.confirm.times import paths_of, read_times
from dsim.device import find_profile
from dsim.device.add import Added, Found, FoundNetwork
from dsim.device.add.write import check_name
from dsim.device.folders import bundled_names, list_profiles
from dsim.device.profile import BESIDE, DeviceProfile, Measurement
from dsim.errors import DsimError, InvalidValueError
from dsim.graph import Graph
from dsim.graph.store import load_graphs
from dsim.latency.methods.few_shot.teachers import donors
from dsim.own.add import Request, add_found
from dsim.search import StudyResult, load_study
from dsim.search.candidate import Candidate

TIMED = ", timed"  # behind a profile's title
METHOD = "few-shot"  # of a profile that is made of networks: the one kind that times are added to
GUESSED = "suspected: "  # begins what dsim itself concluded from the other figures; it is concluded anew


@dataclass(frozen=True)
class Kept:
    """Where times went.

    Attributes
    ----------
    name
        Of the profile.
    added
        What was written; None where nothing was.
    earlier
        How many of its networks were measured before.
    why_not
        Why nothing was written; empty where it was.
    """

    name: str
    added: Added | None
    earlier: int
    why_not: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return what ``dsim confirm --results --json`` prints under ``profile``."""
        if self.added is None:
            return {"device": self.name, "kept": False, "why_not": self.why_not}
        return {"kept": True, "earlier": self.earlier, **self.added.to_dict()}


def keep(study: str | Path, results: str | Path | Sequence[str | Path], name: str = "") -> Kept:
    """Make the times of a study's designs evidence of a profile of the user's own.

    The profile that the study was judged by stays as it is, so that the study can be restated with more times. Times are added to what the
    profile ``name`` holds already, and replace earlier ones of the same designs; where it is new, and the study was judged by a profile of
    the user's own that was made of networks, it begins with those.

    Parameters
    ----------
    study
        Folder of a finished study.
    results
        File or files with times, as for `confirm`.
    name
        Of the profile; empty for the study's device with ``-timed`` behind it.

    Raises
    ------
    InvalidValueError
        The name is none that a profile can have, comes with dsim, is that of the study's own device, or of a profile made otherwise.
    FileFormatError
        A file cannot be read as times, or names a design that is none of the study's.
    DsimError
        The study cannot be read, or its device is not there.
    """
    result = load_study(Path(study))
    base = find_profile(result.spec.device)
    paths = paths_of(results)
    name = name or own_name(base.name)
    before = _before(name, base)
    found, earlier = evidence(result, paths, before)
    like = base.name if base.name in {one.name for one in donors()} else base.donor
    title = before.title if before and before.name == name else f"{base.title.removesuffix(TIMED)}{TIMED}"
    request = Request(paths, name, like, title, force=True)
    try:
        added = add_found(request, found)
    except DsimError as error:  # the study's answer does not depend on it
        return Kept(name, None, 0, str(error))
    return Kept(name, added, earlier)


def evidence(result: StudyResult, paths: Sequence[Path], before: DeviceProfile | None) -> tuple[Found, int]:
    """Return a study's times with the graphs of its designs, and what a profile was made of before: how many other networks.

    Raises
    ------
    FileFormatError
        A file cannot be read as times, or names a design that is none of the study's.
    """
    pool = pool_of(result)
    graphs: dict[str, Graph] = {}
    networks: list[FoundNetwork] = []
    read, _ = read_times(paths, [name_of(design) for design in pool])
    for row, one in read:
        key = _key(pool[row])
        graphs[key] = pool[row].arch.to_graph()
        networks.append(replace(one, reference=name_of(pool[row]), graph=key))
    earlier = [] if before is None else [one for one in before.networks if one.graph not in graphs]
    if before is not None:
        stored = before.folder / "graphs.parquet"
        if stored.is_file():
            graphs = {**load_graphs(stored, {one.graph for one in earlier}), **graphs}
    return Found((*map(_again, earlier), *networks), graphs=graphs), len({one.graph for one in earlier})


def own_name(device: str) -> str:
    """Return what the profile of a device's times is called: its name with ``-timed``, then ``-timed-2`` and so on."""
    found = re.fullmatch(r"(.+-timed)(?:-(\d+))?", device)
    return f"{found[1]}-{int(found[2] or 1) + 1}" if found else f"{device}-timed"


def _before(name: str, base: DeviceProfile) -> DeviceProfile | None:
    """Return the profile whose measurements the new one begins with, if any."""
    check_name(name)
    if name == base.name:
        raise InvalidValueError(
            f"--keep-as must name another profile than the study's device, by which it was judged, got {name!r}; choose another name"
        )
    if name in bundled_names():
        raise InvalidValueError(
            f"--keep-as must name a profile of your own, and {name!r} comes with dsim; choose another name"
        )
    if name in list_profiles():
        before = find_profile(name)
        if before.method != METHOD or before.ops:
            raise InvalidValueError(
                f"times can be added to a profile that was made of networks, and {name!r} is learned by method {before.method!r}; choose "
                "another name with --keep-as"
            )
        return before
    return base if base.name not in bundled_names() and base.method == METHOD and not base.ops else None


def _again(row: Measurement) -> FoundNetwork:
    """Return a profile's row as the figure that it was made of."""
    return FoundNetwork(
        row.network,
        row.network,
        row.latency_ms,
        row.source,
        row.layers_npu,
        row.layers_other,
        row.error_ms,
        "" if row.cliff.startswith(GUESSED) else row.cliff,
        row.graph,
        row.batch or 1,
        {name: value for name in BESIDE if (value := getattr(row, name)) is not None},
    )


def _key(design: Candidate) -> str:
    """Return the key of a design's graph, as ``dsim device add`` gives it to an arch.json."""
    return f"own-{name_of(design)}@{design.arch.resolution}"
