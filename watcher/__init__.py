"""A news-watching daemon: polls feeds, scores entries against topics, tells people why."""

__version__ = "0.1.0"
