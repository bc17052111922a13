"""Readers: one file per data set, each turns a raw folder into a list of cases."""

from __future__ import annotations

from sonolesion.data.readers.detect import LAYOUTS, Layout, list_dataset
from sonolesion.data.readers.listing import DatasetListing

__all__ = ["LAYOUTS", "DatasetListing", "Layout", "list_dataset"]
