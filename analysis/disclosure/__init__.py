"""Disclosure control: what the shareable rendering may show."""
