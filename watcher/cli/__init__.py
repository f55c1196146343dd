"""The commands. They know no business: each reads a plan, calls the house, prints what came back."""
