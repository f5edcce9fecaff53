"""Trains a small CRNN with CTC on lines that are rendered as they are needed, and tests it on a held-out recipe.

    python examples/train_crnn.py -o run/

Prints the loss and the character error rate; writes a checkpoint that a second call goes on from.  On two cores it takes
less than ten minutes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ocrsynth import Recipe
from ocrsynth.torch_data import Charset, LineDataset, make_loader

HEIGHT, STRIDE = 32, 4


def recipe(seed: int) -> Recipe:
    """Return clean English words; a held-out set is the same recipe with another seed."""
    return Recipe.from_dict(
        {
            "language": "en",
            "seed": seed,
            "text": {"sources": [{"words": {}}], "length_clusters": [2, 14]},
            "degrade": "clean",
            "render": {"height_px": HEIGHT},
            "output": {"image": "png"},
        }
    )


class CRNN(nn.Module):
    """Convolutions that halve the width twice and bring the height to one, then a bidirectional LSTM (Shi et al., 2015)."""

    def __init__(self, classes: int, width: int = 160, hidden: int = 128) -> None:
        super().__init__()

        def block(before: int, after: int, pool: tuple[int, int]) -> list[nn.Module]:
            return [
                nn.Conv2d(before, after, 3, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(pool, pool),
            ]

        self.features = nn.Sequential(
            *block(1, 32, (2, 2)), *block(32, 64, (2, 2)), *block(64, 128, (2, 1)), *block(128, width, (4, 1))
        )
        self.lstm = nn.LSTM(width, hidden, bidirectional=True, batch_first=True)
        self.head = nn.Linear(2 * hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return log probabilities, (B, W / 4, classes), of images (B, 1, 32, W) in 0…1."""
        features = self.features(1 - images).squeeze(2).transpose(1, 2)
        scores: torch.Tensor = self.head(self.lstm(features)[0])
        return scores.log_softmax(-1)


def distance(a: str, b: str) -> int:
    """Return the edit distance of two strings (Wagner and Fischer, 1974)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


@torch.no_grad()
def error_rate(model: CRNN, loader: Any, charset: Charset) -> float:
    """Return the character error rate in percent over a loader."""
    model.eval()
    errors = characters = 0
    for batch in loader:
        best = model(batch["images"]).argmax(-1)
        for numbers, length, text in zip(best, batch["input_lengths"], batch["texts"], strict=True):
            errors += distance(charset.decode_ctc(numbers[: int(length)].tolist()), text)
            characters += len(text)
    model.train()
    return 100 * errors / max(characters, 1)


def main() -> None:
    """Train, test, and keep a checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--test-lines", type=int, default=500)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    train, test = recipe(seed=1), recipe(seed=2)
    charset = Charset.from_recipe(train)
    more = {"stride": STRIDE, "dtype": "float32", "pad_value": 255}
    model = CRNN(len(charset))
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=2e-3, total_steps=options.steps, pct_start=0.1)
    checkpoint = options.out / "checkpoint.pt"
    step = position = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        if (of := saved["schedule"]["total_steps"]) != options.steps:
            parser.error(f"{checkpoint} is of a training of {of} steps; give --steps {of}, or another folder")
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        step, position = saved["step"], saved["position"]
        print(f"goes on from step {step}")

    def save() -> None:
        content = {
            "model": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "step": step,
            "position": position,
        }
        torch.save(content, options.out / "checkpoint.part")
        (options.out / "checkpoint.part").replace(checkpoint)

    # The data set is endless: no line comes twice, and a resumed run goes on with the next.
    loader = make_loader(
        LineDataset(train),
        options.batch_size,
        num_workers=options.workers,
        charset=charset,
        resume=position,
        collate_options=more,
    )
    held_out = make_loader(LineDataset(test, options.test_lines), 64, charset=charset, collate_options=more)
    ctc = nn.CTCLoss(zero_infinity=True)
    started, spoke, mean = time.monotonic(), step, 0.0
    for batch in loader:
        if step >= options.steps:
            break
        log_probs = model(batch["images"])
        loss = ctc(log_probs.transpose(0, 1), batch["targets"], batch["input_lengths"], batch["target_lengths"])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        step, position = step + 1, batch["position"]
        mean = loss.item() if step == spoke + 1 else 0.98 * mean + 0.02 * loss.item()
        if step % 200 == 0 or step == options.steps:
            save()
            print(f"step {step:5}  loss {mean:.3f}  {time.monotonic() - started:.0f} s", flush=True)
    print(f"CER {error_rate(model, held_out, charset):.2f} % on {options.test_lines} held-out lines")


if __name__ == "__main__":
    main()
