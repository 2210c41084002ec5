"""Find the vision backbone to run on your device within your milliseconds.

What you call; each is a command of ``dsim`` too:

- `search`: find the most accurate design that fits a latency budget on a device (``dsim study``)
- `shortlist`: find published networks, with weights, that fit a latency budget on a device
- `compare`: show how the best design changes from device to device
- `predict`: predict the latency of a network on a device
- `table`: price every block of a search space on a device
- `advise`: say how to rewrite a network so that it computes the same, and runs faster on a device
- `top1`: predict the ImageNet accuracy of a design
- `draw`: draw a design, or where its time goes on a device
- `confirm`: say what times of a few designs on the device mean for a study's answer; `confirm.plan` says which to time
- `export`: write a design as PyTorch code, or as a model file for a runtime
- `measure`: time networks on this machine, and make a device profile
- `supernet`: train all designs of a space in one network, on your own images (``dsim supernet``)
- `slim`: take a supernet down to each device's budget
- `train`: train one design on your own images, and test it
- `add_device`: make a device profile from your own measurements (``dsim device add``)
- `remove_device`: delete one of your own profiles (``dsim device remove``)
- `adapt`: say how good that profile is, and what to measure next (``dsim device adapt``)

What they work with:

- `Arch`, `Stage`, `Block`: a design and its parts; `PRESETS` and `get_preset` have the published ones
- `Space`: what a search may vary
- `load_profile`: a device profile by its name
- `metrics`: what else is known of a network on a device: 95th percentile, sustained latency, load time, energy, top-1 after int8
- `StudyResult`, `Comparison`: what `search` and `compare` return
- `DsimError`: what dsim raises on purpose; each error says the rule, the value received and the remedy

Names are loaded when they are first used, so that ``import dsim`` itself loads neither torch nor scikit-learn nor Optuna.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from dsim.errors import DsimError
from dsim.openers import register
from dsim.version import __version__ as __version__

if TYPE_CHECKING:
    from dsim import confirm, export, measure, search, supernet
    from dsim.accuracy.estimate import estimate_top1 as top1
    from dsim.advice import advise
    from dsim.arch import PRESETS, Arch, Block, Stage, get_preset
    from dsim.device import find_profile as load_profile
    from dsim.device.remove import remove_device
    from dsim.network import predict
    from dsim.own.front import adapt, add_device
    from dsim.report.draw import draw
    from dsim.search import Space, StudyResult
    from dsim.search.price_table import price_table as table
    from dsim.shelf import metrics, shortlist
    from dsim.shift import Comparison, compare
    from dsim.supernet import slim
    from dsim.supernet import train_design as train


# name here -> where it lives; "" is the module itself, which can be called
_WHERE: dict[str, tuple[str, str]] = {
    "Arch": ("dsim.arch", "Arch"),
    "Block": ("dsim.arch", "Block"),
    "Comparison": ("dsim.shift", "Comparison"),
    "PRESETS": ("dsim.arch", "PRESETS"),
    "Space": ("dsim.search", "Space"),
    "Stage": ("dsim.arch", "Stage"),
    "StudyResult": ("dsim.search", "StudyResult"),
    "adapt": ("dsim.own.front", "adapt"),
    "add_device": ("dsim.own.front", "add_device"),
    "advise": ("dsim.advice", "advise"),
    "compare": ("dsim.shift", "compare"),
    "draw": ("dsim.report.draw", "draw"),
    "confirm": ("dsim.confirm", ""),
    "export": ("dsim.export", ""),
    "get_preset": ("dsim.arch", "get_preset"),
    "load_profile": ("dsim.device", "find_profile"),
    "measure": ("dsim.measure", ""),
    "metrics": ("dsim.shelf", "metrics"),
    "predict": ("dsim.network", "predict"),
    "remove_device": ("dsim.device.remove", "remove_device"),
    "search": ("dsim.search", ""),
    "shortlist": ("dsim.shelf", "shortlist"),
    "slim": ("dsim.supernet", "slim"),
    "supernet": ("dsim.supernet", ""),
    "train": ("dsim.supernet", "train_design"),
    "table": ("dsim.search.price_table", "price_table"),
    "top1": ("dsim.accuracy.estimate", "estimate_top1"),
}

__all__ = [
    "PRESETS",
    "Arch",
    "Block",
    "Comparison",
    "DsimError",
    "Space",
    "Stage",
    "StudyResult",
    "adapt",
    "add_device",
    "advise",
    "compare",
    "confirm",
    "draw",
    "export",
    "get_preset",
    "load_profile",
    "measure",
    "metrics",
    "predict",
    "remove_device",
    "search",
    "shortlist",
    "slim",
    "supernet",
    "table",
    "top1",
    "train",
]


def _task_source(folder: Any) -> Any:
    return importlib.import_module("dsim.supernet").task_source(folder)


def _plot(result: Any) -> Any:
    return importlib.import_module("dsim.report.plots").plot(result)


# Optuna loads tqdm, which warns in a notebook without ipywidgets that its bars will be plain: dsim shows none of them
warnings.filterwarnings("ignore", "IProgress not found")
register("accuracy", _task_source)  # the search may not import what is built on it
register("plot", _plot)  # nor may results import what draws them


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'dsim' has no attribute {name!r}; it has: {', '.join(__all__)}")
    module, attribute = _WHERE[name]
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
