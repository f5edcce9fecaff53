"""Degradation ops, one a file; each registers itself, and the contract tests find it by the registry."""
