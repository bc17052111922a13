"""The routes, one file per noun; each has a `router` that `sonolesion.server.app` takes in."""

from __future__ import annotations
