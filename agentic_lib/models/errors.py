"""The one error of our own: a language model cannot be had or asked."""


class LanguageModelError(RuntimeError):
    """A language model cannot be loaded or cannot answer, and why."""
