from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonolesion.data.readers import list_dataset
from sonolesion.data.scan import load_case, map_cases, scan_case
from sonolesion.files import sha256_file
from sonolesion.types import Case, LesionClass


def only_case(root: Path) -> Case:
    (case,) = list_dataset(root).cases
    return case


def test_masks_are_united_and_hashed(tree) -> None:
    from_left, from_right = np.zeros((2, 96, 120), np.bool_)
    from_left[10:20, 10:30] = True  # 200 pixels
    from_right[15:25, 20:40] = True  # 200 pixels, 50 of them shared
    tree.add("benign", 1, mask=from_left)
    Image.fromarray(from_right).save(tree.root / "benign" / "benign (1)_mask_1.png")
    case = only_case(tree.root)
    scan = scan_case(case)
    assert scan.masks_px == (200, 200)
    assert scan.lesion_px == 350
    assert (scan.width_px, scan.height_px) == (120, 96)
    assert scan.image_sha256 == sha256_file(case.image_path)
    assert scan.masks_sha256 == tuple(sha256_file(p) for p in case.mask_paths)
    assert scan.problems == ()


def test_previews_are_small_and_fit_each_other(tree) -> None:
    tree.add("benign", 1, np.full((300, 600), 90, np.uint8))
    scan = scan_case(only_case(tree.root))
    assert scan.preview is not None
    assert scan.preview_mask is not None
    assert scan.preview.shape == scan.preview_mask.shape == (128, 256)
    assert scan.preview_mask.mean() == pytest.approx(scan.lesion_px / (300 * 600), rel=0.02)


def test_each_file_is_read_once(tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.add("benign", 1, masks=2)
    read: list[str] = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda p: (read.append(p.name), real(p))[1])
    scan_case(only_case(tree.root))
    assert sorted(read) == ["benign (1).png", "benign (1)_mask.png", "benign (1)_mask_1.png"]


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("truncated", "unreadable_image", "E-IMG-002"),
        ("text", "unreadable_image", "E-IMG-002"),
        ("missing", "unreadable_image", "E-IMG-002"),
        ("1x1", "image_size", "E-IMG-004"),
        ("12000x12000", "image_size", "E-IMG-004"),
        ("two frames", "unsupported_image", "E-IMG-003"),
        ("mask size", "mask_mismatch", "E-IMG-005"),
        ("mask text", "unreadable_mask", "E-IMG-002"),
        ("no mask", "mask_missing", "benign (1)_mask.png"),
    ],
)
def test_faults_become_problems_that_say_what_to_do(tree, fault: str, kind: str, code: str) -> None:
    tree.add("benign", 1)
    case = only_case(tree.root)
    image, (mask,) = case.image_path, case.mask_paths
    if fault == "truncated":
        image.write_bytes(image.read_bytes()[:600])
    elif fault == "text":
        image.write_text("not a picture")
    elif fault == "missing":
        image.unlink()
    elif fault == "1x1":
        Image.new("L", (1, 1)).save(image)
    elif fault == "12000x12000":
        Image.new("1", (12000, 12000)).save(image)
    elif fault == "two frames":
        frames = [Image.new("L", (64, 64), v) for v in (0, 99)]
        frames[0].save(image, save_all=True, append_images=frames[1:])
    elif fault == "mask size":
        Image.new("1", (50, 40)).save(mask)
    elif fault == "mask text":
        mask.write_text("not a mask")
    else:
        mask.unlink()
        case = only_case(tree.root)
    loaded = load_case(case)
    (problem,) = loaded.problems
    assert (problem.kind, problem.case_id) == (kind, "benign (1)")
    assert code in problem.message
    assert image.stem in problem.message
    assert (loaded.pixels is None) == (
        kind in {"unreadable_image", "image_size", "unsupported_image"}
    )


def test_a_normal_case_needs_no_mask(tree) -> None:
    tree.add("normal", 1, masks=0)
    loaded = load_case(only_case(tree.root))
    assert loaded.problems == ()
    assert loaded.mask is not None
    assert not loaded.mask.any()
    assert loaded.case.label is LesionClass.NORMAL


class Bar:
    def __init__(self) -> None:
        self.done = 0
        self.closed = False

    def advance(self, steps: int = 1) -> None:
        self.done += steps

    def close(self) -> None:
        self.closed = True


def test_results_keep_their_order_and_progress_is_told() -> None:
    bar = Bar()
    asked: list[tuple[str, int]] = []

    def start(description: str, total: int) -> Bar:
        asked.append((description, total))
        return bar

    got = map_cases(lambda n: n * n, range(50), description="Squares", workers=4, progress=start)
    assert got == [n * n for n in range(50)]
    assert asked == [("Squares", 50)]
    assert (bar.done, bar.closed) == (50, True)


def test_an_error_ends_the_whole_and_closes_the_bar() -> None:
    bar = Bar()
    with pytest.raises(ZeroDivisionError):
        map_cases(lambda n: 1 // n, [1, 0, 1], description="x", progress=lambda _d, _t: bar)
    assert bar.closed
