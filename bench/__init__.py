"""Benchmarks: ``python -m bench`` runs all, ``python -m bench scan`` one; each prints one table (docs/benchmarks.md)."""
