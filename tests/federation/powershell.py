"""Reads a script as PowerShell would: its shape, and the texts in it; with a grammar that others wrote."""

import tree_sitter
import tree_sitter_powershell

QUOTES = "'\u2018\u2019\u201a\u201b"
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def read(script):
    """The kinds of all its parts in order, and every single-quoted text by what it means."""
    shape, texts = [], []

    def walk(node):
        assert node.type != "ERROR" and not node.is_missing, node.text
        shape.append((node.type, node.child_count))
        if node.type == "verbatim_string_characters":
            texts.append(meant(node.text.decode()))
        for child in node.children:
            walk(child)

    walk(_PARSER.parse(script.encode()).root_node)
    return shape, texts


def meant(text):
    """What a single-quoted text means: any two of the five quotes in it are one of the first kind."""
    assert text[0] in QUOTES and text[-1] in QUOTES, text
    inner, place, found = text[1:-1], 0, ""
    while place < len(inner):
        if inner[place] in QUOTES:
            assert inner[place + 1 : place + 2] in tuple(QUOTES), f"{text} ends before its end"
            place += 1
        found += inner[place]
        place += 1
    return found
