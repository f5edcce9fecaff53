"""The recogniser that every recipe trains: a CRNN with CTC (Shi et al., 2015), 1.3 million weights, for lines 32 px high."""

from __future__ import annotations

import torch
from torch import nn

HEIGHT_PX = 32
STRIDE = 4
"""By how much the network narrows a picture."""


def _block(before: int, after: int, pool: tuple[int, int]) -> list[nn.Module]:
    return [
        nn.Conv2d(before, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(pool, pool),
    ]


class CRNN(nn.Module):
    """Four convolutions that narrow a line by four, one over its whole height, and an LSTM both ways.

    Most weights are in the LSTM, where they cost least: a training of 3,000 steps is meant for one processor.
    """

    def __init__(self, classes: int, hidden: int = 272) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(inplace=True),
            *_block(16, 32, (2, 2)),
            *_block(32, 80, (2, 1)),
            nn.Conv2d(80, 128, 3, padding=1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(inplace=True),
            nn.Conv2d(128, 192, (4, 1), bias=False),
            nn.BatchNorm2d(192),
            nn.ReLU(inplace=True),
        )
        self.dropout = nn.Dropout(0.1)
        self.lstm = nn.LSTM(192, hidden, bidirectional=True, batch_first=True)
        self.head = nn.Linear(2 * hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return log probabilities, (B, W / 4, classes), of images uint8 (B, 1, 32, W), W a multiple of 4."""
        ink = 1 - images.to(torch.float32) / 255
        features = self.features(ink.contiguous(memory_format=torch.channels_last)).squeeze(2).transpose(1, 2)
        scores: torch.Tensor = self.head(self.dropout(self.lstm(self.dropout(features))[0]))
        return scores.log_softmax(-1)


def weights_of(model: nn.Module) -> int:
    """Return the number of trained weights."""
    return sum(p.numel() for p in model.parameters())
