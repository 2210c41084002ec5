"""What if a design's functions were written otherwise, or its lengths were aligned: what was timed of that on the devices' own stacks.

Grade A alone, and this very stack alone. Each was seen in another network, and holds there: nothing is added to a price.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dsim.device import DeviceProfile
from dsim.device.form_notes import function_of
from dsim.device.graded import GradedContrast
from dsim.device.tells import contrasts_on, timed_lengths
from dsim.graph.forms import form_of
from dsim.graph.graph import Graph
from dsim.graph.tokens import token_lengths

ALIGNMENT = "alignment"


@dataclass(frozen=True)
class OtherForms:
    """What other forms and lengths did on one device.

    Attributes
    ----------
    device
        Its name.
    contrasts
        Those of functions that the design holds; and, where it looks at tokens, those of how many there are.
    tokens
        How many tokens the design's attentions look at.
    least_tokens
        The fewest that were timed there; 0 for none.
    """

    device: str
    contrasts: tuple[GradedContrast, ...]
    tokens: tuple[int, ...]
    least_tokens: int = 0


def other_forms(
    graph: Graph, profiles: Sequence[DeviceProfile], among: Iterable[GradedContrast] | None = None
) -> tuple[OtherForms, ...]:
    """Return what was timed on each device of forms and lengths that a design could change; devices without any are left out.

    Parameters
    ----------
    graph
        Of the design.
    among
        Contrasts to choose from; by default those that come with dsim.
    """
    functions = {form.function for op in graph.ops if (form := form_of(op))}
    tokens = token_lengths(graph)
    known = None if among is None else tuple(among)
    out = []
    for profile in profiles:
        here = [seen.contrast for seen in contrasts_on(profile, known) if seen.identifies]
        found = [one for one in here if function_of(one) in functions]
        aligned = [one for one in here if one.kind == ALIGNMENT] if tokens else []
        if found or aligned:
            least = min((length for one in aligned for length in timed_lengths(one)), default=0)
            out.append(OtherForms(profile.name, (*found, *aligned), tokens, least))
    return tuple(out)
