"""Search: the space of designs, one bounded study over it, and what it found."""

from dsim.callable_module import make_callable
from dsim.search.budgets import BudgetStudies, search_budgets
from dsim.search.candidate import Candidate, Certainty
from dsim.search.files import load_study, read_result
from dsim.search.joint import search_joint
from dsim.search.joint_files import load_joint
from dsim.search.joint_result import JointStudy
from dsim.search.published import measured_networks
from dsim.search.result import Cost, NotIdentified, Published, StudyResult
from dsim.search.run import run_study, search
from dsim.search.sizes import search_sizes
from dsim.search.space import Space
from dsim.search.space_file import load_sizes, load_space
from dsim.search.spec import StudySpec

__all__ = [
    "BudgetStudies",
    "Candidate",
    "Certainty",
    "Cost",
    "JointStudy",
    "NotIdentified",
    "Published",
    "Space",
    "StudyResult",
    "StudySpec",
    "load_joint",
    "load_sizes",
    "load_space",
    "load_study",
    "measured_networks",
    "read_result",
    "run_study",
    "search",
    "search_budgets",
    "search_joint",
    "search_sizes",
]

make_callable(__name__, "search")
