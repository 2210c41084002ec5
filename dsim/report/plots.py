"""What a result's ``plot()`` returns: the charts of the page, one by one, for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsim.errors import InvalidValueError
from dsim.latency import LatencyEstimate
from dsim.report.packages import need_page_packages
from dsim.search import StudyResult
from dsim.shift import Comparison

if TYPE_CHECKING:
    import altair as alt

WIDTH = 640  # pixels: beside a notebook's margins, on a laptop


def plot(result: Any) -> alt.LayerChart | alt.Chart:
    """Draw a study's front, a comparison's fronts, or where an estimate's time goes.

    Raises
    ------
    MissingPackageError
        The packages that draw are not installed.
    InvalidValueError
        It is no such result.
    """
    need_page_packages("a plot")
    from dsim.report.page.plotted import comparison_chart, estimate_chart, study_chart

    if isinstance(result, StudyResult):
        return study_chart(result, WIDTH)
    if isinstance(result, Comparison):
        return comparison_chart(result, WIDTH)
    if isinstance(result, LatencyEstimate):
        return estimate_chart(result, WIDTH)
    raise InvalidValueError(
        f"a plot is of a study, a comparison or a latency estimate, got {type(result).__name__}; give one of these"
    )
