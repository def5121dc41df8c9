"""What every benchmark prints: the machine above, its tables below."""

import os

import pytest

from benchmarks import machine

LINES = pytest.StashKey[list[str]]()


def pytest_configure(config):
    config.stash[LINES] = []
    try:
        machine.refuse_a_forced_kernel(os.environ)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header():
    return machine.header("pytest-benchmark", "torch", "jax", "jaxlib")


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash[LINES]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def lines(pytestconfig):
    """Lines to print when all is done; a table in Markdown is what docs/performance.md takes."""
    return pytestconfig.stash[LINES]
