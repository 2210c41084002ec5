"""The part of a page that shows a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsim.device import DeviceProfile
from dsim.latency.scoring import Held
from dsim.report.findings import findings_table
from dsim.report.measured_regret import regret_table
from dsim.report.names import common_unit, device_words
from dsim.report.null import null_tables, unknown_rate
from dsim.report.other_forms import other_forms_table
from dsim.report.page.curse import curse_figure, summary_table
from dsim.report.page.flips import flips_figure
from dsim.report.page.fronts import Front, measured_on, panels_figure, relative_figure
from dsim.report.page.ledger import comparison_command, comparison_words, cost_section, reproduce_section
from dsim.report.page.parts import Figure, PagePart, Section
from dsim.report.page.profiles import NOT_SEARCHED, profile_sections
from dsim.report.page.regret import over_budget_figure, regret_figure
from dsim.report.page.robust import robust_figure
from dsim.report.page.stages import stages_figure
from dsim.report.page.subject import PageSubject
from dsim.report.page.summary import findings, question
from dsim.report.page.what_if import top1_figure, what_if_figure
from dsim.report.shift import devices_table, kept_choices, never_measured, pairs_table
from dsim.report.table import table
from dsim.report.tiers import contrasts_in_words, contrasts_table, regrets_in_words, timed_in_words
from dsim.report.timed import agreement_table, equal_table, timed_table
from dsim.shift import Comparison
from dsim.shift.measured import read_measured
from dsim.shift.summary import shift_by_kind
from dsim.shift.tiers import measured_of

TIMED_WORDS = (
    "Designs that this comparison names, exported and timed on the runtimes at hand by dsim measure compared."
)
ONE_FOR_ALL = "One design for all devices"
TOO_HOPEFUL = "Is the choice too hopeful? (winner's curse)"
Profiles = Mapping[str, DeviceProfile]


def comparison_part(
    subject: PageSubject, found: Comparison, profiles: Profiles, held: Mapping[str, Sequence[Held]], key: str
) -> PagePart:
    """Return the part, most important sections first.

    Parameters
    ----------
    profiles, held
        Profiles and held-out predictions by device, as far as they are known.
    """
    names = [d.device for d in found.devices]
    command, space = comparison_command(found, subject.name)
    costs = {d.device: d.cost for d in found.devices}
    return PagePart(
        key,
        subject.name,
        f"How the best design changes over {len(names)} devices, in {common_unit(found)}",
        (
            *_measured(subject, found, profiles),
            Section(
                "summary",
                "4. What is predicted",
                question(found),
                findings(found) + found.notes + unknown_rate(found),
                tables=(findings_table(found), *null_tables(found), devices_table(found)),
            ),
            Section("fronts", "Pareto fronts", figures=_fronts(found, profiles)),
            _regret(found),
            Section("designs", "The best design for each device", figures=_designs(found, profiles)),
            Section(
                "flips",
                "What changes from device to device",
                _flip_words(found),
                figures=_some(flips_figure(found)),
            ),
            Section(
                "what-if",
                "What if one thing changes",
                figures=_some(what_if_figure(found), top1_figure(found)),
            ),
            _robust(found),
            _curse(found),
            *profile_sections(names, profiles, held, {d.device: d.evidence for d in found.devices}),
            _not_identified(found),
            cost_section(costs, comparison_words(found)),
            reproduce_section(command, space, subject.fingerprint, subject.name),
        ),
    )


def _some(*figures: Figure | None) -> tuple[Figure, ...]:
    return tuple(figure for figure in figures if figure)


def _title(device: str, profiles: Profiles) -> str:
    return device_words(device, profiles.get(device)).title


def _fronts(found: Comparison, profiles: Profiles) -> tuple[Figure, ...]:
    unit = common_unit(found)
    fronts = [
        Front(
            d.device,
            _title(d.device, profiles),
            d.budget_ms,
            unit,
            d.front,
            d.best,
            # what others measured has ImageNet's top-1 beside it, which is no rank
            () if found.task else measured_on(profiles.get(d.device), d.published, d.budget_ms),
            found.words,
        )
        for d in found.devices
    ]
    return relative_figure(fronts), panels_figure(fronts)


def _regret(found: Comparison) -> Section:
    kinds = table(
        "How much comes with the chip, and how much with the software",
        ("shift", "pairs that can be judged", "with a significant loss", "largest loss, points"),
        [
            (
                kind,
                str(judged),
                str(told),
                f"{most.value:+.1f} ({most.low:+.1f} to {most.high:+.1f})" if most else "",
            )
            for kind, judged, told, most in shift_by_kind(found)
        ],
        ("pairs that can be judged", "with a significant loss"),
    )
    return Section(
        "regret",
        "What another device's design loses",
        figures=(regret_figure(found), over_budget_figure(found)),
        tables=(kinds, pairs_table(found)),
    )


def _measured(subject: PageSubject, found: Comparison, profiles: Profiles) -> tuple[Section, ...]:
    """Return the tiers of what was measured: one change, published networks, best designs."""
    measured = measured_of(found, subject.folder, profiles.values())
    timed = read_measured(subject.folder)
    first = (*((equal_table(measured.equal),) if measured.equal else ()), agreement_table(found, timed))
    tables = (*first, *(timed_table(found, timed, one.device) for one in measured.timed))
    return (
        Section(
            "contrasts",
            "1. Measured: one change at a time",
            (contrasts_in_words(measured.contrasts),),
            tables=(
                *((contrasts_table(measured.contrasts),) if measured.contrasts else ()),
                *((other_forms_table(measured.forms),) if measured.forms else ()),
            ),
        ),
        Section(
            "measured-regret",
            "2. Measured: networks of others, chosen on one device and run on another",
            (regrets_in_words(measured),),
            tables=(regret_table(measured.regrets),) if measured.regrets else (),
        ),
        Section(
            "timed",
            "3. Measured: best designs, timed on the devices",
            (timed_in_words(measured), *((TIMED_WORDS,) if measured.timed else ())),
            tables=tables if measured.timed else (),
        ),
    )


def _designs(found: Comparison, profiles: Profiles) -> tuple[Figure, ...]:
    designs = [(_title(d.device, profiles), d.best.arch) for d in found.devices if d.best]
    return (stages_figure([*designs, (f"of the what-ifs: {found.what_if.design}", found.what_if.arch)]),)


def _flip_words(found: Comparison) -> tuple[str, ...]:
    return () if found.flips else ("The best designs do not differ in any single choice.",)


def _robust(found: Comparison) -> Section:
    robust = found.robust
    if robust is None:
        return Section("robust", ONE_FOR_ALL, ("There is none, because on some device no design fits.",))
    diagram = stages_figure(
        [("one design for all devices", robust.candidate.arch)],
        "robust-stages",
        "That design, stage by stage",
    )
    return Section("robust", ONE_FOR_ALL, figures=(robust_figure(robust, found.words), diagram))


def _curse(found: Comparison) -> Section:
    if not found.halved:
        return Section("curse", TOO_HOPEFUL, ("Not known: the measurements were not halved (--seeds 0).",))
    return Section("curse", TOO_HOPEFUL, figures=_some(curse_figure(found)), tables=(summary_table(found),))


def _not_identified(found: Comparison) -> Section:
    kept, never = kept_choices(found), never_measured(found)
    tables = [
        table("Options that were not searched", ("device", "options and why"), kept) if kept else None,
        table(
            "Changes without a price, for they were never measured there",
            ("device", "changes and why"),
            never,
        )
        if never
        else None,
    ]
    words = () if kept or never else ("Every option was searched on every device.",)
    return Section("not-identified", NOT_SEARCHED, words, tables=tuple(t for t in tables if t))
