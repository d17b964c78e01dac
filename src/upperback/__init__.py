"""Upperback: safe, plain, personal help for upper back pain."""

__version__ = "0.1.0"
