from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicom_results import Written, write
from dicom_source import INSTANCE, SHAPE, SPACING_MM, make_findings, make_source
from matplotlib.path import Path as Polygon
from tiny_bundle import speckle_image

from sonolesion.inference.measure import DRAFT_NOTICE
from sonolesion.inference.measure.components import find_lesions
from sonolesion.inference.measure.region import Window
from sonolesion.types import LesionClass


def read_report(written: Written) -> hd.sr.MeasurementReport:
    return hd.sr.srread(written.files.report).content


def groups_of(content: hd.sr.MeasurementReport) -> tuple[list, list]:
    """Groups with a region, and groups without one."""
    return (
        content.get_planar_roi_measurement_groups(),
        content.get_image_measurement_groups(),
    )


def texts(group: object, code: str) -> list[str]:
    items = group[0].ContentSequence
    return [i.TextValue for i in items if i.ConceptNameCodeSequence[0].CodeValue == code]


def comments(group: object) -> list[str]:
    return texts(group, "121106")


def values(group: object) -> dict[str, tuple[float, str]]:
    return {m.name.meaning: (m.value, m.unit.value) for m in group.get_measurements()}


def test_the_image_has_class_and_probability(written: Written) -> None:
    _, images = groups_of(read_report(written))
    image = images[0]
    label = written.findings.prediction.label
    assert image.tracking_identifier == "Whole image"
    assert image.finding_type.value == {"normal": "17621005", "malignant": "21594007"}[label]
    assert values(image) == {"Probability of cancer": (75.0, "%")}
    (source,) = image.source_images
    assert source.referenced_sop_instance_uid == INSTANCE
    assert source.referenced_frame_numbers == (None if written.frame is None else [written.frame])
    (site,) = image.finding_sites
    assert (site.value.meaning, site.laterality.meaning) == ("Breast", "Left")


def test_no_lesion_is_said_and_has_no_group(written: Written) -> None:
    content = read_report(written)
    regions, images = groups_of(content)
    said = "No lesion was outlined: there is no segmentation and no measurement."
    empty = not written.findings.prediction.mask.any()
    assert (said in comments(images[0])) == empty
    assert len(regions) == (0 if empty else 2)
    assert len(images) == (1 if empty else 3)
    assert (written.files.segmentation is None) == empty


def test_units_are_mm_only_with_a_spacing(with_lesions: Written) -> None:
    regions, images = groups_of(read_report(with_lesions))
    known = with_lesions.findings.lesions.spacing_mm is not None
    lesions = with_lesions.findings.lesions.lesions
    for lesion, region, diameters in zip(lesions, regions, images[1:], strict=True):
        size, place = lesion.size, lesion.place
        if known:
            area, depth = (size.area_mm2, "mm2"), (place.depth_top_mm, "mm")
            axes = [(size.longest_mm, "mm"), (size.perpendicular_mm, "mm")]
        else:
            area, depth = (size.area_px, "{pixels}"), (place.depth_top_px, "{pixels}")
            axes = [(size.longest_px, "{pixels}"), (size.perpendicular_px, "{pixels}")]
        found = values(region) | values(diameters)
        for name, (value, unit) in zip(
            ("Area", "Depth", "Long Axis", "Short Axis"), (area, depth, *axes), strict=True
        ):
            assert found[name][0] == pytest.approx(value, abs=1e-4)
            assert found[name][1] == unit
    sentence = "from the ultrasound region of the source image" if known else "not in mm"
    assert any(sentence in text for text in comments(images[0]))


def test_known_sizes_of_the_drawn_ellipse(with_lesions: Written) -> None:
    """Half axes of 30 columns and 20 rows; pixels of .1 x .2 mm with a spacing."""
    _, images = groups_of(read_report(with_lesions))
    found = values(images[1])
    known = with_lesions.findings.lesions.spacing_mm is not None
    expected = (60 * SPACING_MM[1], 40 * SPACING_MM[0]) if known else (60, 40)
    assert found["Long Axis"][0] == pytest.approx(expected[0], rel=0.02)
    assert found["Short Axis"][0] == pytest.approx(expected[1], rel=0.02)


def test_the_region_is_the_lesion_to_the_pixel(with_lesions: Written) -> None:
    regions, _ = groups_of(read_report(with_lesions))
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    centres = np.column_stack([columns.ravel(), rows.ravel()])
    expected = find_lesions(with_lesions.findings.prediction.mask).regions
    whole = Window(0, SHAPE[0], 0, SHAPE[1])
    for group, region in zip(regions, expected, strict=True):
        points = group.roi.value
        np.testing.assert_array_equal(points[0], points[-1])
        inside = Polygon(points).contains_points(centres).reshape(SHAPE)
        np.testing.assert_array_equal(inside, whole.place(region))
        (source,) = group.roi.ContentSequence
        assert source.referenced_sop_instance_uid == INSTANCE
        frames = None if with_lesions.frame is None else [with_lesions.frame]
        assert source.referenced_frame_numbers == frames


def test_diameters_have_their_ends_and_the_length_between_them(with_lesions: Written) -> None:
    _, images = groups_of(read_report(with_lesions))
    row_mm, col_mm = with_lesions.findings.lesions.spacing_mm or (1.0, 1.0)
    for group in images[1:]:
        for measurement in group.get_measurements():
            (line,) = measurement.referenced_coordinates
            (x0, y0), (x1, y1) = line.value
            length = np.hypot((x1 - x0) * col_mm, (y1 - y0) * row_mm)
            assert measurement.value == pytest.approx(length, abs=2e-4)


def test_lesions_are_tracked_into_the_segmentation(with_lesions: Written) -> None:
    regions, images = groups_of(read_report(with_lesions))
    segments = pydicom.dcmread(with_lesions.files.segmentation).SegmentSequence
    expected = [(s.TrackingID, s.TrackingUID) for s in segments][:2]
    for groups in (regions, images[1:]):
        assert [(g.tracking_identifier, g.tracking_uid) for g in groups] == expected


def test_the_draft_is_marked_as_one(with_lesions: Written) -> None:
    regions, _ = groups_of(read_report(with_lesions))
    for group in regions:
        (draft,) = [text for text in comments(group) if "lexicon" in text]
        assert draft.startswith("DRAFT description in words of the BI-RADS lexicon.")
        assert draft.endswith(DRAFT_NOTICE)
        assert "shape: oval" in draft


def test_a_hole_is_counted_and_said(with_lesions: Written) -> None:
    regions, _ = groups_of(read_report(with_lesions))
    said = [any("3 pixels open" in text for text in comments(group)) for group in regions]
    assert said == [True, False]


def test_the_observer_is_this_program_with_its_model(written: Written) -> None:
    content = read_report(written)
    (observer,) = content.get_observer_contexts(observer_type=hd.sr.CodedConcept(
        "121007", "DCM", "Device"))  # fmt: skip
    device = observer.observer_identifying_attributes
    assert device.manufacturer_name == "sonolesion"
    assert device.model_name == "tiny 0.1"
    assert device.serial_number == "ab" * 32
    _, images = groups_of(content)
    assert texts(images[0], "111001") == ["sonolesion, tiny 0.1"]
    assert f"graph_sha256={'ab' * 32}" in texts(images[0], "111002")


def test_flags_and_evidence(written: Written) -> None:
    found = pydicom.dcmread(written.files.report)
    assert (found.CompletionFlag, found.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert found.PreliminaryFlag == "PRELIMINARY"
    named = {
        item.ReferencedSOPInstanceUID
        for keyword in (
            "CurrentRequestedProcedureEvidenceSequence",
            "PertinentOtherEvidenceSequence",
        )
        for study in found.get(keyword, ())
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    expected = {INSTANCE}
    if written.files.segmentation is not None:
        expected.add(pydicom.dcmread(written.files.segmentation).SOPInstanceUID)
    assert named == expected


def test_a_spacing_by_hand_is_called_so(tmp_path: Path) -> None:
    source = make_source(speckle_image(*SHAPE))
    done = write(tmp_path, source, make_findings(spacing_mm=(0.3, 0.3)))
    _, images = groups_of(read_report(done))
    assert any("0.3 x 0.3 mm, given by hand." in text for text in comments(images[0]))


def test_doubt_and_alert_are_said(tmp_path: Path) -> None:
    findings = make_findings(
        unsure=True,
        malignant_alert=True,
        disagreement=True,
        prediction_set=(LesionClass.BENIGN, LesionClass.MALIGNANT),
    )
    done = write(tmp_path, make_source(speckle_image(*SHAPE)), findings)
    _, images = groups_of(read_report(done))
    said = comments(images[0])
    assert "Unsure: have the image read." in said
    assert "Classes that cannot be ruled out: benign, malignant." in said
    assert any(text.startswith("Malignant alert") for text in said)
    assert any("contradicted each other" in text for text in said)


def test_a_lesion_cut_by_the_edge_has_lower_bounds(tmp_path: Path) -> None:
    mask = np.zeros(SHAPE, np.bool_)
    mask[40:80, :50] = True
    done = write(tmp_path, make_source(speckle_image(*SHAPE)), make_findings(mask))
    regions, _ = groups_of(read_report(done))
    assert any("every size is a lower bound" in text for text in comments(regions[0]))
    assert regions[0].roi.value.min() == 0.0


def test_a_long_outline_is_thinned_to_what_an_element_holds(tmp_path: Path) -> None:
    """A comb of 16 teeth has an outline of over 12,000 points."""
    shape = (400, 1200)
    mask = np.zeros(shape, np.bool_)
    mask[5:10, 5:1195] = True
    mask[5:390, 5:1195:75] = True
    pixels = np.full(shape, 90, np.uint8)
    done = write(tmp_path, make_source(pixels), make_findings(mask, pixels=pixels))
    regions, _ = groups_of(read_report(done))
    assert 3000 < len(regions[0].roi.value) <= 4001
