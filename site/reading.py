"""The parser's patterns, in the words of JavaScript."""


def parser_tables():
    return {}
