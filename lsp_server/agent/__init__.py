"""The agent: a task in, a verified change and its verdict out. Loaded only when somebody runs it."""
