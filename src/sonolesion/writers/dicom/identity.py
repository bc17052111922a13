"""Patient and study of the source, taken over unchanged into each result."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import pydicom

CHARACTER_SET = "ISO_IR 192"  # UTF-8
REQUIRED = (
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
    "StudyDescription", "IssuerOfAccessionNumberSequence",
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
        put_elements(self.elements, result)
        result.SpecificCharacterSet = CHARACTER_SET


def take_identity(header: pydicom.Dataset) -> PatientAndStudy:
    """Take the patient and study modules from a source.

    What must be there and is not, is empty.
    """
    taken = take_elements(header, (*REQUIRED, *_OPTIONAL, "SpecificCharacterSet"))
    taken.decode()
    taken.pop("SpecificCharacterSet", None)
    for keyword in REQUIRED:
        if keyword not in taken:
            setattr(taken, keyword, None)
    return PatientAndStudy(taken)


def take_elements(header: pydicom.Dataset, keywords: tuple[str, ...]) -> pydicom.Dataset:
    """Copy the elements of these keywords that are there, malformed ones too."""
    taken = pydicom.Dataset()
    for keyword in keywords:
        if keyword in header:
            taken[keyword] = copy.deepcopy(header[keyword])
    return taken


def put_elements(elements: pydicom.Dataset, result: pydicom.Dataset) -> None:
    """Put elements into a result as they are, in place of those that it has."""
    for element in elements:
        result[element.tag] = copy.deepcopy(element)
