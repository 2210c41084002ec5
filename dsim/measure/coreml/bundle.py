"""Write a bundle: Core ML packages of chains and of designs, a manifest, and the script that times them on a Mac."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsim.errors import DsimError, ExportError, FileAccessError, InvalidValueError
from dsim.files import make_folder
from dsim.graph.serial import OpForm, graph_to_dict
from dsim.measure.coreml.chain import Chain
from dsim.measure.coreml.choose import PASSES, Chosen, choose_chains, lengths_of
from dsim.measure.coreml.fill import Progress, fill
from dsim.measure.coreml.manifest import Manifest, digests, open_manifest
from dsim.measure.coreml.package import write_chain, write_design, write_graph
from dsim.measure.coreml.probes import Probe
from dsim.measure.planned import Planned, planned_design
from dsim.packages import need
from dsim.records import to_plain
from dsim.stages import clear_dead, staged
from dsim.version import __version__

if TYPE_CHECKING:
    from dsim.arch import Arch
    from dsim.graph import Graph

SCRIPT = "run_on_mac.py"


@dataclass(frozen=True)
class Bundle:
    """What lies in a bundle's folder.

    Attributes
    ----------
    folder, digest
        Where it is, and the SHA-256 of its manifest.
    chains, designs, probes
        How many of each; a chain is there in several lengths, a probe (`dsim.measure.coreml.probes`) at two numbers of copies.
    packages, kept
        How many packages that are, and how many of them an earlier call had written.
    left_out
        What could not be made, and why.
    waiting
        How many packages the time did not suffice for; the same call again goes on with them.
    size_bytes
        Of all packages.
    """

    folder: Path
    digest: str
    chains: int
    designs: int
    probes: int
    packages: int
    kept: int
    left_out: tuple[str, ...]
    waiting: int
    size_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), "folder": str(self.folder), "left_out": list(self.left_out)}


@dataclass(frozen=True)
class Job:
    """One package to write."""

    name: str
    path: str
    chain: Chain | None = None
    copies: int = 0
    design: Planned | None = None
    probe: Probe | None = None

    def write(self, path: Path) -> dict[str, int]:
        """Convert it into a place that does not exist yet; return how many of each operator it holds."""
        if self.chain is not None:
            return write_chain(self.chain, self.copies, path)
        if self.probe is not None:
            return write_graph(self.probe.graph(), path, f"dsim: {self.name}")
        assert self.design is not None
        assert self.design.arch is not None
        return write_design(self.design.arch, path)

    def entry(self) -> dict[str, Any]:
        """Return what it is, for the reader of the results."""
        head = {"id": self.name, "kind": "chain" if self.chain else "design", "path": self.path}
        if self.chain is not None:
            return {
                **head,
                "chain": self.chain.key,
                "form": self.chain.form,
                "op": to_plain(OpForm.of(self.chain.op)),
                "unit": [to_plain(OpForm.of(op)) for op in self.chain.unit],
                "copies": self.copies,
                "inputs": [list(spec.shape) for spec in self.chain.graph(1).inputs],
            }
        if self.probe is not None:
            return {
                **head,
                "kind": "probe",
                "block": self.probe.block,
                "norm": str(self.probe.variant.norm),
                "activation": str(self.probe.variant.activation),
                "shape": str(self.probe.shape),
                "copies": self.probe.copies,
                "graph": _graph(self.probe.graph(1)),
                "inputs": [list(spec.shape) for spec in self.probe.graph().inputs],
            }
        assert self.design is not None
        assert self.design.arch is not None
        graph = self.design.graph
        return {
            **head,
            "arch": self.design.arch.to_dict(),
            "graph": _graph(graph),
            "inputs": [list(spec.shape) for spec in graph.inputs],
        }


def _graph(graph: Graph) -> dict[str, Any]:
    """Return a graph as plain values, without the names of its parts."""
    return graph_to_dict(replace(graph, nodes=tuple(replace(n, scope="") for n in graph.nodes)))


def write_bundle(
    designs: Sequence[Arch],
    folder: Path,
    progress: Progress = lambda done, total, what: None,
    *,
    seconds: float | None = None,
    chosen: Chosen | None = None,
    probes: Sequence[Probe] = (),
) -> Bundle:
    """Write a bundle, or continue one.

    Parameters
    ----------
    designs
        Are in it whole, and as chains of the ops that they hold; those first that most designs need.
    folder
        Empty, or what an earlier call left: packages that are whole are kept.
    progress
        Called before each package and at the end.
    seconds
        After so many no further package is begun; None for no bound.
    chosen
        The chains to write; by default one for each op that the designs hold.
    probes
        Blocks that differ in norm or activation alone; they are written first.

    Raises
    ------
    MissingPackageError
        coremltools is not installed.
    InvalidValueError
        There is no design.
    FileAccessError
        The folder cannot be written, or holds something else.
    FileFormatError
        The bundle in the folder is damaged, or of another version.
    """
    if not designs:
        raise InvalidValueError("a bundle needs at least one design, got none; name some")
    need("coremltools", "export to coreml", "coreml")
    make_folder(folder)
    manifest = open_manifest(folder, _head())
    planned = list({one.key: one for one in map(planned_design, designs)}.values())
    chosen = chosen or choose_chains(one.graph for one in planned)
    manifest.left_out |= {
        f"{op.label} {json.dumps([list(spec.shape) for spec in op.inputs])}": "no chain can be made of it"
        for op in chosen.left_out
    }
    jobs = [*map(probe_job, probes), *_jobs(chosen.chains, planned)]
    failed: set[str] = set()  # chains of which one length could not be written: the others are of no use

    def add(job: Job) -> None:
        if job.chain is not None and job.chain.key in failed:
            return
        try:
            manifest.entries[job.name] = write_package(job, folder)
        except ExportError as error:
            manifest.left_out[job.chain.key if job.chain else job.name] = str(error)
            if job.chain is not None:
                failed.add(job.chain.key)
                _drop(manifest, job.chain.key)

    filled = fill(manifest, jobs, add, Path(__file__).with_name(SCRIPT), progress, seconds)
    entries = manifest.entries.values()
    return Bundle(
        folder,
        filled.digest,
        len({one["chain"] for one in entries if one["kind"] == "chain"}),
        sum(one["kind"] == "design" for one in entries),
        sum(one["kind"] == "probe" for one in entries),
        len(manifest.entries),
        filled.kept,
        tuple(f"{what}: {why}" for what, why in sorted(manifest.left_out.items())),
        filled.waiting,
        sum(
            file.stat().st_size
            for one in entries
            for file in (folder / one["path"]).rglob("*")
            if file.is_file()
        ),
    )


def _head() -> dict[str, Any]:
    return {
        "dsim_version": __version__,
        "precision": "float16",
        "deployment_target": "iOS16",
        "converter": f"coremltools {version('coremltools')}",
        "passes": list(PASSES),
    }


def probe_job(probe: Probe) -> Job:
    """Return the package of a probe."""
    return Job(probe.name, f"probes/{probe.name}.mlpackage", copies=probe.copies, probe=probe)


def _jobs(chains: Sequence[Chain], designs: Sequence[Planned]) -> list[Job]:
    """Return the packages in order; designs stand among the chains, so that a bundle cut short has some of each."""
    rows = [
        [Job(f"{chain.key}-{n}", f"chains/{chain.key}-{n}.mlpackage", chain, n) for n in lengths_of(chain)]
        for chain in chains
    ]
    whole = [Job(one.key, f"designs/{one.key.partition('@')[0]}.mlpackage", design=one) for one in designs]
    every = max(1, len(rows) // (2 * len(whole) + 1))
    out: list[Job] = []
    for number, row in enumerate(rows, start=1):
        out += row
        if number % every == 0 and whole:
            out.append(whole.pop(0))
    return out + whole


def write_package(job: Job, folder: Path) -> dict[str, Any]:
    """Write one package beside its place, and move it there when it is complete."""
    target = folder / job.path
    try:
        target.parent.mkdir(exist_ok=True)
        clear_dead(target.parent)
        with staged(target.parent) as stage:
            fresh = stage.new / target.name
            ops = job.write(fresh)
            found = digests(fresh)
            stage.move_in((target.name,))
    except OSError as error:
        if isinstance(error, DsimError):
            raise
        raise FileAccessError(
            f"{target} cannot be written: {error.strerror or error}; choose a writable place with room"
        ) from error
    return {**job.entry(), "program": ops, "files": found}


def _drop(manifest: Manifest, chain: str) -> None:
    """Remove the lengths of a chain that is not complete."""
    for name, entry in list(manifest.entries.items()):
        if entry.get("chain") == chain:
            shutil.rmtree(manifest.folder / entry["path"], ignore_errors=True)
            del manifest.entries[name]
