"""Recurrent layers, which have no kind in the IR: how many sequences one runs at once."""

from __future__ import annotations

from dsim.attrs import UnknownAttrs
from dsim.op import Op

RECURRENT = ("gru", "lstm", "rnn_tanh", "rnn_relu", "rnn")


def sequences_of(op: Op) -> int | None:
    """Return how many sequences a recurrent layer runs at once; None for any other op.

    Its input may lead with the steps or with the sequences. Its last state always reads (layers, sequences, features), and
    ONNX writes all states as (steps, directions, sequences, features), or with the sequences in front.
    """
    if not isinstance(op.attrs, UnknownAttrs) or op.attrs.label not in RECURRENT:
        return None
    given, states = op.inputs[0].shape, op.outputs[0].shape
    if len(states) == 4:
        return states[2] if (states[0], states[2]) == given[:2] else states[0]
    last = op.outputs[1 if len(op.outputs) > 1 else 0].shape
    return last[1] if len(last) == 3 else None
