"""What ``dsim device add`` and ``dsim device adapt --from`` do: read, look networks up, choose a donor, write."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dsim.device.add import Added, Addition, Found, FoundNetwork, check_free, read_measurements, write_profile
from dsim.device.add.found import FoundTable
from dsim.device.add.match import match_kernels
from dsim.device.add.wanted import Wanted
from dsim.device.add.wrong import Wrong, refuse
from dsim.device.find import find_profile
from dsim.device.folders import bundled_names, writable_profiles_dir
from dsim.device.profile import DeviceProfile, MeasuredOp
from dsim.errors import DsimError, InvalidValueError
from dsim.graph import Graph
from dsim.graph.key import NetworkKey
from dsim.graph.passes import run_passes
from dsim.latency.methods.few_shot.learner import LEAST
from dsim.latency.methods.few_shot.nearest import nearest_donor, said_about
from dsim.latency.methods.few_shot.teachers import donor_named
from dsim.latency.methods.few_shot.weigh import Timed, figures_of, measured_as, weigh
from dsim.latency.networks import read_graph
from dsim.own.blocks import split_blocks
from dsim.own.resolve import resolve

LEAST_OPS = 8  # timed kernels that a roofline needs
SIDE = 224  # of images, where no network says


@dataclass(frozen=True)
class Request:
    """What a user asks for; see the options of ``dsim device add``."""

    files: tuple[Path, ...]
    name: str
    like: str = ""
    title: str = ""
    models: tuple[str, ...] = ()
    wanted: Wanted = field(default_factory=Wanted)
    force: bool = False
    names: tuple[tuple[str, str], ...] = ()  # what to look a network up under, by a file's name for it


def add_requested(request: Request) -> Added:
    """Make a profile of measurements.

    Raises
    ------
    DsimError
        Something in the request or the files breaks a rule; nothing is written then.
    """
    check_free(writable_profiles_dir(), request.name, request.force)  # before minutes of work, not after
    if request.name in bundled_names() and not request.force:
        raise InvalidValueError(
            f"profile {request.name!r} comes with dsim, and one of your own would hide it; choose another name, or give "
            "--force to hide it"
        )
    if request.like:
        donor_named(request.like)  # before the files are read
    found = read_measurements(request.files, request.models, request.wanted, dict(request.names))
    return add_found(request, found)


def add_found(request: Request, found: Found) -> Added:
    """Make a profile of measurements that were read already; relative paths start from the folder of the request's first file.

    Raises
    ------
    DsimError
        Something in them breaks a rule; nothing is written then.
    """
    root = writable_profiles_dir()
    like = donor_named(request.like) if request.like else None
    timed, graphs = _networks(found, request.files[0].parent)
    measures = measured_as(timed)
    if like is not None and like.measures != measures:
        raise InvalidValueError(
            f"--like {like.name} measures {like.measures}, the files {measures}; name another profile or none"
        )
    alone = len({op.op for op in found.ops}) >= LEAST_OPS and found.stack is not None  # needs nobody's stack
    doubts: tuple[str, ...] = ()
    if not alone:
        timed, doubts = weigh(timed, graphs, said_about)
    figures, rows = figures_of(timed), [_row(one.found, one.key) for one in timed]
    apart = len({one.key for one in timed} - set(figures))
    few = len(figures) >= LEAST and not alone and not found.tables
    if like is None and found.tables:
        like = _written_for(found.tables[0])
    if not few and not (found.ops or found.kernels or found.tables):
        raise InvalidValueError(
            f"a profile needs at least {LEAST} different networks, got {len(figures)}"
            f"{f' and {apart} that seem to have left the accelerator' if apart else ''}; measure more, `dsim device plan` says which"
            f"{f' ({told[:400]})' if (told := '; '.join(found.notes)) else ''}"
        )
    if like is None and not few and not alone:
        raise InvalidValueError(
            f"the runtime cannot be recognised from fewer than {LEAST} networks; name a bundled profile with the same runtime: --like NAME"
        )
    if like is None and not alone:
        like = donor_named(nearest_donor(figures, graphs, measures))
    passes = like.passes if like else found.stack.passes if found.stack else ()
    ops, notes = _timed(found, passes, graphs, request.files[0].parent)
    for one in found.tables:
        split, said = split_blocks(one, like or _written_for(one))
        ops, notes = (*ops, *split), [*notes, said]
    if alone and like is not None:
        notes.append(f"the results tell the stack themselves, --like {like.name} is not needed")
    if not few and ops and len({op.op for op in ops}) < LEAST_OPS:
        raise InvalidValueError(
            f"a profile of operators needs at least {LEAST_OPS} different ones, got {len({op.op for op in ops})}; time more"
        )
    if not few and not ops:
        raise InvalidValueError(
            f"none of the timed operators could be matched to the network's kernels; give {LEAST} networks or more, or --like another stack"
        )
    addition = _addition(request, found, None if alone else like, few, figures, graphs, rows, ops)
    folder = write_profile(root, addition, request.force)
    return Added(
        request.name,
        folder,
        addition.method,
        addition.like.name if addition.like else "",
        len({one.key for one in timed}) if addition.networks else 0,
        len(ops),
        len(addition.graphs),
        (*found.notes, *doubts, *notes),
    )


def _addition(
    request: Request,
    found: Found,
    like: DeviceProfile | None,
    few: bool,
    figures: dict[str, float],
    graphs: dict[str, Graph],
    rows: list[dict[str, str]],
    ops: tuple[MeasuredOp, ...],
) -> Addition:
    """Put the profile together; without ``like`` the file says all of the stack, and its networks count beside its ops."""
    title = request.title or request.name
    sides = [NetworkKey.of(key).px for key in figures] or [like.low_px if like else SIDE]
    about = found.stack.about(request.name, title) if found.stack else {}
    if any("batch" in row for row in rows):
        about["batch"] = "in each row"
    if like is not None:
        about.pop("passes", None)  # a donor's figures are those of its own passes
    if found.tables:
        about["fixed_ms"] = sum(table.constant_ms for table in found.tables)
        if priced := sum(table.priced for table in found.tables):
            about["rough"] = (
                f"{priced} of {sum(len(table.blocks) for table in found.tables)} block prices are a model's and not measurements, so "
                "that intervals are too narrow; time blocks, and write 'measured' into their column evidence"
            )
    kept = few or like is None or bool(found.tables)
    return Addition(
        request.name,
        title,
        like,
        "few-shot" if few else "operators",
        like.name if few and like else "",
        tuple(rows) if kept else (),
        ops,
        {**(graphs if kept else {}), **found.blocks},
        min(sides),
        max(sides) if figures or like is None else like.high_px,
        about,
        found.measured,
        tuple({**row, "model": title} for row in found.contrasts),
        found.placements if kept else (),
    )


def _written_for(table: FoundTable) -> DeviceProfile:
    """Return the profile that a lookup table was written for."""
    if not table.device:
        raise InvalidValueError(
            f"{table.path}: a lookup table must say what it was written for, in a line such as '# device: iphone12'; add it, or name "
            "a bundled profile with the same runtime: --like NAME"
        )
    return find_profile(table.device)


def _networks(found: Found, folder: Path) -> tuple[tuple[Timed, ...], dict[str, Graph]]:
    """Look every network up; returns the figures, and own graphs by key."""
    timed: list[Timed] = []
    graphs: dict[str, Graph] = {}
    wrong = list(found.wrong)
    for one in found.networks:
        name = one.graph or one.reference
        own = found.graphs.get(name)
        try:
            key, graph = resolve(name, folder, one.where) if own is None else (name, own)
        except DsimError as error:
            wrong.append(Wrong(one.where, str(error).removeprefix(f"{one.where}: ")))
            continue
        if graph is not None:
            graphs[key] = graph
        timed.append(Timed(key, one))
    refuse(wrong)
    return tuple(timed), graphs


def _row(one: FoundNetwork, key: str) -> dict[str, str]:
    layers = {"layers_npu": one.layers_npu, "layers_other": one.layers_other}
    return {
        "network": one.reference,
        "graph": key,
        "latency_ms": repr(one.latency_ms),
        "source": one.source,
        **({} if one.error_ms is None else {"error_ms": f"{one.error_ms:.3g}"}),
        **({"cliff": one.cliff} if one.cliff else {}),
        **({"batch": str(one.batch)} if one.batch > 1 else {}),
        **{column: str(count) for column, count in layers.items() if count is not None},
        **{column: f"{value:.5g}" for column, value in one.beside.items()},
    }


def _timed(
    found: Found, passes: tuple[str, ...], graphs: dict[str, Graph], folder: Path
) -> tuple[tuple[MeasuredOp, ...], list[str]]:
    """Return the timed kernels, those of whole networks matched to their graphs, and what could not be matched."""
    ops, notes = list(found.ops), []
    for one in found.kernels:
        key, graph = resolve(one.reference, folder, one.where)
        run = run_passes(graph or read_graph(key), passes)
        matched = match_kernels(one, run, key)
        ops += matched
        what = (
            f"{len(matched)} of {len(one.kernels)} operators matched"
            if matched
            else "operators not matched, their sum counts"
        )
        notes.append(f"{one.where}: {what}")
    return tuple(ops), notes
