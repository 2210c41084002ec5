"""Run one network, and print how much memory its run takes at the most: ``python -m lab.validate.memory.measure_one torch KEY FILE``.

With ``torch`` the network is also written to FILE as ONNX; ``onnxruntime FILE`` runs such a file. It is a process of its own,
for the peak is that of the process: Linux resets it at will and tells it in /proc/self/status. With MALLOC_MMAP_THRESHOLD_ set
to a small number, memory that is freed goes back at once, and the peak is of what is held at the same time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

RESET_PEAK = "5"  # see proc(5), clear_refs


def status_bytes(key: str) -> int:
    """Return a figure of /proc/self/status."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(key)


def peak_of(run: Callable[[], object]) -> int:
    """Return by how much the third run raises the process's memory."""
    run()
    run()
    Path("/proc/self/clear_refs").write_text(RESET_PEAK, encoding="utf-8")
    before = status_bytes("VmRSS")
    run()
    return status_bytes("VmHWM") - before


def by_torch(key: str, file: Path) -> int:
    """Run a network of `lab.networks.builders` in torch, and write it as ONNX."""
    import torch

    from dsim.graph.key import NetworkKey
    from lab.networks.builders import build

    torch.set_num_threads(1)
    asked = NetworkKey.of(key)
    module = build(asked).to_empty(device="cpu")
    for values in (*module.parameters(), *module.buffers()):
        values.data.fill_(0.01 if values.is_floating_point() else 0)
    image = torch.zeros(1, 3, asked.px, asked.px)
    with torch.no_grad():
        peak = peak_of(lambda: module(image))
        torch.onnx.export(module, (image,), str(file), dynamo=False, opset_version=17)
    return peak


def by_onnxruntime(file: Path) -> int:
    """Run an ONNX file with ONNX Runtime, which then keeps no memory for later."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    image = np.zeros(given.shape, np.float32)
    return peak_of(lambda: session.run(None, {given.name: image}))


if __name__ == "__main__":
    if sys.argv[1] == "torch":
        print(by_torch(sys.argv[2], Path(sys.argv[3])))
    else:
        print(by_onnxruntime(Path(sys.argv[2])))
