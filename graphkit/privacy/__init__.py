"""Privacy: pseudonyms for ids, texts of persons left out, and groups too small to be told apart."""

from graphkit.privacy.pseudonyms import PseudonymKey, drop_texts, load_key, make_key, pseudonymise
from graphkit.privacy.suppression import shown_communities
from graphkit.teaching import teach

__all__ = [
    "PseudonymKey",
    "drop_texts",
    "load_key",
    "make_key",
    "pseudonymise",
    "shown_communities",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())
