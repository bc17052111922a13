from __future__ import annotations

from sonolesion.errors import ImageError
from sonolesion.inference import FailedInput
from sonolesion.inference.inputs import InputListing
from sonolesion.writers.prediction_summary import PredictionSummary


def test_a_hundred_failures_are_listed_and_the_rest_counted() -> None:
    summary = PredictionSummary()
    for number in range(250):
        summary.add_failure(FailedInput("x", ImageError(f"number {number}.")))
    text = summary.format(InputListing(()), bundle="tiny 0.1")
    assert "Failed: 250" in text
    assert "number 99." in text
    assert "number 100." not in text
    assert "... and 150 more, all of them in errors.csv" in text


def test_nothing_has_no_mean() -> None:
    text = PredictionSummary().format(InputListing(()), bundle="tiny 0.1")
    assert "Predicted: 0\nFailed: 0" in text
    assert "(n = 0): -" in text
