"""Against reality: how far a front climbs above measured networks, and what an earlier time would have claimed."""

from lab.claims.reality.backtest import backtest
from lab.claims.reality.check import reality_check
from lab.claims.reality.propose import Bounds, FitsBy
from lab.claims.reality.records import Backtest, Own, Standing

__all__ = ["Backtest", "Bounds", "FitsBy", "Own", "Standing", "backtest", "reality_check"]
