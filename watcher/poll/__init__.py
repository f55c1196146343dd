"""The poll pipeline: from a due feed to stored alerts."""
