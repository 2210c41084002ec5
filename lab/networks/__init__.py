"""Build published networks, and trace them into the graphs that come with dsim.

It needs timm, torchvision and pytorchcv, which neither users nor tests need:
``pip install -c constraints.txt torch`` and then ``pip install -c constraints.txt -e '.[lab]'`` (`make data` does both). Where torch
is a CPU build already, the second command keeps it: torchvision asks for torch 2.13.0, timm and pytorchcv for any torch and
torchvision, and none of them for CUDA. torchvision's compiled part does not load beside such a torch, and is not needed;
with_timm.py sees to that.

- ``python -m lab.networks.trace`` traces what profiles name into dsim/data/graphs;
- ``python -m lab.networks.summaries`` makes what the accuracy model sees of published networks;
- ``python -m lab.networks.compare_presets`` compares dsim's presets with timm's networks.
"""
