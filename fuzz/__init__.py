"""Fuzzing: hostile input for every reader of the program; any exception past a reader's stated boundary is a failure."""
