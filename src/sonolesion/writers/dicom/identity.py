"""Patient and study of the source, taken over unchanged into each result."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import pydicom

CHARACTER_SET = "ISO_IR 192"  # UTF-8
_REQUIRED = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
    "StudyID", "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
_OPTIONAL = (
    "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "TypeOfPatientID",
    "PatientBirthTime", "OtherPatientIDsSequence", "OtherPatientNames", "EthnicGroup",
    "ReferencedPatientSequence", "QualityControlSubject", "PatientSpeciesDescription",
    "PatientSpeciesCodeSequence", "PatientBreedDescription", "PatientBreedCodeSequence",
    "BreedRegistrationSequence", "ResponsiblePerson", "ResponsiblePersonRole",
    "ResponsibleOrganization", "PatientIdentityRemoved", "DeidentificationMethod",
    "DeidentificationMethodCodeSequence", "PatientAge", "PatientSize", "PatientWeight",
    "StudyDescription", "IssuerOfAccessionNumberSequence", "TimezoneOffsetFromUTC",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PatientAndStudy:
    """The elements of the patient and study modules; never printed.

    Attributes:
        elements: in UTF-8. Free-text comments are left out.
    """

    elements: pydicom.Dataset = field(repr=False)

    def copy_into(self, result: pydicom.Dataset) -> None:
        """Put the elements into a result, malformed ones too: a PACS matches by their value."""
        for element in self.elements:
            result[element.tag] = copy.deepcopy(element)
        result.SpecificCharacterSet = CHARACTER_SET


def take_identity(header: pydicom.Dataset) -> PatientAndStudy:
    """Take the patient and study modules from a source; what must be there and is not is empty."""
    taken = pydicom.Dataset()
    for keyword in (*_REQUIRED, *_OPTIONAL, "SpecificCharacterSet"):
        if keyword in header:
            taken[keyword] = copy.deepcopy(header[keyword])
    taken.decode()
    taken.pop("SpecificCharacterSet", None)
    for keyword in _REQUIRED:
        if keyword not in taken:
            setattr(taken, keyword, None)
    return PatientAndStudy(taken)
