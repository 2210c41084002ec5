"""advise: what to write differently in a network on one device. What `dsim.advise` runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.advice.changes import changes_for
from dsim.advice.proposals import proposals
from dsim.advice.records import Advice, Rewrite, Verdict, Way
from dsim.advice.write import ONNX, check_target, write_rewrites
from dsim.device.graded import GradedContrast, packs
from dsim.device.named import profile_named
from dsim.device.tells import contrasts_elsewhere, contrasts_on
from dsim.errors import unknown_name
from dsim.graph.forms import form_of
from dsim.graph.graph import Graph
from dsim.graph.inputs import Given, as_inputs
from dsim.graph.merging import merge_branches
from dsim.graph.onnx.load import load_model
from dsim.graph.onnx.rewriting import understand
from dsim.graph.read import HasGraph
from dsim.latency.batch import ask
from dsim.network.price import price
from dsim.network.read import read_network

if TYPE_CHECKING:
    import torch

KINDS = tuple(str(way) for way in Way if way is not Way.BY_HAND)  # of rewrites that dsim writes
ONLY_ONNX = "dsim rewrites .onnx files alone: export the network to ONNX, and ask again with --write"
CONVERTED = "the evidence is of the runtime's own file: check that its converter keeps the form, for some write one op out in steps"


def advise(
    network: Graph | HasGraph | torch.nn.Module | str | Path,
    device: str,
    input_shape: Given = None,
    *,
    write: str | Path | None = None,
    untimed: bool = False,
    only: Iterable[str] = (),
    among: Iterable[GradedContrast] | None = None,
) -> Advice:
    """Say which rewrites of a network are known to be quicker on a device, and write them.

    Parameters
    ----------
    network
        All that `dsim.predict` takes; only an .onnx file can be written anew.
    device
        A device profile by its name.
    input_shape
        As in `dsim.predict`.
    write
        The .onnx file to write, with the proposed rewrites; both files are run first, and one that differs by more than
        rounding is not kept.
    untimed
        Also write rewrites of which nothing is known on this stack, to time them there; but no rows behind the tokens, which are
        more work in any case.
    only
        Write these kinds alone, known to be quicker or not: ``"forms"``, ``"branches"``, ``"opset"``, ``"constants"``, ``"lengths"``.
    among
        Contrasts to choose from; by default those that come with dsim.

    Returns
    -------
    Advice
        ``proposed`` (by evidence of grade A or B on this very stack), ``changes`` that need retraining, ``written``.

    Raises
    ------
    InvalidValueError
        ``write`` is no other .onnx file, or the network is not read from one.
    UnknownNameError
        ``only`` names something else.
    UnavailableError
        The written network would not compute the same, or cannot be run.
    DsimError
        The network, the device or a file cannot be had.
    """
    label = str(network) if isinstance(network, str | Path) else type(network).__name__
    source = Path(label) if isinstance(network, str | Path) and label.lower().endswith(ONNX) else None
    ways = _ways(only)
    target = None if write is None else check_target(source, Path(write), label)
    name = profile_named(device)  # a wrong one is told before a network is read
    graph = read_network(network, input_shape)
    profile = ask(name, graph).profile
    known = packs() if among is None else tuple(among)
    seen = contrasts_on(profile, known)
    file = understand(load_model(source), as_inputs(input_shape)) if source else None
    # only what merging changes is a question for the model
    priced = price(graph, device) if merge_branches(graph).convolutions else None
    found = proposals(graph, profile, (*seen, *contrasts_elsewhere(profile, known)), priced, file)
    forms = {form: form for op in graph.ops if (form := form_of(op))}
    forms |= {
        one.before: one.after for one in found if one.verdict is Verdict.PROPOSED and one.before and one.after
    }
    changes = changes_for(graph, profile, seen, forms)
    written = None
    if source and target:
        asked = [one for one in found if _asked(one, untimed, ways)]
        written = write_rewrites(source, target, asked, input_shape) if asked else None
    # once each: a runtime may name its unit itself
    words = f"{profile.runtime}, {profile.compute_unit}, {profile.precision}".split(", ")
    stack = ", ".join(dict.fromkeys(words))
    advice = Advice(label, profile.name, stack, found, changes, written, ())
    return replace(advice, notes=(*graph.notes, *_notes(advice, source, target, untimed, ways)))


def _ways(only: Iterable[str]) -> tuple[Way, ...]:
    names = (only,) if isinstance(only, str) else tuple(only)
    for name in names:
        if name not in KINDS:
            raise unknown_name("kind of rewrite", str(name), KINDS)
    return tuple(Way(name) for name in names)


def _asked(one: Rewrite, untimed: bool, only: Sequence[Way]) -> bool:
    """Tell whether a rewrite is to be written; an op is not written out in steps only because nothing is known of it."""
    if not one.by_dsim or (only and one.way not in only):
        return False
    if one.verdict is Verdict.PROPOSED:
        return True
    if one.after is not None and one.after.written_out:
        return False
    return bool(only) or (untimed and one.verdict is Verdict.UNKNOWN and one.way is not Way.LENGTHS)


def _notes(
    advice: Advice, source: Path | None, target: Path | None, untimed: bool, only: Sequence[Way]
) -> tuple[str, ...]:
    notes = []
    by_dsim = [one for one in advice.proposed if one.by_dsim]
    if source is None and by_dsim:
        notes.append(ONLY_ONNX)
    if any(one.before for one in by_dsim) and "onnx" not in advice.stack.lower():
        notes.append(CONVERTED)
    if target is not None and advice.written is None:
        notes.append(f"{target} was not written: there is {_nothing(untimed, only)}")
    return tuple(notes)


def _nothing(untimed: bool, only: Sequence[Way]) -> str:
    """Say what there is none of, and which option would write more."""
    if only:
        return f"no rewrite of the kind {' or '.join(only)} that dsim can write here"
    more = "--untimed also writes rewrites of which nothing is known here, --only those of one kind"
    return "nothing to rewrite" if untimed else f"nothing to rewrite; {more}"
