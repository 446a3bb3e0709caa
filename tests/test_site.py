"""The brain in a web page answers as Python does, and stays small.

Node builds the page; nobody needs it to use the package. If Node or the
extra "site" is missing these tests are skipped, and say so.
"""

import json
import re
from pathlib import Path

import pytest
from built_site import SITE, built, npm

HERE = Path(__file__).parents[1]
MOST = 8_000_000  # bytes, all that a visit loads


@pytest.fixture(scope="module")
def dist():
    return built()


def test_the_lock_file_names_versions_and_no_host():
    lock = (SITE / "package-lock.json").read_text()
    assert "://" not in re.sub(r'"(url|funding)":.*', "", lock)
    wanted = json.loads((SITE / "package.json").read_text())
    assert all(re.fullmatch(r"[\d.]+", version)
               for version in wanted["devDependencies"].values())


def test_node_and_python_give_the_same_answers(dist):
    told = npm("test", "--silent")
    assert "# fail 0" in told, told[-3000:]
    print("\n".join(re.findall(r"# .*difference.*", told)))


def test_a_visit_loads_little(dist):
    sizes = {path.name: path.stat().st_size for path in dist.iterdir()}
    assert sum(sizes.values()) < MOST, sizes


def test_the_page_asks_nobody_else(dist):
    """Other sites are links to click, never something to load."""
    page = (dist / "index.html").read_text()
    loaded = re.findall(r'(?:src|href)="([^"]+)"',
                        re.sub(r"<a .*?>", "", page))
    assert loaded and not [a for a in loaded if ":" in a or a[0] == "/"]
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src 'none'" in policy and "http" not in policy
    assert "connect-src 'self'" in policy and "unsafe-inline" not in policy


def test_every_link_to_a_notebook_leads_to_one(dist):
    text = (dist / "index.html").read_text() + "".join(
        path.read_text() for path in dist.glob("main-*.js"))
    names = set(re.findall(r"/notebooks/(\w+)\.ipynb", text))
    assert len(names) >= 5
    assert all((HERE / "notebooks" / f"{name}.ipynb").exists()
               for name in names)
