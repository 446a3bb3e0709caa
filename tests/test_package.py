"""The package as a whole: lazy, documented, small, and true to its README."""

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest

import agentic_lib

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "agentic_lib"
TAUGHT = ("brain", "control")  # the folders that the series teaches
LIMIT = 1450  # lines of code in them; 1,300 is the aim


def code_lines(path):
    """Lines that hold code: no blank lines, comments or docstrings."""
    text = path.read_text(encoding="utf8")
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE,
                              tokenize.INDENT, tokenize.DEDENT,
                              tokenize.ENDMARKER):
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and \
                isinstance(body[0], ast.Expr) and \
                isinstance(body[0].value, ast.Constant) and \
                isinstance(body[0].value.value, str):
            lines -= set(range(body[0].lineno, body[0].end_lineno + 1))
    return len(lines)


def test_import_is_lazy():
    code = ("import sys, agentic_lib\n"
            "agentic_lib.Metrics, agentic_lib.parse_decision\n"
            "heavy = {'torch', 'transformers', 'matplotlib', 'numpy'}\n"
            "print(sorted(heavy & set(sys.modules)))")
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True,
                           capture_output=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_every_public_name_can_be_imported():
    for name in agentic_lib.__all__:
        assert callable(getattr(agentic_lib, name)) or name.isupper()
    with pytest.raises(AttributeError, match="SimpleAIBrain"):
        agentic_lib.no_such_name  # noqa: B018


def test_the_taught_path_stays_readable():
    counted = {path.stem: code_lines(path) for folder in TAUGHT
               for path in (PACKAGE / folder).glob("*.py")}
    assert sum(counted.values()) <= LIMIT, counted


def modules():
    return sorted(p for p in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.stem)
def test_every_module_opens_with_a_docstring(path):
    tree = ast.parse(path.read_text(encoding="utf8"))
    assert ast.get_docstring(tree), f"{path} says nothing about itself"


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.stem)
def test_lines_fit_on_a_projector(path):
    for count, line in enumerate(
            path.read_text(encoding="utf8").splitlines(), start=1):
        assert len(line) <= 79, f"{path}:{count}"


def imported(path):
    """Names of agentic_lib's modules that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom) and node.module and \
                node.module.startswith("agentic_lib"):
            within = node.module.removeprefix("agentic_lib").strip(".")
            found.add(within)
            found |= {f"{within}.{name.name}".strip(".")
                      for name in node.names}
    return found


def test_imports_run_one_way():
    graph = {".".join(p.relative_to(PACKAGE).with_suffix("").parts):
             imported(p)
             for p in PACKAGE.rglob("*.py")
             if p.stem not in ("__init__", "__main__")
             and p.relative_to(PACKAGE).parts[0] != "lab"}
    done, path = set(), []

    def visit(name):
        assert name not in path, " -> ".join([*path, name])
        if name in done:
            return
        path.append(name)
        for other in graph.get(name, ()):
            visit(other)
        path.pop()
        done.add(name)

    for name in graph:
        visit(name)


def test_requirements_and_package_ask_for_the_same_versions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = (ROOT / "requirements.txt").read_text().splitlines()
    for requirement in project["dependencies"]:
        assert requirement in wanted


def test_ci_calls_the_readme_command():
    line = re.search(r"^python3 -m venv .*-m pytest$",
                     (ROOT / "README.md").read_text(encoding="utf8"), re.M)
    assert line and "requirements.txt" in line.group()
    assert "README.md" in (ROOT / ".ci" / "run").read_text()
