"""Real servers and hostile ones for the tests, one module each; docs/testing.md lists them."""
