"""Texts as a screen has room for them."""

import difflib
import re

# characters of a text that are shown, and of what stays the same within it
SHOWN = 240
AROUND = 4
# texts longer than this are shown word by word
SENTENCE = 60
WORDS = 600
# how a value that was too long to be recorded ends, see sqltext
CUT = re.compile(r"… \(\d+ bytes, sha256 [0-9a-f]+\)$")


def uncut(text):
    """Return a recorded text without how long it was, if it was cut."""
    return CUT.sub("…", str(text))


def short(text):
    """Return as much of a text as a screen has room for."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def text_line(line, old, new):
    """Return two texts; long ones shortened, and which words differ."""
    line = {**line, "old": short(old), "new": short(new)}
    if old and new and max(len(old), len(new)) > SENTENCE:
        line["words"] = words_that_differ(old, new)
    return line


def words_that_differ(old, new):
    """Return ``[[what, text]]``; what is ``same``, ``old`` or ``new``."""
    before, after = _tokens(old)[:WORDS], _tokens(new)[:WORDS]
    found = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "equal":
            found.append(["same", _elided(before[start:end])])
            continue
        for what, words in (("old", before[start:end]), ("new", after[first:last])):
            if words:
                found.append([what, short("".join(words))])
    return found


def _elided(words):
    keep = 2 * AROUND
    if len(words) <= 2 * keep + 1:
        return "".join(words)
    return "".join(words[:keep]) + " … " + "".join(words[-keep:])


def _tokens(text):
    """Return the words of a text; Chinese has no spaces between them."""
    return re.findall(r"[\u2e80-\u9fff\uf900-\ufaff]|\s+|\w+|[^\w\s]", text)
