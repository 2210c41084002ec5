"""Networks that come from running code: a function in the user's own file, and timm."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from dsim.errors import FileAccessError, FileFormatError, InvalidValueError, MissingPackageError, install_line

MOST = 300  # characters of what a user's own code says


def run_file(path: Path, function: str) -> Any:
    """Run the user's own file, and return a module of it, or the one that a function of it makes.

    Raises
    ------
    FileAccessError
        There is no such file.
    FileFormatError
        It has no such function, fails, or makes something else.
    MissingPackageError
        It imports what is not installed.
    """
    if not path.is_file():
        raise FileAccessError(f"{path} cannot be read: no such file; name it as model.py:function")
    spec = importlib.util.spec_from_file_location("dsim_user_model", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses and torch.jit.script look a class's module up
    try:
        with redirect_stdout(sys.stderr):  # standard output is the answer's
            spec.loader.exec_module(loaded)
            made = getattr(loaded, function, None)
            if not callable(made):  # a module is callable too
                raise FileFormatError(
                    f"{path} has no function {function!r}; name one that makes a torch.nn.Module, or a module"
                )
            module = made if _is_module(made) else made()
    except FileFormatError:
        raise
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or sys.modules.get(package) is not None:  # it is there, and lacks what is asked of it
            raise _failed(f"{path}:{function}", error) from error
        raise _not_found(f"{path}:{function}", path.parent, package) from error
    except Exception as error:
        raise _failed(f"{path}:{function}", error) from error
    if not _is_module(module):
        raise FileFormatError(
            f"{path}:{function} must return a torch.nn.Module, got {type(module).__name__}; build the module there"
        )
    return module


def _is_module(made: Any) -> bool:
    """Tell a module from a function that makes one, without torch; a class of modules makes one."""
    return not isinstance(made, type) and callable(getattr(made, "state_dict", None))


def _failed(what: str, error: Exception) -> FileFormatError:
    return FileFormatError(
        f"{what} failed with {type(error).__name__}: {_short(error)}; run it by itself first"
    )


def _not_found(what: str, folder: Path, package: str) -> MissingPackageError:
    if (folder / f"{package}.py").is_file() or (folder / package).is_dir():
        return MissingPackageError(
            f"{what} needs {package}, which lies beside it and is not found; run the command with PYTHONPATH={folder.resolve()}"
        )
    return MissingPackageError(
        f"{what} needs {package}, which is not installed; run: {install_line(package)}"
    )


def make_timm(name: str) -> Any:
    """Make a network of timm with random weights, in eval mode.

    Raises
    ------
    MissingPackageError
        timm is not installed, or cannot be imported.
    InvalidValueError
        timm has no network of that name.
    """
    try:
        import timm
    except ImportError as error:
        raise MissingPackageError(
            f"timm:{name} needs the package timm, which is not installed; run: {install_line('timm')}"
        ) from error
    except Exception as error:  # torchvision's compiled part does not fit every build of torch
        raise MissingPackageError(
            f"timm:{name} needs a timm that can be imported, got {type(error).__name__}: {error}; reinstall timm and torchvision"
        ) from error
    if not timm.is_model(name):
        near = timm.list_models(f"*{name[:8]}*")[:5]
        raise InvalidValueError(
            f"timm has no model {name!r}; "
            + (f"near: {', '.join(near)}" if near else "see timm.list_models()")
        )
    return timm.create_model(name, pretrained=False).eval()


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= MOST else f"{text[:MOST]} ..."
