"""The roads that commands walk: the base model, and from demonstrations to a table."""
