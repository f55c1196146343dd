"""Renders a frozen notification for its readers."""
