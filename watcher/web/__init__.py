"""The pages: a process of its own on the same store. It polls nothing, sends nothing, and opens no connection."""
