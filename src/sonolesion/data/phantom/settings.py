"""What to draw: sizes, shares of classes and how often each peculiarity of BUSI occurs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sonolesion.errors import InvalidInputError
from sonolesion.types import LesionClass


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomSettings:
    """Settings of a phantom data set; the defaults resemble BUSI.

    All `*_fraction` values are probabilities in [0, 1], drawn per case. The three class fractions
    are shares: they need a positive sum, not a sum of one.

    Attributes:
        width_px: smallest and largest image width, pixels.
        height_px: smallest and largest image height, pixels.
        normal_fraction: share of images without a lesion.
        benign_fraction: share of images with a benign lesion.
        malignant_fraction: share of images with a malignant lesion.
        lesion_area: smallest and largest share of the image that the lesion covers.
        atypical_fraction: lesions that look like the other class (round, circumscribed cancers;
            irregular, shadowing benign lesions), so that no single sign decides the class.
        caliper_fraction: lesion images with "+" pairs joined by dotted lines.
        text_fraction: images with a line of screen text such as "RT UOQ".
        twin_fraction: images that are an earlier one saved again, slightly recropped and re-gained.
        contradiction_fraction: twins of lesion images that carry the other lesion class.
        double_mask_fraction: lesion images whose truth comes in two mask files.

    Raises:
        InvalidInputError: a fraction outside [0, 1], a reversed or too small range, or class
            fractions that are all zero.

    >>> PhantomSettings(caliper_fraction=1.0).class_shares()[LesionClass.BENIGN]
    0.56
    """

    width_px: tuple[int, int] = (450, 800)
    height_px: tuple[int, int] = (400, 600)
    normal_fraction: float = 0.17
    benign_fraction: float = 0.56
    malignant_fraction: float = 0.27
    lesion_area: tuple[float, float] = (0.03, 0.25)
    atypical_fraction: float = 0.12
    caliper_fraction: float = 0.15
    text_fraction: float = 0.5
    twin_fraction: float = 0.0
    contradiction_fraction: float = 0.0
    double_mask_fraction: float = 0.03

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_fraction") and not 0.0 <= value <= 1.0:
                raise InvalidInputError(f"{item.name} must lie in [0, 1], got {value}.")
        for name, floor in (("width_px", 128), ("height_px", 128), ("lesion_area", 0.002)):
            low, high = getattr(self, name)
            if not floor <= low <= high:
                raise InvalidInputError(
                    f"{name} must be (low, high) with {floor} <= low <= high, got {(low, high)}."
                )
        if self.lesion_area[1] > 0.35:
            raise InvalidInputError(
                f"lesion_area may reach 0.35 (a lesion has to fit), got {self.lesion_area[1]}."
            )
        if sum(self.class_shares().values()) <= 0.0:
            raise InvalidInputError("at least one class fraction must be above 0.")

    def class_shares(self) -> dict[LesionClass, float]:
        """Return the three class fractions by class, in the order of `LesionClass`."""
        return {
            LesionClass.NORMAL: self.normal_fraction,
            LesionClass.BENIGN: self.benign_fraction,
            LesionClass.MALIGNANT: self.malignant_fraction,
        }
