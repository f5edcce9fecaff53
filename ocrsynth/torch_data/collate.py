"""Batches of tensors, made inside the workers."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch

from ocrsynth.errors import RecipeError
from ocrsynth.fields import is_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocrsynth.charset import Charset

Batch = dict[str, Any]
DType = Literal["uint8", "float32"]
_MOST_PIXELS = 1 << 28
_WIDEST_STEP_PX = 1 << 15
_CROWDED, _MOST_CROWDED = 1.2, 2.0
"""So many times as many frames as there are, labels of a batch may need together, and one by itself."""


def images_of(
    items: Sequence[dict[str, Any]], multiple: int, pad_value: int, dtype: DType, most_pixels: int, *, pad_height: bool = False
) -> Batch:
    """Return ``images``, uint8 or float32 in 0…1, (B, C, H, W), padded on the right, and ``widths``, int64 (B,).

    With *pad_height* lower pictures are padded below, and ``heights``, int64 (B,), are there as well.
    Raises ValueError for what is no picture, if heights or channels differ, or if the batch has more than *most_pixels* pixels.
    """
    if not items:
        raise ValueError("batch: must have a sample, got none")
    arrays = [np.asarray(item["image"]) for item in items]
    for item, array in zip(items, arrays, strict=True):
        no_picture = array.dtype != np.uint8 or array.ndim not in (2, 3) or 0 in array.shape
        if no_picture or (array.ndim == 3 and array.shape[2] not in (1, 3)):
            raise ValueError(
                f"sample {item['key']}: its picture must be uint8 (H, W), (H, W, 1) or (H, W, 3), got {array.dtype} "
                f"{array.shape}; a transform gives pictures, and dtype='float32' is an option of the collate"
            )
    heights = [a.shape[0] for a in arrays]
    height = max(heights)
    shapes = {(height if pad_height else a.shape[0], a.shape[2] if a.ndim == 3 else 1) for a in arrays}
    if len(shapes) > 1:
        raise ValueError(
            f"batch: pictures must have one height and one number of channels, got (height, channels) {sorted(shapes)}; "
            "a chain that warps wants Augment(…, keep_height=True), vertical lines a batch of one, "
            "pictures of several lines pad_height=True (of make_loader collate_options={'pad_height': True})"
        )
    [(_, channels)] = shapes
    widths = [a.shape[1] for a in arrays]
    width = -(-max(widths) // multiple) * multiple
    if len(arrays) * channels * height * width > most_pixels:
        raise ValueError(
            f"batch: {len(arrays)} pictures of {channels}×{height}×{width} are more than {most_pixels:,} pixels; "
            "take a smaller batch_size, a smaller render.max_width_px, or a larger most_pixels"
        )
    out = np.full((len(arrays), channels, height, width), pad_value, np.uint8)
    for row, array in zip(out, arrays, strict=True):
        row[:, : array.shape[0], : array.shape[1]] = array if array.ndim == 2 else array.transpose(2, 0, 1)
    images = torch.from_numpy(out)
    if dtype == "float32":
        images = images.to(torch.float32).div_(255)
    sizes = {"widths": torch.tensor(widths)}
    return {"images": images, **sizes, **({"heights": torch.tensor(heights)} if pad_height else {})}


class _Collate:
    def __init__(
        self,
        charset: Charset,
        *,
        width_multiple: int = 8,
        pad_value: int = 0,
        dtype: DType = "uint8",
        most_pixels: int = _MOST_PIXELS,
        pad_height: bool = False,
    ) -> None:
        for name, value, low, high in (
            ("width_multiple", width_multiple, 1, _WIDEST_STEP_PX),
            ("pad_value", pad_value, 0, 255),
            ("most_pixels", most_pixels, 1, 1 << 62),
        ):
            if not is_whole(value, low, high):
                raise RecipeError(f"{name}: must be a whole number from {low} to {high}, got {value!r}; leave it out if unsure")
        if dtype not in get_args(DType):
            raise RecipeError(f"dtype: must be 'uint8' or 'float32', got {dtype!r}; pad_value is on the scale of uint8 in both")
        self.charset = charset
        self.width_multiple = width_multiple
        self.pad_value = pad_value
        self.dtype: DType = dtype
        self.most_pixels = most_pixels
        self.pad_height = pad_height

    def _images(self, items: Sequence[dict[str, Any]]) -> Batch:
        return images_of(items, self.width_multiple, self.pad_value, self.dtype, self.most_pixels, pad_height=self.pad_height)

    def _targets(self, items: Sequence[dict[str, Any]]) -> list[list[int]]:
        # An item's own numbers may be those of another charset.
        found = []
        for item in items:
            try:
                found.append(self.charset.encode(item["text"]))
            except ValueError as error:
                raise ValueError(f"sample {item['key']}: {error}") from None
        return found


def _about(items: list[dict[str, Any]]) -> Batch:
    about: Batch = {"texts": [i["text"] for i in items], "keys": [i["key"] for i in items]}
    # Only batches of a BucketBatchSampler know where they stand.
    return about | ({"position": items[0]["position"]} if items and "position" in items[0] else {})


class CTCCollate(_Collate):
    """Batches for CTC.

    Keys: ``images`` (B, C, H, W), ``widths`` (B,), ``targets`` int64, all labels one behind the other, ``target_lengths``
    and ``input_lengths`` int64 (B,), ``texts``, ``keys``, ``position``.  *stride* is by how much the network narrows a
    picture: ``input_lengths`` are ceil(width / stride).  A label needs a frame for each symbol and one between equal
    neighbours: a picture that is too narrow for it has so much of its padding counted in, for of small condensed type there
    is one such line in some 100,000, and no training should end at it.  Raises ValueError if one is too narrow by half, or the
    whole batch by a fifth, for then the stride is wrong.
    """

    def __init__(self, charset: Charset, *, stride: int = 4, **options: Any) -> None:
        super().__init__(charset, **options)
        if not is_whole(stride, 1, _WIDEST_STEP_PX):
            raise RecipeError(f"stride: must be 1 or more, got {stride!r}; give by how much the network narrows a picture")
        self.stride = stride
        # So that no line has more frames than the network gives for the widest.
        self.width_multiple = math.lcm(self.width_multiple, stride)

    def __call__(self, items: list[dict[str, Any]]) -> Batch:
        """Return the batch of *items*."""
        several = next((item for item in items if "\n" in item["text"]), None)
        if several is not None:
            raise ValueError(
                f"sample {several['key']}: CTC reads one line from left to right, got {several['text']!r}; "
                "take AttentionCollate for several, with pad_height=True"
            )
        batch = self._images(items)
        targets = self._targets(items)
        frames = [-(-width // self.stride) for width in batch["widths"].tolist()]
        needs = [len(target) + sum(a == b for a, b in pairwise(target)) for target in targets]
        worst = max(range(len(items)), key=lambda i: needs[i] / frames[i])
        length, needed, item = frames[worst], needs[worst], items[worst]
        if needed > _MOST_CROWDED * length or sum(needs) > _CROWDED * sum(frames):
            raise ValueError(
                f"sample {item['key']}: {length} frames are too few for the {needed} that its label needs, "
                f"got {item['text']!r}; take a smaller stride, or larger pictures"
            )
        lengths = [max(length, needed) for length, needed in zip(frames, needs, strict=True)]
        lacking = max(lengths) * self.stride - batch["images"].shape[3]
        if lacking > 0:
            more = -(-lacking // self.width_multiple) * self.width_multiple
            value = self.pad_value / 255 if self.dtype == "float32" else self.pad_value
            batch["images"] = torch.nn.functional.pad(batch["images"], (0, more), value=value)
        return {
            **batch,
            "targets": torch.tensor([n for target in targets for n in target], dtype=torch.int64),
            "target_lengths": torch.tensor([len(target) for target in targets]),
            "input_lengths": torch.tensor(lengths),
            **_about(items),
        }


class AttentionCollate(_Collate):
    """Batches for decoders with attention.

    Keys: ``images``, ``widths``, ``targets`` int64 (B, L): BOS, the label, EOS, then padding 0; ``mask`` bool (B, L), True
    where there is no padding; ``target_lengths`` with BOS and EOS.  BOS and EOS are the two numbers behind the charset's.
    """

    def __init__(self, charset: Charset, **options: Any) -> None:
        super().__init__(charset, **options)
        self.bos, self.eos, self.pad = len(charset), len(charset) + 1, charset.blank

    def __call__(self, items: list[dict[str, Any]]) -> Batch:
        """Return the batch of *items*."""
        pictures = self._images(items)
        targets = [[self.bos, *target, self.eos] for target in self._targets(items)]
        longest = max(map(len, targets))
        rows = torch.full((len(targets), longest), self.pad, dtype=torch.int64)
        for row, target in zip(rows, targets, strict=True):
            row[: len(target)] = torch.tensor(target)
        lengths = torch.tensor([len(target) for target in targets])
        mask = torch.arange(longest)[None, :] < lengths[:, None]
        return {**pictures, "targets": rows, "mask": mask, "target_lengths": lengths, **_about(items)}


class HFCollate:
    """Batches for processors of Hugging Face, such as TrOCR's: ``pixel_values`` and ``labels``, padding as -100."""

    def __init__(self, processor: Any) -> None:
        if not hasattr(processor, "tokenizer"):
            raise RecipeError(
                f"processor: must have a tokenizer, got {type(processor).__name__}; give for example a TrOCRProcessor"
            )
        self.processor = processor

    def __call__(self, items: list[dict[str, Any]]) -> Batch:
        """Return the batch of *items*; pictures are given to the processor as RGB."""
        pictures = [np.asarray(item["image"]) for item in items]
        pictures = [p.reshape(*p.shape[:2], -1) for p in pictures]
        pictures = [np.repeat(p, 3, axis=2) if p.shape[2] == 1 else p for p in pictures]
        pixels = self.processor(images=pictures, return_tensors="pt").pixel_values
        coded = self.processor.tokenizer([item["text"] for item in items], padding=True, return_tensors="pt")
        labels = coded.input_ids.masked_fill(coded.attention_mask == 0, -100)
        return {"pixel_values": pixels, "labels": labels, **_about(items)}
