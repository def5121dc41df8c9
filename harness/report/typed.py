"""What a reader is to type, found in a sentence and marked as code."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

COMMAND = r"harness [a-z]+(?: '[^']*'| [\w.]+=[^\s,;]+)+"
TYPED = rf"{COMMAND}|harness [a-z]+|[\w.]+=[^\s,;)]+"


def coded(text: str) -> Markup:
    """A sentence, escaped, with what is to be typed marked as code.

    >>> coded("a < b; search.trials=16 would tell")
    Markup('a &lt; b; <code>search.trials=16</code> would tell')
    """
    parts = re.split(rf"({TYPED})", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if k % 2 else escape(part) for k, part in enumerate(parts)
    )


def split_command(text: str) -> tuple[str, str, str]:
    """What stands before the command of a sentence, the command, and what stands after.

    >>> split_command("25 repeats would: harness sweep 'repeats=[25@256,5]'")
    ('25 repeats would:', "harness sweep 'repeats=[25@256,5]'", '')
    """
    before, command, after = (*re.split(rf"({COMMAND})", text, maxsplit=1), "", "")[:3]
    return before.strip(), command, after.lstrip(" ,.")
