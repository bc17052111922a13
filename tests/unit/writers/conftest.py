from tiny_bundle import tiny_bundle

__all__ = ["tiny_bundle"]
