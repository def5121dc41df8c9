"""What the optional extra `torch` brings, and the words where it is absent."""

COMMAND = ".venv/bin/uv pip install -p .venv torch skorch"


def require() -> None:
    """Import PyTorch and skorch.

    Raises:
        ImportError: where one of them is not installed, with the command that brings them.
    """
    try:
        import skorch  # noqa: F401
        import torch  # noqa: F401
    except ImportError as absent:
        raise ImportError(f"PyTorch and skorch ({absent}); {COMMAND} brings them") from absent
