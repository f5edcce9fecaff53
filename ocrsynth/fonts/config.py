"""The recipe's ``fonts`` section: which fonts there are, and how often which is drawn in what style."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from ocrsynth.fields import MOST_WEIGHT, Range, Section, Within
from ocrsynth.fonts import catalogue

if TYPE_CHECKING:
    from ocrsynth.fonts.catalogue import FontClass

_TAG = re.compile(r"[A-Za-z0-9]{4}")
_RAISED, _SMALL, _OTHERS = "raised, lowered or small figures and letters", "small capitals", "other characters"
_OTHER_CHARACTERS = (
    dict.fromkeys(("afrc", "frac", "numr", "dnom", "sups", "subs", "sinf", "ordn"), _RAISED)
    | dict.fromkeys(("smcp", "c2sc", "pcap", "c2pc", "unic"), _SMALL)
    | dict.fromkeys(("aalt", "nalt", "hist", "mgrk", "hngl", "smpl", "trad", "tnam"), _OTHERS)
)
"""Features that no picture may have: what it shows would be another text than its label's."""


def _default_classes() -> dict[FontClass, float]:
    return {
        "serif": 3,
        "sans": 4,
        "mono": 1.5,
        "typewriter": 0.3,
        "slab": 1,
        "condensed": 1,
        "hand": 0.5,
        "display": 0.5,
        "other": 4,
    }


def _default_features() -> dict[str, float]:
    return {"liga": 0.9, "onum": 0.08, "tnum": 0.08, "zero": 0.05}


class FontConfig(Section):
    """The recipe's ``fonts`` section: which fonts there are, and how often which is drawn in what style."""

    sets: tuple[str, ...] = ("default",)
    """Font sets by name, from packages."""
    folders: tuple[str, ...] = ()
    """Folders of font files, searched with all below them."""
    system: bool = Field(default=False, description="whether to take the fonts of this system as well")
    families: tuple[str, ...] = Field(default=(), description="only these families; empty for all")
    classes: dict[catalogue.FontClass, Annotated[float, Field(ge=0, le=MOST_WEIGHT)]] = Field(default_factory=_default_classes)
    """Weights of the classes of families; fonts from folders are of class other."""
    italic: float = Field(
        default=0.15, ge=0, le=1, description="share of italic faces, or of faces that lean by an axis, if there are any"
    )
    regular: float = Field(default=0.45, ge=0, le=1, description="share of lines in the regular weight and width")
    fallback: bool = Field(default=True, description="whether figures and punctuation may come from another font")
    weight: Annotated[Range, Within(1, 1000)] = Range(300, 800)
    """Weights drawn where a line is not regular, on the scale of OpenType (400 is regular)."""
    width_percent: Annotated[Range, Within(25, 200)] = Range(75, 125)
    """Widths drawn where a line is not regular and the font has a width axis."""
    optical_size_pt: Annotated[Range, Within(1, 1000)] = Range(6, 40)
    """Sizes of type drawn where a line is not regular, of fonts that are cut for each: small sturdy, large fine."""
    features: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=_default_features, json_schema_extra={"propertyNames": {"pattern": f"^{_TAG.pattern}$"}}
    )
    """Shares of lines with an OpenType feature, by its tag, of the fonts that have it."""
    synthetic_bold: float = Field(default=0.03, ge=0, le=1, description="share of lines thickened, of families without a bold")
    bold_em: Annotated[Range, Within(0, 0.1)] = Range(0.015, 0.045)
    """By how much outlines are thickened."""
    synthetic_slant: float = Field(default=0.04, ge=0, le=1, description="share of lines slanted, if a family has no italic")
    slant_ratio: Annotated[Range, Within(-0.5, 0.5)] = Range(0.12, 0.28)
    """Tangent of the angle of slanted letters."""
    spaced: float = Field(default=0.12, ge=0, le=1, description="share of lines with wider or narrower letters and words")
    letter_spacing_em: Annotated[Range, Within(-0.1, 2)] = Range(-0.02, 0.12)
    """Distance added between letters of such lines; never in scripts whose letters join."""
    word_spacing_em: Annotated[Range, Within(-0.15, 4)] = Range(-0.05, 0.5)
    """Distance added between words of such lines."""
    stressed: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of the other lines with a few words letter-spaced, to stress them; left out: as the language does",
    )
    stress_em: Annotated[Range, Within(0, 0.5)] = Range(0.08, 0.25)
    """Distance added between letters of such words."""
    pitched: float = Field(
        default=0.0, ge=0, le=1, description="share of lines in serif and slab fonts whose letters stand in cells of one width"
    )
    pitch_em: Annotated[Range, Within(0.4, 1.5)] = Range(0.52, 0.66)
    """Width of the cells of such lines; letters too wide for them are made narrower, as on a typewriter."""

    @field_validator("features")
    @classmethod
    def _keep_characters(cls, value: dict[str, float]) -> dict[str, float]:
        for tag, share in value.items():
            if not _TAG.fullmatch(tag):
                raise PydanticCustomError(
                    "feature",
                    "'{tag}' is no OpenType tag of four letters and digits",
                    {"tag": tag, "advice": "see what tags there are, such as liga or onum"},
                )
            if share and tag in _OTHER_CHARACTERS:
                raise PydanticCustomError(
                    "feature",
                    "'{tag}' shows {what}, not the characters of the label",
                    {"tag": tag, "what": _OTHER_CHARACTERS[tag], "advice": "leave it out"},
                )
        return value

    @property
    def all_folders(self) -> tuple[str, ...]:
        """Return the folders, with those of the system where the recipe asks for them."""
        return (*self.folders, *catalogue.system_folders()) if self.system else self.folders
