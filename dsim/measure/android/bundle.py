"""Write a bundle for an Android phone: LiteRT files of probes and of designs, a manifest, and the script that times them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsim.errors import InvalidValueError
from dsim.files import make_folder
from dsim.measure.coreml.bundle import Job, write_package
from dsim.measure.coreml.fill import Progress, fill
from dsim.measure.coreml.manifest import Manifest, open_manifest
from dsim.measure.coreml.probes import Probe
from dsim.measure.planned import Planned, planned_design
from dsim.measure.ready import write_tflite
from dsim.packages import need
from dsim.version import __version__

if TYPE_CHECKING:
    from dsim.arch import Arch

SCRIPT = "run_on_android.py"
SCHEMA = "dsim_android_bundle"
MODEL = "model.tflite"
# what litert-torch and the runtime do to a network
PASSES = ("drop_identities", "fold_batch_norm", "fold_layer_scale", "fuse_activation")
Convert = Callable[[Planned, Path], None]


@dataclass(frozen=True)
class AndroidBundle:
    """What lies in a bundle's folder.

    Attributes
    ----------
    folder, digest
        Where it is, and the SHA-256 of its manifest.
    designs, probes
        How many of each; a probe is there at two numbers of copies.
    kept
        How many of the models an earlier call had written.
    left_out
        What could not be converted, and why.
    waiting
        How many models the time did not suffice for; the same call again goes on with them.
    """

    folder: Path
    digest: str
    designs: int
    probes: int
    kept: int
    left_out: tuple[str, ...]
    waiting: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), "folder": str(self.folder), "left_out": list(self.left_out)}


def write_android_bundle(
    designs: Sequence[Arch],
    folder: Path,
    progress: Progress = lambda done, total, what: None,
    *,
    seconds: float | None = None,
    probes: Sequence[Probe] = (),
    convert: Convert | None = None,
) -> AndroidBundle:
    """Write a bundle, or continue one.

    Parameters
    ----------
    designs
        Are in it whole.
    folder
        Empty, or what an earlier call left: models that are whole are kept.
    progress
        Called before each model and at the end.
    seconds
        After so many no further model is begun; None for no bound.
    probes
        Blocks that differ in norm or activation alone; written between the designs.
    convert
        Writes a network as a .tflite file; by default litert-torch does.

    Raises
    ------
    MissingPackageError
        litert-torch is not installed.
    InvalidValueError
        There is no design.
    FileAccessError
        The folder cannot be written, or holds something else.
    FileFormatError
        The bundle in the folder is damaged, or of another version.
    """
    if not designs:
        raise InvalidValueError("a bundle needs at least one design, got none; name some")
    if convert is None:
        need("litert_torch", "export to litert", "litert")
    write = convert or write_tflite
    make_folder(folder)
    head = {"dsim_version": __version__, "precision": "float32", "passes": list(PASSES)}
    head["converter"] = f"litert-torch {version('litert-torch')}" if convert is None else "given"
    manifest = open_manifest(folder, head, SCHEMA)
    planned = list({one.key: one for one in map(planned_design, designs)}.values())
    jobs = [
        _LiteRtJob(one.key, f"models/{one.key.partition('@')[0]}", design=one, convert=write)
        for one in planned
    ]
    jobs += [
        _LiteRtJob(one.name, f"models/{one.name}", copies=one.copies, probe=one, convert=write)
        for one in probes
    ]
    filled = fill(
        manifest, jobs, lambda job: _add(manifest, job), Path(__file__).with_name(SCRIPT), progress, seconds
    )
    kinds = [one["kind"] for one in manifest.entries.values()]
    left = tuple(f"{what}: {why}" for what, why in sorted(manifest.left_out.items()))
    return AndroidBundle(
        folder,
        filled.digest,
        kinds.count("design"),
        kinds.count("probe"),
        filled.kept,
        left,
        filled.waiting,
    )


@dataclass(frozen=True)
class _LiteRtJob(Job):
    """The same package as a LiteRT file."""

    convert: Convert = write_tflite

    def write(self, path: Path) -> dict[str, int]:
        """Convert it."""
        path.mkdir()
        if self.probe is not None:
            network = Planned(f"{self.name}@{self.probe.shape.size}", read=self.probe.graph())
        else:
            assert self.design is not None
            network = self.design
        self.convert(network, path / MODEL)
        return {}


def _add(manifest: Manifest, job: Job) -> None:
    """Write one model; what the converter cannot do is named, and the others go on."""
    try:
        manifest.entries[job.name] = write_package(job, manifest.folder)
        manifest.left_out.pop(job.name, None)
    except (OSError, InvalidValueError):
        raise
    except Exception as error:  # whatever a converter raises on a network that it does not know
        manifest.left_out[job.name] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
