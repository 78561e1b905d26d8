"""Benchmarks: ``python -m bench`` runs all, ``python -m bench scan`` one. What they say: docs/benchmarks.md."""
