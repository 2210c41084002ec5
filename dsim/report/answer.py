"""What a study found, on one screen: the answer, the design, a few alternatives and what to do next."""

from __future__ import annotations

from rich.text import Text

from dsim.latency.cliffs import LEAVES, chance_words
from dsim.report.certainty import certainty_sentence, why_no_budget
from dsim.report.console import headed, plain, step, titled
from dsim.report.design import design_lines
from dsim.report.names import DeviceWords, device_words
from dsim.report.next_steps import next_steps, rounded_up
from dsim.report.table import TableData, table
from dsim.rounding import three_digits
from dsim.search import Candidate, StudyResult
from dsim.search.accuracy_words import IMAGENET, AccuracyWords
from dsim.search.task import TrainedDesign
from dsim.shelf import Shelved

MOST_LINES = 30  # of a screen
# where alternatives on the front are looked for: shares of the budget that the chosen design needs, or the fastest one
NEAR_CHOSEN, NEAR_FASTEST = (0.6, 0.8, 1.25), (1.25, 1.6)
MEASURED, NEEDS = "measured", "Needs: the smallest budget that it fits."
BY_OTHERS = "Measured: by others."
LAST_STEPS = (
    "the search itself is complete; the last steps, which may still find a better design, are not. Run the same command again to "
    "make them."
)
NONE = Text()


def short_answer(result: StudyResult, width: int) -> list[Text]:
    """Return the whole short answer; alternatives are left out until it fits one screen, which to take never is."""
    ends = (
        [*answer_lines(result, width), *_design_lines(result, width)],
        _left_out(result, width),
        _next_lines(result, width),
    )
    data = alternatives_table(result)
    for kept in range(len(data.rows), -1, -1):
        some = table(data.title, data.columns, data.rows[:kept], data.numbers, data.note)
        middle = [*(titled(some, width) if kept else []), *prefer_lines(result, width)]
        middle += [NONE] if middle else []
        lines = [*ends[0], *middle, *ends[1], *ends[2]]
        if len(lines) <= MOST_LINES:
            break
    return lines


def answer_so_far(result: StudyResult, width: int) -> list[Text]:
    """Return the answer of a study that may still run, without what its files would be needed for."""
    lines = [*answer_lines(result, width), *_design_lines(result, width), *prefer_lines(result, width)]
    return lines if lines[-1] != NONE else lines[:-1]


def prefer_lines(result: StudyResult, width: int) -> list[Text]:
    """Return which to take, the design or the best published network; no lines where no published one fits."""
    if not result.shelf:
        return []
    preferred = result.prefer
    said = (
        f"{result.shelf[0].name} (published, with weights): it fits, and no design does."
        if preferred is None
        else preferred.says(result.spec.trained)
    )
    return headed("Prefer", said, width)


def answer_lines(result: StudyResult, width: int) -> list[Text]:
    """Return the answer in sentences."""
    sentences = answer_sentences(result, device_words(result.spec.device))
    risk = chance_words(result.p_cliff)
    return [
        *(line for sentence in sentences for line in plain(sentence, width)),
        *(headed(f"{LEAVES.capitalize()}:", f"{risk}.", width) if risk else ()),
        *(line for use in result.limits for line in headed(f"{use.title}:", f"{use.words}.", width)),
        NONE,
    ]


def _design_lines(result: StudyResult, width: int) -> list[Text]:
    shown = result.chosen or result.fastest
    head = "The design:" if result.chosen else "The fastest design:"
    return [*design_lines(head, shown.arch, width, result.spec.image), NONE]


def _left_out(result: StudyResult, width: int) -> list[Text]:
    """Return what was not searched, what cut the search short, and the notes."""
    lines = []
    if result.not_identified:
        others = " and ".join(f"{item.choice} {' or '.join(item.dropped)}" for item in result.not_identified)
        said = f"{others}: their prices are not known."
        lines += headed("Not searched:", said, width)
    for head, text in (*cut_short(result), *(("Note:", f"{note}.") for note in result.notes)):
        lines += headed(head, text, width)
    return [*lines, NONE] if lines else []


def cut_short(result: StudyResult) -> tuple[tuple[str, str], ...]:
    """Return (head, text) on what ended a search before it came to its end."""
    cost = result.cost
    if cost.is_final:
        return ()
    if cost.swept:
        head = "Interrupted:" if cost.interrupted else "Stopped early:"
        return ((head, LAST_STEPS),)
    if cost.interrupted:
        return (("Interrupted:", "the search is not complete; run the same command again to go on."),)
    why = (
        "the time limit ended the search, so the same command may find another answer; run it again to go on."
    )
    return (("Stopped early:", why),)


def _next_lines(result: StudyResult, width: int) -> list[Text]:
    lines = next_lines(result, width)
    return [*lines, *headed("Next:", "run the same command with --details to see all that was found.", width)]


def next_lines(result: StudyResult, width: int) -> list[Text]:
    """Return what to do next, with commands to copy: each on one line, however long."""
    steps = next_steps(result, device_words(result.spec.device).runtime)
    return [line for what, command in steps for line in step(what, command, width)]


def answer_sentences(result: StudyResult, device: DeviceWords) -> tuple[str, str]:
    """Return the answer in a sentence or two, and what its figures are."""
    spec, nearest = result.spec, result.nearest_feasible_budget_ms
    words, shown = spec.words, result.chosen or result.fastest
    found = answer_words(device, spec.budget_ms, result.chosen, result.fastest, nearest, words, result.tested)
    price = f"{said} " if (said := certainty_sentence(result)) else ""
    first = f"On {device.title}, {found} {why_no_budget(result)}".rstrip()
    return first, (
        f"Predicted, with {spec.confidence:.0%} intervals; {spec.rule}. {price}"
        f"{words.about(shown.arch.resolution)}"
    )


def answer_words(
    device: DeviceWords,
    budget_ms: float,
    chosen: Candidate | None,
    fastest: Candidate,
    nearest_ms: float | None = None,
    words: AccuracyWords = IMAGENET,
    tested: TrainedDesign | None = None,
) -> str:
    """Return what a search within a budget found on a device, without its name; a sentence that begins in lower case.

    Parameters
    ----------
    words
        What its accuracy figure is called.
    tested
        The chosen design as it was trained and tested.
    """
    budget = f"{budget_ms:.4g} {device.unit}"
    if chosen is None:
        smallest = (
            f" The smallest budget that a design fits is {rounded_up(nearest_ms):g} ms." if nearest_ms else ""
        )
        return f"no design fits {budget}. The fastest design takes {_ms(fastest)} and {words.reached(fastest)}.{smallest}"
    called = f", {chosen.name}," if chosen.name else ""
    best = "the best trained design" if tested else words.best
    measured = f" Trained and tested, it gets right {tested.words}." if tested else ""
    return f"{best} that fits {budget}{called} takes {_ms(chosen)} and {words.reached(chosen)}.{measured}"


def _ms(design: Candidate) -> str:
    middle, low, high = map(three_digits, (design.latency_ms, design.low_ms, design.high_ms))
    return f"{middle} ms ({low} to {high})"


def alternatives(result: StudyResult) -> tuple[Candidate, ...]:
    """Return a few designs of the front near the chosen one: two that are faster, and one that is more accurate.

    Where nothing fits, a few beside the fastest one that need small budgets.
    """
    chosen, shown = result.chosen, result.chosen or result.fastest
    others = [design for design in result.front if design.arch != shown.arch]
    shares, needed = (NEAR_CHOSEN, chosen.needs_ms) if chosen else (NEAR_FASTEST, result.fastest.needs_ms)
    picked = {}
    for share in shares if others else ():
        near = min(others, key=lambda design: abs(design.needs_ms - share * needed))
        picked[near.arch] = near
    return tuple(sorted(picked.values(), key=lambda design: design.needs_ms))


def alternatives_table(result: StudyResult) -> TableData:
    """Return the table of alternatives, each with the budget that it needs and what it trades against the chosen design."""
    places = {design.arch: number for number, design in enumerate(result.front, 1)}
    designs = [
        (
            design.name or f"design {places[design.arch]} of {len(places)}",
            f"{design.needs_ms:.2f}",
            f"{design.latency_ms:.2f}",
            f"{design.top1:.1f}",
            _trade(design.latency_ms, design.top1, result.chosen),
        )
        for design in alternatives(result)
    ]
    # those with weights come first: they need no training, and are the last to go where the screen is full
    rows = [*(_shelved(one, result.chosen) for one in result.shelf), *designs]
    numbers = ("needs ms", "takes ms", result.spec.words.column)
    # where nothing fits, there is nothing to compare with
    columns = ("alternatives", *numbers, *(["beside the chosen"] if result.chosen else ()))
    note = f"{NEEDS} {BY_OTHERS}" if result.shelf else NEEDS
    return table("", columns, (row[: len(columns)] for row in rows), numbers, note)


def _shelved(one: Shelved, chosen: Candidate | None) -> tuple[str, ...]:
    needs = MEASURED if one.measured else f"{one.needs_ms:.2f}"
    trade = _trade(one.latency_ms, one.top1, chosen)
    return (one.network, needs, f"{one.latency_ms:.2f}", f"{one.top1:.1f}", trade)


def _trade(latency_ms: float, top1: float, chosen: Candidate | None) -> str:
    if chosen is None:
        return ""
    share = latency_ms / chosen.latency_ms - 1.0
    time = f"{abs(share):.0%} {'faster' if share < 0 else 'slower'}"
    return f"{time}, {top1 - chosen.top1:+.1f} points"
