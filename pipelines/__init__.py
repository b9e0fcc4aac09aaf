"""Extracts in, warehouse out: landing, the nightly run, publishing, the command line."""
