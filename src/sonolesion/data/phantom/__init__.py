"""Generated breast-ultrasound phantoms in BUSI's folder layout, with exact truth.

They are the input of the demo, the tests and the documentation: no patient, no licence, any
number, repeatable. They show speckle, layers, artefacts and the textbook signs of lesions, so a
pipeline can be exercised from end to end; they say nothing about accuracy on patients.

::

    plan -> anatomy (tissue) -> lesion (placement, signs, outline) -> attenuation -> scan
         -> twin -> marks -> folder

>>> import numpy as np
>>> from sonolesion.types import LesionClass
>>> phantom = make_phantom(np.random.default_rng(1), LesionClass.MALIGNANT)
>>> phantom.lesions[0].kind.value, bool(phantom.masks[0].any())
('carcinoma', True)
"""

from sonolesion.data.phantom.folder import PhantomSummary, write_phantoms
from sonolesion.data.phantom.phantom import Phantom, make_phantom
from sonolesion.data.phantom.settings import PhantomSettings
from sonolesion.data.phantom.signs import LesionKind, LesionSigns

__all__ = [
    "LesionKind",
    "LesionSigns",
    "Phantom",
    "PhantomSettings",
    "PhantomSummary",
    "make_phantom",
    "write_phantoms",
]
