"""A news-watching daemon: polls feeds, scores entries against topics, notifies people and says why."""

__version__ = "0.1.0"
