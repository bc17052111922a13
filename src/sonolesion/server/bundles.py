"""The models that a server knows: the shipped ones, and folders that it was started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sonolesion.bundle import (
    Bundle,
    BundleInfo,
    Precision,
    PrecisionChoice,
    int8_bundle,
    load_bundle,
    shipped_bundles,
)
from sonolesion.errors import ConflictError, NotFoundError
from sonolesion.inference.precision import choose_form, read_choice
from sonolesion.server.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class KnownBundle:
    """One model.

    Attributes:
        name: by which a request asks for it.
        place: folder or shipped name, for a worker.
        info: its card.
        precision: in which form it answers.
    """

    name: str
    place: str
    info: BundleInfo
    precision: Precision = Precision.FP32


@dataclass(frozen=True, slots=True)
class BundleCatalogue:
    """All of them.

    Attributes:
        bundles: by name, in order, each in the form that answers.
        default: name of the one that answers where none is asked for.
        others: the forms that do not; what they read before is still theirs.
    """

    bundles: Mapping[str, KnownBundle]
    default: str
    others: tuple[KnownBundle, ...] = ()

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
        """Return the model whose graph has a hash, in the form that it is the graph of.

        Raises:
            ConflictError: it is not here any more.
        """
        for known in (*self.bundles.values(), *self.others):
            if known.info.onnx_sha256 == sha256:
                return known
        raise ConflictError(
            "the model that read this case is not here any more. Start the server with its "
            "--bundle, or have the case read again by a job."
        )


def find_bundles(
    further: Mapping[str, str], default: str, *, precision: Precision = Precision.FP32
) -> BundleCatalogue:
    """Load the cards of the shipped models and of `further` ones (name -> folder).

    Args:
        further: names and folders; a name of a shipped one takes its place.
        default: a name among all of them, or a folder, which is then added by its own name.
        precision: the form that answers, of each model that has it.

    Raises:
        BundleError: one is missing or damaged.
    """
    places = {name: name for name in shipped_bundles()} | dict(further)
    if default not in places:
        info = load_bundle(default).info
        places[info.name] = str(Path(default).resolve())
        default = info.name
    answering, others = {}, []
    for name, place in places.items():
        forms = {form.precision: form for form in _forms(load_bundle(place))}
        first = forms.pop(precision, None) or forms.pop(Precision.FP32)
        answering[name] = KnownBundle(name, place, first.info, first.precision)
        others += [KnownBundle(name, place, f.info, f.precision) for f in forms.values()]
    return BundleCatalogue(answering, default, tuple(others))


def choose_precision(settings: ServerSettings) -> Precision:
    """Choose the form in which a server's models answer, by its default model on this computer.

    Raises:
        BundleError: int8 is asked for, and that model has no such form or cannot be loaded.
        InvalidInputError: what is asked for is no precision.
    """
    choice = read_choice(settings.precision)
    if choice is PrecisionChoice.FP32:
        return Precision.FP32
    bundle = load_bundle(settings.bundles.get(settings.bundle, settings.bundle))
    return choose_form(bundle, choice, threads=settings.threads).bundle.precision


def _forms(bundle: Bundle) -> list[Bundle]:
    return [bundle] if bundle.int8 is None else [bundle, int8_bundle(bundle)]
