"""Training: the only folder that imports torch (``pip install sonolesion[train]``)."""
