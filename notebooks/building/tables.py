"""colab_badges.md, and the table in README.md."""

from building.series import ROOT, badge

README, BADGES = ROOT / "README.md", ROOT / "colab_badges.md"
BEGIN = "<!-- series: made by notebooks/build.py -->"
END = "<!-- end of series -->"


def minutes(book) -> str:
    return f"{book['reading']} + {book['exercises']}"


def page(series) -> str:
    """A link to the brain in a web page, where GitHub Pages puts it."""
    owner, _, name = series["repository"].partition("/")
    return f"[the brain in a web page](https://{owner}.github.io/{name}/)"


def badge_table(series) -> str:
    """colab_badges.md."""
    lines = [
        "# Open in Colab", "",
        "Made by `notebooks/build.py` from `notebooks/series.toml`. Minutes "
        "are for reading and for the exercises.", "",
        "| open | notebook | route | minutes | GPU | you learn |",
        "|---|---|---|---|---|---|",
    ]
    for book in series["notebook"]:
        lines.append(
            f"| {badge(series, book['name'])} | {book['title']} | "
            f"{book['route']} | {minutes(book)} | "
            f"{'T4' if book['gpu'] else 'none'} | {book['learns']} |")
    return "\n".join(lines) + "\n"


def readme_table(series) -> str:
    """The part of README.md between the two comments, with them."""
    lines = [
        BEGIN,
        f"Play first, with no account and no install: {page(series)}.", "",
        "| | notebook | route | minutes | you learn |",
        "|---|---|---|---|---|"]
    for book in series["notebook"]:
        lines.append(
            f"| {badge(series, book['name'])} | "
            f"[{book['title']}](notebooks/{book['name']}.ipynb) | "
            f"{book['route']} | {minutes(book)} | {book['learns']} |")
    return "\n".join([*lines, END])


def readme_with_table(series) -> str | None:
    """README.md as it should be; None if it has no place for a table."""
    text = README.read_text() if README.exists() else ""
    if BEGIN not in text or END not in text:
        return None
    before, rest = text.split(BEGIN, 1)
    return before + readme_table(series) + rest.split(END, 1)[1]


def write_tables(series):
    BADGES.write_text(badge_table(series))
    text = readme_with_table(series)
    if text is not None:
        README.write_text(text)
