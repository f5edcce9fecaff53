"""Clusters partition every text, and the glyphs of a line are shared out among them without rest."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ocrsynth.shape.clusters import cluster_ranges, glyphs_by_cluster, grapheme_starts

_printable = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co", "Zl", "Zp"]), max_size=40)
_pieces = st.sampled_from(
    ["a", "e\u0301", " ", "👨‍👩‍👧", "🇩🇪", "👍🏿", "\u0308", "\u200d", "कि", "각", "ᄒ", "ᅡ", "ᆫ", "\u0600", "☺\ufe0f"]
)
_texts = st.one_of(
    _printable, st.lists(_pieces, max_size=15).map("".join), st.text(st.characters(max_codepoint=126, min_codepoint=32))
)


@given(_texts)
def test_ranges_partition_the_text(text: str) -> None:
    ranges = cluster_ranges(grapheme_starts(text), len(text))
    assert ranges.dtype == np.int32
    assert ranges.shape[1:] == (2,)
    assert "".join(text[a:b] for a, b in ranges) == text
    assert (ranges[:, 0] < ranges[:, 1]).all()
    edges = ranges.ravel().tolist()
    assert edges[1:-1:2] == edges[2::2]


@given(_texts, _texts)
def test_a_space_is_a_border_of_clusters(before: str, after: str) -> None:
    # Words begin and end at spaces, so a letter on either side of one is never in its cluster.
    text = f"{before}x x{after}"
    starts = grapheme_starts(text)
    assert {len(before) + 1, len(before) + 2} <= set(starts)


@given(_texts)
def test_words_are_whole_clusters(text: str) -> None:
    # A mark after a space would make the space part of a larger cluster; labels are free of that only if sources are.
    starts = set(grapheme_starts(f"{text} {text}")) | {2 * len(text) + 1}
    assert len(text) in starts or text.endswith("\u0600")


@st.composite
def _shaped(draw: st.DrawFn) -> tuple[list[int], list[int], int]:
    """Return cluster values of glyphs as HarfBuzz gives them left to right, cluster starts, and the text's length."""
    text = draw(_texts.filter(bool))
    starts = grapheme_starts(text)
    # HarfBuzz's values never fall, begin with the first character, and may skip what a ligature took in.
    values = sorted(draw(st.lists(st.integers(0, len(text) - 1), max_size=60)))
    if draw(st.booleans()):
        values = [0, *values]
    return values, starts, len(text)


@given(_shaped())
def test_glyphs_are_shared_out_without_rest(shaped: tuple[list[int], list[int], int]) -> None:
    values, starts, length = shaped
    groups = glyphs_by_cluster(values, starts)
    edges = [*starts, length]
    assert [n for _, _, glyphs in groups for n in glyphs] == list(range(len(values)))
    assert groups[0][0] == 0
    assert groups[-1][1] == len(starts)
    assert all(first < end for first, end, _ in groups)
    assert [end for _, end, _ in groups[:-1]] == [first for first, _, _ in groups[1:]]
    for first, end, glyphs in groups:
        assert all(edges[first] <= values[g] < edges[end] for g in glyphs)
    # Only a beginning without glyphs may own none.
    assert all(glyphs for _, _, glyphs in groups[1:])


@given(_texts.filter(bool))
def test_one_glyph_a_character_gives_each_cluster_its_own(text: str) -> None:
    starts = grapheme_starts(text)
    groups = glyphs_by_cluster(list(range(len(text))), starts)
    edges = [*starts, len(text)]
    assert groups == [(i, i + 1, list(range(edges[i], edges[i + 1]))) for i in range(len(starts))]
