"""Numba kernels, arrays in and arrays out, that every other package may import."""
