from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonolesion.errors import DatasetError
from sonolesion.evaluation.reader_study.read import Arm, Read
from sonolesion.evaluation.reader_study.truth import join_truth, read_model, read_truth
from sonolesion.types import LesionClass

M, B = LesionClass.MALIGNANT, LesionClass.BENIGN


def read(case: str, truth: LesionClass | None = None, line: int = 2) -> Read:
    return Read(line=line, study="", reader="Ann", case=case, arm=Arm.ALONE, truth=truth)


def test_truth_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("case;truth\nc1;malignant\nc2;Benign\nc1;malignant\n")
    assert read_truth(path) == {"c1": M, "c2": B}
    path.write_text("case,truth\nc1,malignant\nc1,benign\n")
    with pytest.raises(DatasetError, match="line 3: case 'c1' is malignant in an earlier line"):
        read_truth(path)


def test_truth_of_a_raw_data_set(tmp_path: Path) -> None:
    for label in ("benign", "malignant"):
        (tmp_path / label).mkdir()
        picture = Image.fromarray(np.zeros((40, 40), np.uint8))
        picture.save(tmp_path / label / f"{label} (1).png")
        picture.save(tmp_path / label / f"{label} (1)_mask.png")
    assert read_truth(tmp_path) == {"benign (1)": B, "malignant (1)": M}


def test_the_rows_own_truth_serves_all_rows_of_the_case() -> None:
    assert join_truth([read("c1", M), read("c1"), read("c2")], {"c2": B}, where="rows.csv") == {
        "c1": M, "c2": B,
    }  # fmt: skip


@pytest.mark.parametrize("beside", [{}, {"c1": M}])
def test_two_truths_are_refused(beside: dict[str, LesionClass]) -> None:
    with pytest.raises(
        DatasetError, match=r"rows\.csv line \d: case 'c1' is benign here and malignant"
    ):
        join_truth([read("c1", None if beside else M), read("c1", B, 3)], beside, where="rows.csv")


def test_no_truth_is_refused_with_names() -> None:
    with pytest.raises(DatasetError, match="2 cases have no truth: 'c2', 'c3'"):
        join_truth([read("c1", M), read("c3"), read("c2")], {}, where="rows.csv")


def test_scores_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "model.csv"
    path.write_text("case,score\nc1,75\nc2,0\n")
    assert read_model(path).malignant_prob == {"c1": 0.75, "c2": 0.0}
    path.write_text("source,stem,malignant_prob\na/c1.png,c1,0.9\n")
    assert read_model(path).malignant_prob == {"c1": 0.9}


@pytest.mark.parametrize(
    ("text", "message"),
    [("case,score\nc1,75\nc1,3\n", "line 3: case 'c1' stands twice"),
     ("case,score\nc1,\n", "line 2: score is empty"),
     ("case,score\nc1,101\n", "line 2: score: expected 0 to 100"),
     ("name,value\nc1,3\n", "expected the columns case and score")],
)  # fmt: skip
def test_scores_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "model.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_model(path)
