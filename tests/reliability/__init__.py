"""The machine that tries to lose a result: `python -m tests.reliability`, one module for each way."""
