"""Estimates and the report."""
