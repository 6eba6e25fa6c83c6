"""The functions that are asked for: one module a context, with its `CATEGORY` and its `FUNCTIONS`."""
