"""Nouns → numbers: what graphs and impressions say about communities."""

from graphkit.measures.mixing import mixing

__all__ = ["mixing"]
