"""Small data sets in the layouts of BUS-BRA, BrEaST and BUS-UCLM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

SHAPE = (48, 64)
GREEN, RED = (0, 255, 0), (255, 0, 0)


def write_image(path: Path, seed: int) -> Path:
    """Write noise as a grey PNG; another seed shares nothing with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, SHAPE, np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def box() -> NDArray[np.bool_]:
    """A lesion of 10 x 20 = 200 pixels."""
    mask = np.zeros(SHAPE, np.bool_)
    mask[10:20, 20:40] = True
    return mask


def write_mask(path: Path, colour: tuple[int, int, int] | None = None) -> Path:
    """Write `box` as a 1-bit mask, or painted in a colour on black."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = box()
    if colour is None:
        Image.fromarray(mask).save(path)
    else:
        Image.fromarray((mask[..., None] * np.array(colour)).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def bus_bra(tmp_path: Path) -> Path:
    """12 images of 8 patients: patients 1 to 4 have a left and a right one."""
    root = tmp_path / "BUSBRA"
    lines = ["ID,Case,Histology,Pathology,BIRADS,Device,Width,Height,Side,BBOX"]
    for patient in range(1, 9):
        for side in ("left", "right") if patient <= 4 else ("left",):
            name = f"{patient:04}-{side[0]}"
            write_image(root / "Images" / f"bus_{name}.png", 10 * patient + len(side))
            write_mask(root / "Masks" / f"mask_{name}.png")
            label = "benign" if patient % 2 else "malignant"
            lines.append(f'bus_{name},{patient},cyst,{label},4,GE,1,1,{side},"[20,10,20,10]"')
    (root / "bus_data.csv").write_text("\n".join(lines) + "\n")
    (root / "5-fold-cv.csv").write_text("ID,kFold\n")
    (root / "LICENSE.txt").write_text("cite it\n")
    return root


BREAST_HEADER = (
    "CaseID,Image_filename,Mask_tumor_filename,Mask_other_filename,Pixel_size,Classification"
)
BREAST_ROWS = (
    "1,case001.png,case001_tumor.png,case001_other1.png,0.01,benign",
    "2,case002.png,case002_tumor.png,Not applicable,0.01,malignant",
    "3,case003.png,Not applicable,Not applicable,0.01,normal",
    '4,case004.png,case004_tumor1.png&case004_tumor2.png,"",0.02,Benign',
)


@pytest.fixture
def breast(tmp_path: Path) -> Path:
    """4 cases: one with another structure, one normal, one with two lesions; images are RGBA."""
    root = tmp_path / "BrEaST"
    for number in range(1, 5):
        image = Image.open(write_image(root / f"case{number:03}.png", number)).convert("RGBA")
        image.paste((200, 200, 200, 0), (0, 0, 8, SHAPE[0]))  # transparent, bright underneath
        image.save(root / f"case{number:03}.png")
    for name in ("001_tumor", "001_other1", "002_tumor", "004_tumor1", "004_tumor2"):
        write_mask(root / f"case{name}.png")
    (root / "clinical.csv").write_text("\n".join((BREAST_HEADER, *BREAST_ROWS)) + "\n")
    return root


UCLM_ROWS = (
    "ALWI_000.png;Benign;No;No;No",
    "ALWI_001.png;Malignant;Yes;No;No",
    "BEPI-000.png;Normal;No;No;No",
    "BEPI-001.png;Normal;No;Yes;No",
)


@pytest.fixture
def bus_uclm(tmp_path: Path) -> Path:
    """4 images of 2 patients; one normal has an empty mask, the other none."""
    root = tmp_path / "BUS-UCLM"
    for seed, row in enumerate(UCLM_ROWS):
        write_image(root / "images" / row.split(";")[0], seed)
    write_mask(root / "masks" / "ALWI_000.png", GREEN)
    write_mask(root / "masks" / "ALWI_001.png", RED)
    write_mask(root / "masks" / "BEPI-000.png", (0, 0, 0))
    (root / "INFO.csv").write_text(
        "\n".join(("Image;Label;Doppler;Marks;Combined", *UCLM_ROWS)) + "\n"
    )
    return root
