"""The one way to run untrusted work: in a child process with limits, which may die without harm to anything else."""
