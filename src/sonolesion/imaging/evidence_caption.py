"""What an explanation map says, in words, for pictures and reports alike."""

from __future__ import annotations

from sonolesion.types.explanation import EvidenceFigures

AXIS_LABEL = "log-odds lost when covered"
FAINT_SCALE = 0.5
"""Log-odds below which no place of the image matters much."""


def caption_evidence(figures: EvidenceFigures) -> str:
    """One or two sentences: how much of the evidence lies on the lesion, against chance.

    >>> caption_evidence(EvidenceFigures("occlusion", "benign", 0.0, 49))
    'Covering no part of the image moves the answer: the map is empty.'
    """
    if figures.scale == 0.0:
        return "Covering no part of the image moves the answer: the map is empty."
    sentences = []
    if figures.scale < FAINT_SCALE:
        sentences.append(
            f"The strongest place moves the log-odds by {figures.scale:.2f} only: the answer "
            "hardly rests on any one place."
        )
    if figures.lesion is None:
        sentences.append("Nothing is outlined that evidence could lie on.")
        return " ".join(sentences)
    inside = (
        f"{figures.lesion.evidence:.0%} of what speaks for {figures.target} lies inside the "
        f"outline, which takes {figures.lesion.area:.0%} of the image "
        f"({figures.lesion.ratio:.1f} times chance)"
    )
    around = ""
    if figures.ring is not None:
        around = (
            f"; another {figures.ring.evidence:.0%} in a ring around it "
            f"({figures.ring.area:.0%} of the image)"
        )
    return " ".join([*sentences, f"{inside}{around}."])


def describe_method(figures: EvidenceFigures) -> str:
    """How the map was made, e.g. "Occlusion, 7 x 7 patches of 64 x 64 px, 49 network runs."."""
    return f"{figures.method[:1].upper()}{figures.method[1:]}, {figures.n_runs} network runs."
