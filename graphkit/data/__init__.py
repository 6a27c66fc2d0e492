"""The nouns: frozen values that every verb takes and returns; no algorithms."""
