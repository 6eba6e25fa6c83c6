"""Context modules: what the agent sees, byte for byte. A function's reference stands in `functions/` under the same name."""
