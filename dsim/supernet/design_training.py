"""Train one design by itself, and test it on pictures that no step has seen."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from dsim.arch import Arch
from dsim.arch.named import read_design
from dsim.errors import FileFormatError, InvalidValueError
from dsim.export import build_module, write_torch
from dsim.files import make_folder, read_json, write_atomic
from dsim.records import to_toml
from dsim.supernet.alone import Alone
from dsim.supernet.augment import Scaling
from dsim.supernet.calibrate import calibrate
from dsim.supernet.cost import Amounts, timed
from dsim.supernet.draws import draws
from dsim.supernet.evaluator import CALIBRATION, batches_of, scored
from dsim.supernet.home import Home
from dsim.supernet.images import Images, read_images
from dsim.supernet.kept import run_kept
from dsim.supernet.ledger import Ledger
from dsim.supernet.loaded import Supernet, load_supernet
from dsim.supernet.machine import check_device, kept_settings, torch_threads
from dsim.supernet.paper.disk import images_on_disk
from dsim.supernet.paper.feed import paper_feed
from dsim.supernet.paper.settings import BATCH, EPOCHS, SCALING
from dsim.supernet.pictures import require_pillow
from dsim.supernet.pieces import design_px
from dsim.supernet.place import check_place
from dsim.supernet.processes import joined
from dsim.supernet.spec import ALONE, PAPER, PLAIN, TrainSpec, begun_otherwise, differences, parse_count
from dsim.supernet.state import require_safetensors
from dsim.supernet.subnet import Subnet, parse_subnet
from dsim.supernet.teacher import load_teacher, teacher_mark
from dsim.supernet.trained_model import ASKED, RESULT, DesignHeader, Trained, read_header, read_trained
from dsim.supernet.trainer import SAVE_EVERY_S, Trainer

LEVEL = 0.95  # of the interval of the test accuracy


def train_design(
    design: Arch | str | Path,
    data: str | Path,
    out: str | Path,
    *,
    images: int | str | None = None,
    recipe: str = PLAIN,
    start: Supernet | str | Path | None = None,
    teacher: str | Path | None = None,
    px: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    flip: bool = True,
    batch: int | None = None,
    learning_rate: float = 2e-3,
    precision: str | None = None,
    threads: int | None = None,
    shards: int | None = None,
    workers: int | None = None,
    save_every_s: float = SAVE_EVERY_S,
) -> Trained:
    """Train a design, test it, and write it as PyTorch code with its weights; or go on with what was interrupted.

    Parameters
    ----------
    design
        A design, a preset's name, an arch.json, a study's folder, or what `slim` kept.
    data
        Folder of pictures, as for `train`. Its test part is looked at once, when the training has ended.
    out
        Folder that gets model.py, weights.safetensors, result.toml and what is needed to go on.
    images
        Pictures to show, such as ``"160k"``; with the paper's recipe 300 epochs by default.
    recipe
        ``plain``: pictures in memory, shifted and mirrored; or ``paper``: EfficientFormer's recipe for ImageNet, with pictures read from
        disk (`dsim.supernet.paper.settings`). The folder then needs train/ and val/, and is tested on val/ where it has no test/.
    start
        A supernet whose weights the design begins with; picture size, split and flips are then the supernet's, so that
        no test picture was ever trained on.
    teacher
        Folder of a model that this function made on the same pictures, to learn its decisions beside the labels; with the paper's recipe
        also a network of timm, the paper's being ``timm:regnety_160.deit_in1k``.
    px, batch
        32 and 128 by default; with the paper's recipe the design's resolution and 1,024.
    workers
        Processes that read pictures for the paper's recipe; by default one for each processor, shared by the processes of torchrun.
    seed, device, flip, learning_rate, precision, threads, shards, save_every_s
        As for `train`.

    Raises
    ------
    DsimError
        The design, the pictures or a value cannot be used.
    KeyboardInterrupt
        Ctrl-C was pressed: what was done is kept, and the same call goes on.
    """
    require_pillow()
    require_safetensors()
    arch = read_design(design)
    home = Home(out)
    check_place(home.folder, data, ASKED)
    check_device(device)
    paper = recipe == PAPER
    if paper and start is not None:
        raise InvalidValueError(
            "the paper's recipe trains from fresh weights, and a supernet to begin with was given; leave one of the two out"
        )
    if images is None and not paper:
        raise InvalidValueError("images must say how many to show, got none; write 160k or 1.5M")
    supernet = load_supernet(start, data) if isinstance(start, str | Path) else start
    px = px or (arch.resolution if paper else 32)
    if supernet is not None:
        px, seed, flip = supernet.header.asked.px, supernet.header.asked.seed, supernet.header.asked.flip
    place = home.folder / ASKED
    known = read_header(home.folder) if place.exists() else None
    listed = images_on_disk(data, px) if paper else None
    shown = parse_count(EPOCHS * len(listed.train) if images is None and listed else images or "")
    spec = TrainSpec(
        images=shown,
        px=px,
        importance=ALONE,
        seed=seed,
        batch=batch or (BATCH if paper else 128),
        learning_rate=learning_rate,
        flip=flip,
        device=device,
        teacher=teacher_mark(teacher) if teacher is not None else "",
        recipe=recipe,
        **kept_settings(known.asked if known else None, threads, precision, shards, device),
    )
    with torch_threads(spec.threads), joined(device) as processes:
        with timed() as reading:
            pictures = listed or (supernet.images if supernet is not None else read_images(data, px, seed))
        head = supernet.choices.head if supernet is not None else arch.head  # one for all that it holds
        arch = replace(arch, resolution=design_px(px), num_classes=len(pictures.classes), head=head)
        header = DesignHeader(spec, arch.canonical_hash(), _start_name(supernet), pictures.fingerprint)
        if known and known != header:
            differ = differences(known.asked, spec) or ["another design, start, or other pictures"]
            raise begun_otherwise(out, differ)
        taught = load_teacher(teacher, spec, pictures) if teacher is not None else None
        with home.alone() if processes.first else nullcontext():
            if processes.first:
                make_folder(home.folder)
                write_atomic(place, to_toml(header))
            module = _start(arch, design, supernet, spec)
            feed = paper_feed(pictures, spec, processes, workers) if paper else None
            scaling = SCALING if paper else Scaling.of(pictures.train)
            trainer = Trainer(
                spec,
                pictures.train,
                scaling,
                dict(module.named_parameters()),
                Alone(arch, module, spec),
                processes,
                taught,
                feed,
            )
            return _train(arch, module, pictures, home, header, reading.cpu, save_every_s, trainer, scaling)


def _start_name(supernet: Supernet | None) -> str:
    return "fresh weights" if supernet is None else f"the supernet {supernet.header.trained_on()}"


def _start(arch: Arch, design: object, supernet: Supernet | None, spec: TrainSpec) -> nn.Module:
    """Build the design's module with the weights that it begins with."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        module = build_module(arch)
    if supernet is not None:
        subnet = _subnet_of(design, supernet, arch)
        missing, unexpected = module.load_state_dict(supernet.net.cut(subnet), strict=False)
        wrong = [*unexpected, *(name for name in missing if name in dict(module.named_parameters()))]
        assert not wrong, f"the exporter's names and the supernet's differ: {wrong}"
    return module.to(spec.device)


def _subnet_of(design: object, supernet: Supernet, arch: Arch) -> Subnet:
    """Return the slots in which a design stands: those that `slim` kept, else the first ones."""
    subnet = supernet.choices.place(arch)
    if isinstance(design, str | Path) and Path(design).is_file():
        raw = read_json(Path(design), "name a design")
        if isinstance(raw, dict) and isinstance(raw.get("subnet"), str):
            subnet = parse_subnet(raw["subnet"], supernet.choices.largest)
    if supernet.arch(subnet, arch.resolution) != arch:
        raise FileFormatError(
            "a design that starts from a supernet must be one of its own, with its head, and is another; train without --from"
        )
    return subnet


def _train(
    arch: Arch,
    module: nn.Module,
    pictures: Images,
    home: Home,
    header: DesignHeader,
    reading_s: float,
    save_every_s: float,
    trainer: Trainer,
    scaling: Scaling,
) -> Trained:
    spec, processes, teacher = header.asked, trainer.processes, trainer.teacher
    ledger = Ledger.read(home.ledger_path)
    ledger.spend("reading", Amounts(cpu_seconds=processes.total(reading_s, spec.device)))
    shown = spec.steps * spec.batch
    ledger.planned["training"] = Amounts(shown, spec.steps * trainer.passes(0), spec.steps * trainer.macs(0))
    run_kept(trainer, home, ledger, None, save_every_s)
    if not processes.first:
        processes.wait()  # the first one tests it and writes what it reaches
        return read_trained(home.folder)[1]
    sample = draws(spec.seed, "sample").permutation(len(pictures.train))[:CALIBRATION]
    part = pictures.train.take(sample)
    calibrate(module, (images for images, _ in batches_of(part, scaling, spec)), spec)
    _, test = scored(module, batches_of(pictures.test, scaling, spec), spec)
    same = pictures.search is pictures.test
    search = test if same else scored(module, batches_of(pictures.search, scaling, spec), spec)[1]
    low, high = accuracy_interval(test, len(pictures.test))
    result = Trained(
        100 * test / len(pictures.test),
        low,
        high,
        100 * search / len(pictures.search),
        len(pictures.test),
        len(pictures.train),
        shown,
        f"on {pictures.name}, {shown:,} images seen"
        + (" by the paper's recipe" if spec.recipe == PAPER else ""),
        header.start,
        spec.px,
        pictures.classes,
        scaling,
        teacher.words if teacher is not None else "",
    )
    _write(home, arch, module.state_dict(), result)
    processes.wait()
    return result


def accuracy_interval(right: int, count: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, in percent."""
    from scipy.stats import binomtest  # slow to import

    found = binomtest(right, count).proportion_ci(LEVEL, method="wilson")
    return 100 * float(found.low), 100 * float(found.high)


def _write(home: Home, arch: Arch, state: dict[str, Tensor], result: Trained) -> None:
    """Write the model's code, its weights and what it reached."""
    from safetensors.torch import save  # deferred: only training needs it

    write_atomic(
        home.folder / "weights.safetensors",
        save({name: value.detach().cpu().contiguous() for name, value in state.items()}),
    )
    write_atomic(home.folder / RESULT, to_toml(result))
    mean, std = result.scaling.mean, result.scaling.std
    write_torch(
        arch,
        home.folder,
        notes=(
            f"trained {result.trained}, from {result.start}"
            + (f", taught by {result.teacher}" if result.teacher else ""),
            f"top-1 on {result.test_images:,} test images: {result.accuracy:.1f}% ({result.low:.1f} to {result.high:.1f})",
            f"weights: weights.safetensors; images of {result.px} px as (x / 255 - mean) / std, mean {mean}, std {std}",
        ),
    )
