"""One command makes the site.

    python site/make.py             writes site/dist, for any static server
    python site/make.py --fixtures  and what Python answers, for `npm test`
    python site/make.py --test      and holds the page's answers to that
    python site/make.py --serve     and shows it at http://127.0.0.1:8000

Needs Node 20 or newer, and the extra "site" (pip install ".[site]").
"""

import argparse
import functools
import http.server
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(arguments=None):
    """Runs the steps in their order."""
    parser = argparse.ArgumentParser("python site/make.py",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--fixtures", action="store_true",
                        help="write what Python answers, for `npm test`")
    parser.add_argument("--test", action="store_true",
                        help="compare the page's answers with Python's")
    parser.add_argument("--serve", action="store_true",
                        help="show the finished site")
    options = parser.parse_args(arguments)
    prepare(options.test or options.fixtures)
    if not installed():
        run("npm", "ci", "--no-audit", "--no-fund")
    run("npm", "run", "--silent", "check")
    run("npm", "run", "--silent", "build")
    if options.test:
        run("npm", "test", "--silent")
    if options.serve:
        serve()


def prepare(answers):
    """What Python hands over, in this process: to load torch once more would
    take longer than the work. Imported here, so that --help is quick."""
    import export  # first: it sets the path
    import fixtures

    export.main()
    if answers:
        fixtures.main()


def run(*command):
    """Runs a command in site/, and ends where it fails."""
    try:
        subprocess.run(command, cwd=HERE, check=True)
    except FileNotFoundError:
        sys.exit(f"{command[0]} was not found: install Node 20 or newer.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(map(str, command))} failed "
                 f"({error.returncode}): see above.")


def installed() -> bool:
    """Are the packages of the lock file there?"""
    mark = HERE / "node_modules" / ".package-lock.json"
    lock = HERE / "package-lock.json"
    return mark.exists() and mark.stat().st_mtime >= lock.stat().st_mtime


def serve(port=8000):
    """Serves site/dist on this machine alone."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                                directory=HERE / "dist")
    print(f"http://127.0.0.1:{port}  (Ctrl-C ends it)")
    http.server.ThreadingHTTPServer(("127.0.0.1", port),
                                    handler).serve_forever()


if __name__ == "__main__":
    main()
