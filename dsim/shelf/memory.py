"""What activations of published networks take at once on a device: worked out when a limit asks for it, and kept in the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import nullcontext

from dsim.cache import cache_file, keep, look_up
from dsim.device.number_bytes import number_bytes
from dsim.device.profile import DeviceProfile
from dsim.graph.batch import rebatch
from dsim.graph.memory import peak_memory_bytes
from dsim.graph.passes import run_passes
from dsim.latency.content import content_hash
from dsim.latency.learners import rests_on
from dsim.latency.networks import read_graph
from dsim.progress import working

QUIET = 20  # networks that are read before anyone waits
FORMAT = 1  # raised where the same graphs give other figures


def memory_bytes(profile: DeviceProfile, keys: Iterable[str]) -> dict[str, int]:
    """Return the most bytes that activations of networks take at once on a device, by the keys of their graphs."""
    wanted = list(dict.fromkeys(keys))
    digest = hashlib.sha256(f"{FORMAT} {content_hash(rests_on(profile))}".encode()).hexdigest()
    path = cache_file("shelf-memory", profile.name, digest)
    numbers = look_up(path, _read) or {}
    missing = [key for key in wanted if key not in numbers]
    said = (
        working("reading what activations take", total=len(missing), unit="networks", once=True)
        if len(missing) > QUIET
        else nullcontext()
    )
    with said as work:
        for key in missing:
            graph = run_passes(rebatch(read_graph(key), profile.batch), profile.passes)
            numbers[key] = peak_memory_bytes(graph, 1)
            if work:
                work.step()
    if missing:
        keep(path, json.dumps(numbers).encode())
    each = number_bytes(profile.precision).activation
    return {key: numbers[key] * each for key in wanted}


def _read(content: bytes) -> dict[str, int]:
    return {str(key): int(count) for key, count in json.loads(content).items()}
