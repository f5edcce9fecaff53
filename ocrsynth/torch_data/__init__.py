"""Synthetic lines for PyTorch: data sets, samplers, collates and a loader.

``make_loader(LineDataset(recipe, length=10_000), batch_size=32)`` is all that training needs.
"""

from __future__ import annotations

from ocrsynth.errors import MissingDependencyError

try:
    import torch  # noqa: F401 - whether it is there
except ImportError:
    raise MissingDependencyError(
        "ocrsynth.torch_data: package torch is not installed; run: pip install 'ocrsynth[torch]'"
    ) from None

from ocrsynth.charset import Charset
from ocrsynth.torch_data.collate import AttentionCollate, CTCCollate, HFCollate
from ocrsynth.torch_data.datasets import Augment, LineDataset, LineIterable
from ocrsynth.torch_data.loader import make_loader
from ocrsynth.torch_data.samplers import BucketBatchSampler, StreamSampler
from ocrsynth.torch_data.shards import ShardDataset

__all__ = [
    "AttentionCollate",
    "Augment",
    "BucketBatchSampler",
    "CTCCollate",
    "Charset",
    "HFCollate",
    "LineDataset",
    "LineIterable",
    "ShardDataset",
    "StreamSampler",
    "make_loader",
]
