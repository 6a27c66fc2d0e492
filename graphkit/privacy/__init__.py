"""Privacy: pseudonyms for the ids of a dataset, and texts of persons left out."""

from graphkit.privacy.pseudonyms import PseudonymKey, drop_texts, load_key, make_key, pseudonymise
from graphkit.teaching import teach

__all__ = ["PseudonymKey", "drop_texts", "load_key", "make_key", "pseudonymise"]


def __dir__() -> list[str]:
    return __all__


teach(globals())
