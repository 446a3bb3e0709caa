"""Makes the notebooks from `series.toml` and `sources/*.py`, and in `room/`
slides, handout and question sheet.

    python notebooks/build.py            executes and writes every notebook,
                                         draws all pictures, writes all pages
    python notebooks/build.py 03 06      only these, and all badges and tables
    python notebooks/build.py --check    executes nothing; names what is stale
    python notebooks/build.py --text     executes nothing; renews text, badges
                                         and links if the code is the same
    python notebooks/build.py --repository owner/name [--branch tag]
                                         moves the whole series there
    (`--repository github` takes the git remote, if it is on github.com)

Executing needs nbclient: pip install nbclient, or the extra "build".

How to write a source
---------------------
A source is a jupytext percent script: `# %% [markdown]` begins a cell of
prose, `# %%` a cell of code, `# %% tags=["check"]` one with tags. It holds
no title, no badge, no first cell and no link to the next notebook: those are
added here. It begins with a markdown cell that says what the learner will be
able to do, in a short list. It ends with `## Summary` (and three questions,
answers in <details>).

Code lines have at most 76 characters, and no `%magic` and no `!shell`: the
tests run the cells as plain Python. A form field is a line such as
`brain_name = "auto"  #@param ["auto", "bundled", "qwen", "colab", "rules"]`,
in a cell that begins with `#@title Settings`. Notebooks that ask for a GPU use
"auto", the others "bundled". Print `brain.description` wherever one answers.

Tags
    exercise   the learner's stub. It runs as it is, and does not pass.
    check      one call of a function from `agentic_lib.course.exercises`,
               made with `@check` there and named after the exercise.
    solution   a code cell. It becomes folded text, which folds on GitHub, in
               Colab and in Jupyter alike, and is never run in the notebook;
               the tests run it in the stub's place, then the check.
    hidden-result
               the output is left out of the committed notebook: it would
               give away what the learner is asked to guess.
    demo       nothing after it needs what it makes: the tests of the
               exercises leave it out (nbval runs it).
    workshop   goes into workshop_90.ipynb too. All parts share one runtime.
    closing    in workshop_90.py only: from here on, cells follow the parts.
    nbval-check-output
               the output is the same everywhere, and nbval compares it.
An exercise is a markdown cell `## Exercise: ...`, then cells tagged
exercise, check, solution, in this order. Checks are in
`agentic_lib/course/exercises/`, a module for each notebook; they use
`expect(it holds, "a hint")` and return a word of praise. They look at what the
learner's code does, on data that the notebook does not show if possible.
Comparisons of deciders switch the guards off (`guards=False`), or say that
they are on.

The diagram of the loop is `![The loop](../pictures/loop.png)` on a line of its
own: it becomes part of the notebook. It is drawn by `building/loop.py`.
Slides are `sources/slides.md`, a line `---` between two of them; the handout
is `sources/handout.md`; the questions and their key are `QUESTIONS.md`.

Figures: `show(figure)` from agentic_lib.course.notebook, with an `alt`
sentence if the figure is not from `plot_run`. Widgets: those of this
package leave a still picture in the committed notebook (AGENTIC_LIB_STATIC is
set while it is built); of any other only a line of text remains, so show a
picture beside it.
A cell prints what a run did: no percentage, no "12 of 20" in prose, except
what `building/given.toml` lists (definitions, settings, thresholds). What a
cell writes goes under `runs/`, which git ignores.
Outputs hold no paths, no warnings, nothing on stderr, no tracebacks (catch
an error that is part of the story, and print it): a build that meets any of
them ends with a message and writes nothing.
"""

import argparse
import sys

from building.execute import build_all
from building.freshness import reword, stale
from building.loop import write_loop
from building.room import write_pages
from building.series import move, read_series
from building.shown import draw_shown
from building.tables import write_tables


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Makes the notebooks from series.toml and sources/.")
    parser.add_argument("numbers", nargs="*", metavar="03",
                        help="which notebooks; all if left out")
    parser.add_argument("--check", action="store_true",
                        help="execute nothing, name what is stale")
    parser.add_argument("--text", action="store_true",
                        help="execute nothing, renew text and links if "
                             "the code is the same")
    parser.add_argument("--repository", metavar="owner/name",
                        help="where the series lives on GitHub")
    parser.add_argument("--branch", help="the branch or tag it is taken from")
    options = parser.parse_args(arguments)
    if options.repository or options.branch:
        move(options.repository, options.branch)
    series = read_series()
    if options.check:
        found = stale(series)
        print("\n".join(found) or "All notebooks and tables are up to date.")
        return sys.exit(bool(found))
    if options.text or options.repository or options.branch:
        reword(series)
    else:
        chosen = [b for b in series["notebook"] if not options.numbers
                  or b["number"] in options.numbers]
        if not chosen:
            raise SystemExit(f"No notebook is called {options.numbers}.")
        write_loop()
        if not options.numbers:
            draw_shown()
        build_all(series, chosen)
    write_tables(series)
    write_pages(series)


if __name__ == "__main__":
    main()
