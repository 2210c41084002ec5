"""Against reality: how far a front climbs above measured networks, and what an earlier time would have claimed."""

from dsim.shift.reality.backtest import backtest
from dsim.shift.reality.check import reality_check
from dsim.shift.reality.propose import Bounds, Held
from dsim.shift.reality.records import Backtest, Own, Standing

__all__ = ["Backtest", "Bounds", "Held", "Own", "Standing", "backtest", "reality_check"]
