from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicom_results import Written, write
from dicom_source import INSTANCE, SERIES, make_findings, make_source
from drawn_shapes import draw_ellipse
from tiny_bundle import speckle_image


def read_mask(written: Written) -> np.ndarray:
    """The segments (segment, row, column) by highdicom, found by the source image or its frame."""
    assert written.files.segmentation is not None
    found = hd.seg.segread(written.files.segmentation)
    if written.frame is None:
        planes = found.get_pixels_by_source_instance([INSTANCE])
    else:
        planes = found.get_pixels_by_source_frame(INSTANCE, [written.frame])
    return np.moveaxis(planes[0], -1, 0)


def test_segments_together_are_the_mask(with_lesions: Written) -> None:
    segments = read_mask(with_lesions)
    mask = with_lesions.findings.prediction.mask
    assert segments.sum(axis=0).max() == 1
    np.testing.assert_array_equal(segments.any(axis=0), mask)


def test_each_lesion_is_a_segment_and_specks_are_the_last(with_lesions: Written) -> None:
    sizes = [int(s.sum()) for s in read_mask(with_lesions)]
    shape = with_lesions.findings.prediction.mask.shape
    small = int(draw_ellipse(shape, centre=(30, 145), half_axes=(10, 8)).sum())
    large = int(draw_ellipse(shape, centre=(60, 70), half_axes=(30, 20)).sum()) - 3
    assert sizes == [large, small, 2]


def test_pydicom_reads_the_same_pixels(with_lesions: Written) -> None:
    planes = pydicom.dcmread(with_lesions.files.segmentation).pixel_array
    np.testing.assert_array_equal(planes.any(axis=0), with_lesions.findings.prediction.mask)


def test_one_frame_of_several_is_named_with_its_own_class(with_lesions: Written) -> None:
    found = pydicom.dcmread(with_lesions.files.segmentation)
    images = [*found.SourceImageSequence]
    for groups in found.PerFrameFunctionalGroupsSequence:
        images += groups.DerivationImageSequence[0].SourceImageSequence
    assert len(images) == 4
    for image in images:
        assert image.ReferencedSOPInstanceUID == INSTANCE
        assert image.ReferencedSOPClassUID == with_lesions.source.SOPClassUID
        assert image.get("ReferencedFrameNumber") == with_lesions.frame
    (series,) = found.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == SERIES
    (instance,) = series.ReferencedInstanceSequence
    assert instance.ReferencedSOPClassUID == with_lesions.source.SOPClassUID
    assert "ReferencedFrameNumber" not in instance


def test_segments_say_who_made_them(with_lesions: Written) -> None:
    found = hd.seg.segread(with_lesions.files.segmentation)
    first = found.get_segment_description(1)
    assert first.algorithm_type == hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC
    (algorithm,) = first.algorithm_identification
    assert algorithm.AlgorithmName == "sonolesion, tiny 0.1"
    assert f"graph_sha256={'ab' * 32}" in algorithm.AlgorithmParameters
    assert first.tracking_id == "Lesion 1"
    assert found.DeviceSerialNumber == "ab" * 32
    labels = [d.segment_label for d in found.SegmentSequence]
    assert labels == ["Lesion 1", "Lesion 2", "Parts too small to measure"]


@pytest.mark.parametrize(
    "class_uid",
    ["1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.6", "1.2.3.4"],
    ids=["secondary capture", "retired ultrasound", "private"],
)
def test_a_source_of_another_class_is_named_with_that(class_uid: str, tmp_path: Path) -> None:
    source = make_source(speckle_image(128, 165), SOPClassUID=class_uid)
    done = write(tmp_path, source, make_findings())
    np.testing.assert_array_equal(read_mask(done).any(axis=0), done.findings.prediction.mask)
    for path in done.files.paths:
        found = [
            item
            for item in items_of(pydicom.dcmread(path))
            if item.get("ReferencedSOPInstanceUID") == INSTANCE
        ]
        assert found
        assert {item.ReferencedSOPClassUID for item in found} == {class_uid}


def items_of(dataset: pydicom.Dataset) -> Iterator[pydicom.Dataset]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield item
                yield from items_of(item)


def test_what_the_source_lost_by_compression_is_said(tmp_path: Path) -> None:
    source = make_source(
        speckle_image(128, 165),
        LossyImageCompression="01",
        LossyImageCompressionRatio=[12.5],
        LossyImageCompressionMethod="ISO_10918_1",
    )
    files = write(tmp_path, source, make_findings()).files
    for path in (files.segmentation, files.capture):
        found = pydicom.dcmread(path)
        assert found.LossyImageCompression == "01"
        assert found.LossyImageCompressionRatio == 12.5
        assert found.LossyImageCompressionMethod == "ISO_10918_1"


def test_a_mask_that_touches_every_edge(tmp_path: Path) -> None:
    mask = np.ones((128, 165), np.bool_)
    done = write(tmp_path, make_source(speckle_image(128, 165)), make_findings(mask))
    np.testing.assert_array_equal(read_mask(done)[0], mask)


def test_a_frame_of_reference_of_the_source_does_no_harm(tmp_path: Path) -> None:
    source = make_source(speckle_image(128, 165), FrameOfReferenceUID="2.25.9")
    done = write(tmp_path, source, make_findings())
    np.testing.assert_array_equal(read_mask(done).any(axis=0), done.findings.prediction.mask)
