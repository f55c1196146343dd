"""YAML to model objects: every problem at once, each with its line, column and path."""
