"""Measurements behind the numbers in docs/; nothing here is needed to take or teach the course."""
