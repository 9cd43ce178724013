"""Floor 2, what was lost? Information loss, marginals, and what can still be learnt."""

if __name__ != "niming.utility":
    raise ImportError("this room is imported as niming.utility, not as utility")

from niming.utility.alignment import Alignment, align
from niming.utility.compare import Comparison, compare
from niming.utility.learning import Learning, Rows, holdout_rows, learning
from niming.utility.loss import Loss, loss
from niming.utility.marginals import Marginals, marginal, marginals, total_variation

__all__ = [
    "Alignment",
    "Comparison",
    "Learning",
    "Loss",
    "Marginals",
    "Rows",
    "align",
    "compare",
    "holdout_rows",
    "learning",
    "loss",
    "marginal",
    "marginals",
    "total_variation",
]
