"""Train a supernet: read, forecast, train, and weigh every block; the same call goes on with what was interrupted."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch

from dsim.errors import InvalidValueError
from dsim.search.space import Space
from dsim.supernet.augment import Scaling
from dsim.supernet.choices import DEFAULT
from dsim.supernet.cost import Amounts, timed
from dsim.supernet.evaluator import Evaluator
from dsim.supernet.forecast import affordable, evaluation_macs, measure, planned
from dsim.supernet.home import Header, Home
from dsim.supernet.images import Images, read_images
from dsim.supernet.importance import TABLE, Importance, ablation, alpha_importance
from dsim.supernet.kept import run_kept
from dsim.supernet.ledger import Ledger
from dsim.supernet.loaded import Supernet, load_supernet
from dsim.supernet.machine import check_device, kept_settings, torch_threads
from dsim.supernet.pictures import require_pillow
from dsim.supernet.place import SUPERNET, check_place
from dsim.supernet.processes import Processes, joined
from dsim.supernet.spec import IMPORTANCES, TrainSpec, begun_otherwise, differences, parse_count
from dsim.supernet.start import begin_with, mark_of, same_classes, weights_file
from dsim.supernet.state import require_safetensors
from dsim.supernet.teacher import Teacher, load_teacher, teacher_mark
from dsim.supernet.trainer import SAVE_EVERY_S
from dsim.supernet.ways import Training, supernet_training
from dsim.units import seconds


def train(
    data: str | Path,
    out: str | Path,
    *,
    images: int | str,
    px: int = 32,
    space: Space | None = None,
    importance: str = IMPORTANCES[0],
    seed: int = 0,
    time: float | str | None = None,
    device: str = "cpu",
    flip: bool = True,
    batch: int = 128,
    learning_rate: float = 2e-3,
    subnets: int = 4,
    start: str | Path | None = None,
    teacher: str | Path | None = None,
    precision: str | None = None,
    threads: int | None = None,
    shards: int | None = None,
    save_every_s: float = SAVE_EVERY_S,
) -> Supernet:
    """Train a supernet on a folder of pictures, or go on with one that was interrupted.

    Parameters
    ----------
    data
        Folder of class folders with JPEG or PNG, or train/, val/ and test/ of such.
    out
        Folder of the supernet.
    images
        Pictures to show, such as ``"160k"``: the bound of the cost.
    px
        Height and width of the pictures. Maps are as large as these make them, whatever size is deployed.
    space
        What may vary; small enough for a processor by default.
    importance
        How blocks are weighed, which decides how the supernet is trained: ``gumbel`` is the EfficientFormer paper's;
        ``ablation`` trains by the sandwich rule and takes blocks out of random sub-networks. ``gumbel`` found the better
        designs in ``studies/fashion``.
    seed
        Same call and seed, same weights, on one kind of machine.
    time
        Time on the clock that training and importance may take, such as ``"15m"``: a timed trial comes first, and fewer
        images are shown where need be.
    device
        ``cpu`` or ``cuda``.
    flip
        False where left and right mean something, as in letters.
    batch, learning_rate, subnets
        See `TrainSpec`.
    start
        File of safetensors with the weights of the space's largest design, to begin with; or a folder that `train_design`
        made.
    teacher
        Folder of a model that `train_design` made on the same pictures; the largest sub-network learns its decisions beside
        the labels.
    precision
        ``float32`` or ``bfloat16``; by default the latter on GPUs and on processors that multiply matrices of it.
    threads
        Of torch; by default what torch uses, or what the run began with.
    shards
        Equal parts of a batch, each with statistics of its own in batch norms. The processes that torchrun has started
        share them; by default there is one for each process, or as many as the run began with.
    save_every_s
        How often the state is kept.

    Raises
    ------
    DsimError
        The pictures, the folder or a value cannot be used; one line says what, where and the remedy.
    KeyboardInterrupt
        Ctrl-C was pressed: all that was done is kept, and the same call goes on.
    """
    require_pillow()
    require_safetensors()
    if importance not in IMPORTANCES:
        raise InvalidValueError(
            f"importance must be one of {', '.join(IMPORTANCES)}, got {importance!r}; choose one of them"
        )
    home = Home(out)
    check_place(home.folder, data, SUPERNET)
    check_device(device)
    known = home.read_header() if home.header_path.exists() else None
    wanted = TrainSpec(
        images=parse_count(images),
        px=px,
        importance=importance,
        seed=seed,
        batch=batch,
        learning_rate=learning_rate,
        flip=flip,
        device=device,
        **kept_settings(known.asked if known else None, threads, precision, shards, device),
        subnets=subnets,
        start=mark_of(weights_file(start)) if start is not None else "",
        teacher=teacher_mark(teacher) if teacher is not None else "",
        space=space or DEFAULT,
    )
    if known and (differ := differences(known.asked, wanted)):
        raise begun_otherwise(out, differ)
    ledger = Ledger.read(home.ledger_path)
    with torch_threads(wanted.threads):
        with joined(device) as processes:
            with timed() as reading:
                pictures = read_images(data, px, seed)
            ledger.spend("reading", Amounts(cpu_seconds=processes.total(reading.cpu, device)))
            if known and not known.fits(pictures):
                raise InvalidValueError(
                    f"{data} must hold the pictures that {out} was begun with, and holds others; bring those back, or use "
                    "another --out"
                )
            taught = load_teacher(teacher, wanted, pictures) if teacher is not None else None
            with home.alone() if processes.first else nullcontext():
                header = known or _begin(
                    home, wanted, data, pictures, ledger, seconds(time), processes, taught
                )
                training = supernet_training(
                    header.spec, pictures.train, header.scaling, len(header.classes), processes, taught
                )
                if start is not None and not home.state_path.exists():
                    fresh = begin_with(training.net, weights_file(start), same_classes(start, header.classes))
                    note = f"begins fresh beside the weights of {start}: {', '.join(fresh) or 'nothing'}"
                    if note not in header.notes and processes.first:
                        header = replace(header, notes=(*header.notes, note))
                        home.write_header(header)
                run_kept(training.trainer, home, ledger, header.forecast_seconds, save_every_s)
        if processes.first:
            with home.alone():
                _weigh(training, header, home, ledger, pictures)
    return load_supernet(out, data, pictures)


def _begin(
    home: Home,
    wanted: TrainSpec,
    data: str | Path,
    images: Images,
    ledger: Ledger,
    time_s: float | None,
    processes: Processes,
    teacher: Teacher | None,
) -> Header:
    """Forecast, settle how many images are shown, and write it down; the first process decides for all."""
    scaling = Scaling.of(images.train)
    forecast = measure(wanted, images, scaling, processes, teacher)
    ledger.spend("forecast", forecast.spent)
    evaluations = evaluation_macs(wanted, len(images.classes))
    spec = affordable(wanted, forecast, evaluations, time_s)
    spec = replace(spec, images=spec.steps * spec.batch)
    ledger.planned = planned(spec, forecast, images, scaling, processes, teacher)
    header = Header(
        asked=wanted,
        images=spec.images,
        data=str(data),
        name=images.name,
        classes=images.classes,
        counts=(len(images.train), len(images.search), len(images.test)),
        fingerprint=images.fingerprint,
        split=images.split,
        notes=(*images.notes, *([f"taught by {teacher.words}"] if teacher is not None else [])),
        scaling=scaling,
        forecast_seconds=round((forecast.step * spec.steps + forecast.evaluations(evaluations)).wall, 2),
        torch=str(torch.__version__),
    )
    if processes.first:
        home.write_header(header)
        ledger.write(home.ledger_path)
    processes.wait()
    return home.read_header()


def _weigh(training: Training, header: Header, home: Home, ledger: Ledger, images: Images) -> None:
    """Work out what each block is worth, where it is not known yet."""
    if (home.folder / f"{TABLE}.parquet").exists():
        return
    spec = header.spec
    if spec.importance == "gumbel":
        rows = alpha_importance(training.net.choices, training.trainer.way.parameters)
    else:
        evaluator = Evaluator(training.net, spec, header.scaling, images, home, ledger)
        rows = ablation(evaluator, spec.subnets)
    home.write_table(TABLE, rows, Importance)
    ledger.write(home.ledger_path)
