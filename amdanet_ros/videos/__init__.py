"""Video files as recordings: frames with stamps, of two files or of one that holds both cameras."""
