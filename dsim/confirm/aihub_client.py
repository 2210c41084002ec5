"""Qualcomm AI Hub, asked through its own client: what dsim needs of it, in five calls."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from dsim.errors import InvalidValueError, MissingPackageError, UnavailableError

# oldest client that has submit_inference_job(profile=True), which took the place of submit_profile_job
OLDEST = "0.56"


class Service(Protocol):
    """A service that times models on devices it hosts.

    Attributes
    ----------
    where
        Its address.
    """

    where: str

    def has(self, device: str) -> bool:
        """Tell whether it hosts a device of exactly this name."""

    def compile(self, model: Path, design: str, device: str, options: str) -> str:
        """Send a model and have it compiled; returns the job."""

    def profile(self, compiled: str, design: str, device: str, options: str) -> str:
        """Have the model of a finished compile job timed; returns the job."""

    def wait(self, job: str) -> str:
        """Wait for a job; returns why it failed, empty where it did not."""

    def result(self, profiled: str) -> dict[str, Any]:
        """Return what a finished profile job found, as the client's ``download_profile`` does."""


class AiHub:
    """See `Service`."""

    def __init__(self, package: Any, client: Any) -> None:
        self._package, self._client = package, client
        self.where: str = client.config.api_url

    def has(self, device: str) -> bool:
        """See `Service`."""
        with self._asking():
            return bool(self._client.get_devices(name=device))

    def compile(self, model: Path, design: str, device: str, options: str) -> str:
        """See `Service`."""
        with self._asking():
            job = self._client.submit_compile_job(
                model=str(model), device=self._package.Device(device), name=design, options=options
            )
            return str(job.job_id)

    def profile(self, compiled: str, design: str, device: str, options: str) -> str:
        """See `Service`."""
        with self._asking():
            job = self._client.submit_inference_job(
                model=self._client.get_job(compiled).get_target_model(),
                device=self._package.Device(device),
                name=design,
                options=options,
                profile=True,
            )
            return str(job.job_id)

    def wait(self, job: str) -> str:
        """See `Service`."""
        with self._asking():
            status = self._client.get_job(job).wait()
        return "" if status.success else str(status.message or status.code)

    def result(self, profiled: str) -> dict[str, Any]:
        """See `Service`."""
        with self._asking():
            found = self._client.get_job(profiled).download_profile()
        return dict(found)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn what the client raises into one line."""
        errors = self._package.client
        try:
            yield
        except (errors.Error, errors.APIException, OSError, ValueError) as error:
            raise UnavailableError(
                f"AI Hub's client says: {_one_line(error)}; what was sent is kept, run the same command again to continue"
            ) from error


def open_aihub() -> AiHub:
    """Open AI Hub's client with the token that the user configured; nothing is sent by that.

    Raises
    ------
    MissingPackageError
        The client is not installed.
    InvalidValueError
        No token is configured.
    """
    try:
        package = importlib.import_module("qai_hub")
    except ImportError as error:
        raise MissingPackageError(
            f"--submit aihub needs qai-hub {OLDEST} or later, which cannot be imported ({error}); pip install 'dsim[aihub]'"
        ) from error
    client = package.Client()
    if not hasattr(client, "submit_inference_job"):
        raise MissingPackageError(
            f"--submit aihub needs qai-hub {OLDEST} or later, got {package.__version__}; pip install 'dsim[aihub]'"
        )
    try:
        client.config  # noqa: B018 -- read here, so that a missing token is told before models are written
    except (package.client.Error, package.client.APIException, OSError) as error:
        raise InvalidValueError(
            f"AI Hub needs a token, and its client found none ({_one_line(error)[:160]}); run `qai-hub configure --api_token TOKEN`"
        ) from error
    client.set_verbose(False)
    return AiHub(package, client)


def _one_line(error: BaseException) -> str:
    """Return an error of the client without the box that it draws around it."""
    return re.sub(r"[\s|┌┐└┘─]+", " ", str(error)).strip()[:400] or type(error).__name__
