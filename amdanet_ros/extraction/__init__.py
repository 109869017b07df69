"""Training pairs out of recordings: which ones, registered, and where they are written."""
