"""The cellar: everything that must survive a crash."""
