"""Codes of the concepts in the objects: SNOMED CT, DICOM (PS3.16) and units of UCUM."""

from __future__ import annotations

from highdicom.sr import CodedConcept, FindingSite

from sonolesion.types import LesionClass


def _sct(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, "SCT", meaning)


def _dcm(value: str, meaning: str) -> CodedConcept:
    return CodedConcept(value, "DCM", meaning)


LESION = _sct("52988006", "Lesion")
ABNORMAL_STRUCTURE = _sct("49755003", "Morphologically Abnormal Structure")
BREAST = _sct("76752008", "Breast")
SIDES = {"R": _sct("24028007", "Right"), "L": _sct("7771000", "Left")}
BREAST_ULTRASOUND = _sct("47079000", "Ultrasonography of breast")
ARTIFICIAL_INTELLIGENCE = _dcm("123110", "Artificial Intelligence")
DEVICE = _dcm("121007", "Device")
COMMENT = _dcm("121106", "Comment")
SOURCE_IMAGE = _dcm("121322", "Source image for image processing operation")

FINDINGS = {
    LesionClass.NORMAL: _sct("17621005", "Normal"),
    LesionClass.BENIGN: _sct("30807003", "Benign"),
    LesionClass.MALIGNANT: _sct("21594007", "Malignant"),
}

LONG_AXIS = _sct("103339001", "Long Axis")
SHORT_AXIS = _sct("103340004", "Short Axis")
AREA = _sct("42798000", "Area")
DEPTH = _sct("131197000", "Depth")
PROBABILITY_OF_CANCER = _dcm("111047", "Probability of cancer")

MILLIMETRE = CodedConcept("mm", "UCUM", "millimeter")
SQUARE_MILLIMETRE = CodedConcept("mm2", "UCUM", "square millimeter")
PIXELS = CodedConcept("{pixels}", "UCUM", "pixels")
PERCENT = CodedConcept("%", "UCUM", "Percent")


def breast(laterality: str) -> FindingSite:
    """The breast as a finding site; `laterality` is "R", "L" or empty for unknown."""
    return FindingSite(BREAST, laterality=SIDES.get(laterality))
