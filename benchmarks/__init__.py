"""Benchmarks: each beside its rivals, in one run, with the answers compared.

Run ``python -m benchmarks NAME``; ``python -m benchmarks`` lists the names.
"""
