"""Measures rowstream against its peers on the real stack: `python -m bench`."""
