"""The sentence that every output carries; alone, so that each type may use it."""

from __future__ import annotations

RESEARCH_USE_ONLY = "Research use only, not a medical device."
"""The sentence that every output carries."""
