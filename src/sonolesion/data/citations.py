"""The data sets that sonolesion reads, and how to cite them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatasetCitation:
    """Where a data set comes from.

    Attributes:
        name: short name, as in `Case.dataset`.
        title: full name.
        contents: what is in it, in one sentence.
        citation: the paper to cite.
        doi: of that paper.
        terms: what its authors ask of users.
    """

    name: str
    title: str
    contents: str
    citation: str
    doi: str
    terms: str


DATASETS = (
    DatasetCitation(
        name="busi",
        title="Dataset of breast ultrasound images (BUSI)",
        contents="780 images of 600 women, one site, 2018: 437 benign, 210 malignant, 133 normal; "
        "no patient ids, many near-duplicates.",
        citation="Al-Dhabyani W, Gomaa M, Khaled H, Fahmy A. Dataset of breast ultrasound images. "
        "Data in Brief 28 (2020) 104863.",
        doi="10.1016/j.dib.2019.104863",
        terms="Cite the paper; see the data set's own page for its terms.",
    ),
    DatasetCitation(
        name="bus_bra",
        title="BUS-BRA: a breast ultrasound dataset for assessing computer-aided diagnosis systems",
        contents="1,875 images of 1,064 patients, four scanners: 1,268 benign, 607 malignant, no "
        "normals; patients named.",
        citation="Gomez-Flores W, Gregorio-Calas MJ, Coelho de Albuquerque Pereira W. BUS-BRA: a "
        "breast ultrasound dataset for assessing computer-aided diagnosis systems. Medical Physics "
        "51 (2024) 3110-3123.",
        doi="10.1002/mp.16812",
        terms="Free use of any kind if the paper is cited; see LICENSE.txt in the data set.",
    ),
    DatasetCitation(
        name="breast",
        title="BrEaST: curated benchmark dataset for ultrasound based breast lesion analysis",
        contents="256 images of 256 patients: benign, malignant and four normal; several lesions "
        "in some images.",
        citation="Pawlowska A, Cwierz-Pienkowska A, Domalik A, et al. Curated benchmark dataset "
        "for ultrasound based breast lesion analysis. Scientific Data 11 (2024) 148.",
        doi="10.1038/s41597-024-02984-z",
        terms="CC BY 4.0; cite the paper.",
    ),
    DatasetCitation(
        name="bus_uclm",
        title="BUS-UCLM: breast ultrasound lesion segmentation dataset",
        contents="683 images of 38 patients, one scanner, 2022 to 2023: 174 benign, 90 malignant, "
        "419 normal; patients named.",
        citation="Vallez N, Bueno G, Deniz O, Rienda MA, Pastor C. BUS-UCLM: breast ultrasound "
        "lesion segmentation dataset. Scientific Data 12 (2025) 242.",
        doi="10.1038/s41597-025-04562-3",
        terms="Cite the paper; see the data set's own page for its terms.",
    ),
)
"""All data sets with a reader."""
