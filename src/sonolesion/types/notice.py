"""Sentences that outputs carry; alone, so that each type may use them."""

from __future__ import annotations

RESEARCH_USE_ONLY = "Research use only, not a medical device."
"""The sentence that every output carries."""

OUTLINE_EDITED = "outline edited by a reader"
"""The note of a prediction whose mask and measurements are a reader's, not the model's."""
