"""The one error of our own: a language model is unavailable or fails."""


class LanguageModelError(RuntimeError):
    """A language model cannot be loaded or cannot answer; says why."""
