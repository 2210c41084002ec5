"""The batch that a price is for: nothing is scaled from one batch to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsim.device.batches import THROUGHPUT, name_at, split_name, unknown_batch
from dsim.device.find import find_profile
from dsim.errors import BatchError
from dsim.graph.batch import batch_of, rebatch

if TYPE_CHECKING:
    from dsim.device.profile import DeviceProfile
    from dsim.graph.graph import Graph
    from dsim.latency.model import DeviceModel


def as_measured(graph: Graph, model: DeviceModel) -> Graph:
    """Return a network at the batch that a model prices.

    One image is priced as the run of many that was measured (a design has no batch of its own), and many images as one
    where prices are per image.

    Raises
    ------
    BatchError
        The network takes another number of images than the model knows.
    """
    batch = batch_of(graph)
    if batch == model.batch:
        return graph
    if batch != 1 and not model.per_image:
        raise BatchError(
            f"{model.device} predicts at batch {model.batch} and for no other, got batch {batch}; "
            f"pass batch {model.batch}"
        )
    return rebatch(graph, model.batch)


@dataclass(frozen=True)
class Asked:
    """What is priced for a network on a device.

    Attributes
    ----------
    profile
        The device at the batch that is priced.
    graph
        The network at that batch; for throughput, of one image.
    input_batch
        Images that the network takes as it was given.
    notes
        What the user should know of it.
    """

    profile: DeviceProfile
    graph: Graph
    input_batch: int
    notes: tuple[str, ...] = ()


def ask(device: str, graph: Graph) -> Asked:
    """Find the batch of a device that answers for a network.

    Parameters
    ----------
    device
        Name of a profile; with ``@batch8`` behind it, at that batch.
    graph
        The network as it was given.

    Raises
    ------
    UnknownNameError
        There is no such device.
    BatchError
        It was not measured at the network's batch.
    """
    profile, batch = find_profile(device), batch_of(graph)
    plain, named = split_name(device)
    if profile.measures == THROUGHPUT:
        note = f"milliseconds are of one image at the profile's own batch ({profile.batch_stated}), not of batch {batch}"
        return Asked(profile, rebatch(graph, 1), batch, (note,) if batch != 1 else ())
    if batch == profile.batch:
        return Asked(profile, graph, batch)
    if named is not None and batch == 1:
        return Asked(
            profile, rebatch(graph, named), batch, (f"one image was given: priced as a run of {named}",)
        )
    if named is not None or batch not in profile.batches:
        raise unknown_batch(profile, batch)
    return Asked(find_profile(name_at(plain, batch)), graph, batch)
