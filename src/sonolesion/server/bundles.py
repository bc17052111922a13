"""The models that a server knows: the shipped ones, and folders that it was started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sonolesion.bundle import BundleInfo, load_bundle, shipped_bundles
from sonolesion.errors import ConflictError, NotFoundError


@dataclass(frozen=True, slots=True)
class KnownBundle:
    """One model.

    Attributes:
        name: by which a request asks for it.
        place: folder or shipped name, for a worker.
        info: its card.
    """

    name: str
    place: str
    info: BundleInfo


@dataclass(frozen=True, slots=True)
class BundleCatalogue:
    """All of them.

    Attributes:
        bundles: by name, in order.
        default: name of the one that answers where none is asked for.
    """

    bundles: Mapping[str, KnownBundle]
    default: str

    def get(self, name: str | None) -> KnownBundle:
        """Return a model by name; the default one for None or "".

        Raises:
            NotFoundError: there is none of this name. No path is ever taken for a name.
        """
        found = self.bundles.get(name or self.default)
        if found is None:
            raise NotFoundError(f"no such bundle; there are {', '.join(self.bundles)}.")
        return found

    def by_hash(self, sha256: str | None) -> KnownBundle:
        """Return the model whose graph has a hash.

        Raises:
            ConflictError: it is not here any more.
        """
        for known in self.bundles.values():
            if known.info.onnx_sha256 == sha256:
                return known
        raise ConflictError(
            "the model that read this case is not here any more. Start the server with its "
            "--bundle, or have the case read again by a job."
        )


def find_bundles(further: Mapping[str, str], default: str) -> BundleCatalogue:
    """Load the cards of the shipped models and of `further` ones (name -> folder).

    Args:
        further: names and folders; a name of a shipped one takes its place.
        default: a name among all of them, or a folder, which is then added by its own name.

    Raises:
        BundleError: one is missing or damaged.
    """
    places = {name: name for name in shipped_bundles()} | dict(further)
    if default not in places:
        info = load_bundle(default).info
        places[info.name] = str(Path(default).resolve())
        default = info.name
    found = {n: KnownBundle(n, place, load_bundle(place).info) for n, place in places.items()}
    return BundleCatalogue(found, default)
