"""Score the shipped bundle on held-out cases, and say how sure each figure is.

::

    (Predictor, Manifest) -> score_cases -> build_report -> text, JSON, CSV, plots, one HTML page
"""

from __future__ import annotations

from sonolesion.evaluation.case_table import CaseResult, ScoredCase
from sonolesion.evaluation.estimate import Estimate
from sonolesion.evaluation.evaluator import evaluate
from sonolesion.evaluation.report import EvaluationReport, build_report
from sonolesion.evaluation.scoring import score_cases
from sonolesion.evaluation.settings import CasePredictor, Convention, EvaluationSettings

__all__ = [
    "CasePredictor",
    "CaseResult",
    "Convention",
    "Estimate",
    "EvaluationReport",
    "EvaluationSettings",
    "ScoredCase",
    "build_report",
    "evaluate",
    "score_cases",
]
