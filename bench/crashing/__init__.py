"""The crash bench: publisher, sinks, driver, judge and mutants. `bench/crash.py` runs it."""
