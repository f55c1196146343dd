"""The commands. Each loads the configuration, calls the packages below and prints the result."""
