"""Specdrift: keeps what a spec promises, what backend code does and what migrations have made in step."""

__version__ = "0.1.0"
