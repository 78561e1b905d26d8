"""Tonearm: a self-hosted, offline-first music service.

The rooms and their rules: docs/architecture.md. Dependencies point inward: every adapter imports
``core`` and never another adapter; ``compose`` alone sees them all.
"""

__version__ = "0.1.0"
