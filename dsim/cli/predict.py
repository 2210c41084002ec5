"""``dsim predict``: what one design costs on a device."""

from __future__ import annotations

import click

from dsim.cli.options import confidence_option, device_option, json_option, print_json


@click.command()
@click.argument("arch")
@device_option
@confidence_option
@json_option
def predict(arch: str, device: str, confidence: float, as_json: bool) -> None:
    """Predict the latency of ARCH on a device, with its interval and where the time goes.

    ARCH is a preset (efficientformer_l1), an arch.json, or the folder of a finished study.
    """
    from dsim.cli.designs import read_design  # deferred: help must not wait for the models
    from dsim.latency.predict import predict as estimate
    from dsim.report.latency import show_latency

    graph = read_design(arch).to_graph()
    answer = estimate(graph, device, confidence=confidence)
    if not as_json:
        show_latency(arch, device, graph, answer)
        return
    print_json(
        {
            "device": device,
            "arch": arch,
            "latency_ms": answer.latency_ms,
            "low_ms": answer.low_ms,
            "high_ms": answer.high_ms,
            "confidence": answer.confidence,
            "p_cliff": answer.p_cliff,
            "complete": answer.complete,
            "fixed_ms": answer.fixed_ms,
            "by_op": answer.by_op,
            "by_scope": answer.by_scope,
            "by_evidence": answer.by_evidence,
            "params": graph.params,
            "macs": graph.macs,
            "notes": list(answer.notes),
        }
    )
