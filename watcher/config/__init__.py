"""From YAML to model values: every problem at once, each with its line, column and path."""
