"""Supernet: all designs of a space in one network, trained once on the user's own images, for any number of devices."""

from dsim.supernet.anchors import Check, check
from dsim.supernet.asked_space import load_choices, space_below
from dsim.supernet.choices import DEFAULT
from dsim.supernet.design_training import train_design
from dsim.supernet.evaluator import Evaluation
from dsim.supernet.front import evaluate, importance
from dsim.supernet.importance import Importance
from dsim.supernet.loaded import Supernet, load_supernet
from dsim.supernet.moves import Move, single_moves
from dsim.supernet.slim_supernet import SlimResult, slim
from dsim.supernet.subnet import Subnet
from dsim.supernet.task.learned import task_model
from dsim.supernet.task.model import TaskModel
from dsim.supernet.task.source import SupernetTask, task_source
from dsim.supernet.trained_model import Trained
from dsim.supernet.training import train

__all__ = [
    "DEFAULT",
    "Check",
    "Evaluation",
    "Importance",
    "Move",
    "SlimResult",
    "Subnet",
    "Supernet",
    "SupernetTask",
    "TaskModel",
    "Trained",
    "check",
    "evaluate",
    "importance",
    "load_choices",
    "load_supernet",
    "single_moves",
    "slim",
    "space_below",
    "task_model",
    "task_source",
    "train",
    "train_design",
]
