"""Trains the recogniser on lines, and reads lines with it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from benchmarks.transfer.lines import SYMBOLS
from benchmarks.transfer.model import CRNN, HEIGHT_PX, STRIDE
from ocrsynth.charset import Charset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from benchmarks.transfer.lines import Lines

BATCH = 32
_RATE = 2e-3
_WIDEST_PX = 1600
"""Lines are cut there in training, so that one odd line does not set the cost of a step."""
_SHORT_SHARE = 0.15
"""In so many of the first steps only the shorter half of the lines is shown: CTC finds its alignment sooner on them."""
_POOL = 24
"""So many batches are sorted by width together: lines of one batch are about equally long, and batches stay random."""


def padded(pictures: list[NDArray[np.uint8]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures in one tensor, uint8 (B, 1, 32, W), white behind the shorter ones, and their frames, int64 (B,)."""
    widest = -(-max(p.shape[1] for p in pictures) // STRIDE) * STRIDE
    out = np.full((len(pictures), 1, HEIGHT_PX, widest), 255, np.uint8)
    for row, picture in zip(out, pictures, strict=True):
        row[0, :, : picture.shape[1]] = picture
    return torch.from_numpy(out), torch.tensor([-(-p.shape[1] // STRIDE) for p in pictures])


def _batches(widths: list[int], steps: int, seed: int, short: float) -> Iterator[list[int]]:
    """Yield the line numbers of *steps* batches: shuffled, then sorted by width within a pool of batches.

    The first share *short* of them holds the shorter half of the lines alone.
    """
    # Order of training, not data: torch's own generator, as its weights.
    generator = torch.Generator().manual_seed(seed)
    done = 0
    middle = sorted(widths)[len(widths) // 2]
    while True:
        order = torch.randperm(len(widths), generator=generator).tolist()
        if done < short * steps:
            order = [i for i in order if widths[i] <= middle][: max(round(short * steps) - done, 1) * BATCH]
        for first in range(0, len(order), BATCH * _POOL):
            pool = sorted(order[first : first + BATCH * _POOL], key=widths.__getitem__)
            batches = [pool[i : i + BATCH] for i in range(0, len(pool), BATCH)]
            for k in torch.randperm(len(batches), generator=generator).tolist():
                if done == steps:
                    return
                done += 1
                yield batches[k]


def new_model(symbols: str = SYMBOLS) -> CRNN:
    """Return an untrained recogniser of *symbols*."""
    model: CRNN = CRNN(len(_charset(symbols))).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def _charset(symbols: str) -> Charset:
    return Charset(symbols, unknown="drop")


def trained(lines: Lines, steps: int, seed: int, start: dict[str, torch.Tensor] | None = None, symbols: str = SYMBOLS) -> CRNN:
    """Return a recogniser after *steps* batches of *lines*; no augmentation.

    With *start*, the weights of a recogniser that reads already, it goes on from there.
    """
    torch.manual_seed(seed)
    model = new_model(symbols)
    charset = _charset(symbols)
    if start is not None:
        model.load_state_dict(start)
    optimiser = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_RATE, total_steps=steps, pct_start=0.1)
    ctc = nn.CTCLoss(zero_infinity=True)
    targets = [charset.encode(label) for label in lines.labels]
    usable = [i for i, p in enumerate(lines.pictures) if targets[i] and p.shape[1] <= _WIDEST_PX]
    started, mean = time.monotonic(), 0.0
    model.train()
    short = _SHORT_SHARE if start is None else 0.0
    for step, batch in enumerate(_batches([lines.pictures[i].shape[1] for i in usable], steps, seed, short), 1):
        numbers = [usable[k] for k in batch]
        images, frames = padded([lines.pictures[i] for i in numbers])
        log_probs = model(images).transpose(0, 1)
        wanted = [targets[i] for i in numbers]
        flat = torch.tensor([n for target in wanted for n in target])
        loss = ctc(log_probs, flat, frames, torch.tensor([len(target) for target in wanted]))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        mean = loss.item() if step == 1 else 0.98 * mean + 0.02 * loss.item()
        if step % 200 == 0 or step == steps:
            print(f"  step {step:5}  loss {mean:.3f}  {time.monotonic() - started:.0f} s", flush=True)
    return model


@torch.no_grad()
def read(model: CRNN, lines: Lines, symbols: str = SYMBOLS) -> list[str]:
    """Return the best reading of every line, greedily decoded."""
    model.eval()
    charset = _charset(symbols)
    order = sorted(range(len(lines.pictures)), key=lambda i: lines.pictures[i].shape[1])
    readings = [""] * len(order)
    for first in range(0, len(order), BATCH):
        numbers = order[first : first + BATCH]
        images, frames = padded([lines.pictures[i] for i in numbers])
        best = model(images).argmax(-1)
        for i, row, n in zip(numbers, best, frames.tolist(), strict=True):
            readings[i] = " ".join(charset.decode_ctc(row[:n].tolist()).split())
    return readings
