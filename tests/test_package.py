"""The package as a whole: lazy, documented, small, and true to its README."""

import ast
import graphlib
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
# Lowest first: a module imports from its own folder and from those before it.
FOLDERS = ("messages", "models", "mechanics", "brain", "control", "run",
           "show", "integrations", "lab", "lab.teach", "lab.compare",
           "course", "")
TAUGHT = ("brain", "control")  # the folders that the series teaches
# Lines of code in them and in all that they import.
LIMIT = 1300           # brain/, control/ and messages.py: what a class reads
WITH_MECHANICS = 1_900
# The one door out of them: which model answers is none of their business.
DOOR = ("brain.brain", "models.which", "find_model")


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


def modules():
    return sorted(p for p in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=str)
def test_every_module_opens_with_a_docstring(path):
    tree = ast.parse(path.read_text(encoding="utf8"))
    assert ast.get_docstring(tree), f"{path} says nothing about itself"


@pytest.mark.parametrize("path", modules(), ids=str)
def test_lines_fit_on_a_projector(path):
    for count, line in enumerate(
            path.read_text(encoding="utf8").splitlines(), start=1):
        assert len(line) <= 79, f"{path}:{count}"


def name_of(path) -> str:
    """agentic_lib/brain/parser.py -> brain.parser"""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


PATHS = {name_of(path): path for path in modules()}


def imports(path):
    """Yields (module of agentic_lib, name taken from it or None) for every
    import in a file, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            found = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in found:
            if module.partition(".")[0] != "agentic_lib":
                continue
            module = module.partition(".")[2]
            if not module and name == "__version__":
                continue  # a constant, above no folder
            elif not module and name in agentic_lib._HOME:
                yield agentic_lib._HOME[name], name  # what the name stands for
            elif f"{module}.{name}".strip(".") in PATHS:
                yield f"{module}.{name}".strip("."), None
            else:
                yield module, name


# {module: {(module that it imports, name), ...}}
GRAPH = {name: set(imports(path)) for name, path in PATHS.items()}


def folder_of(module) -> str:
    """The longest of FOLDERS that a module lies in."""
    return max((folder for folder in FOLDERS if not folder
                or f"{module}.".startswith(f"{folder}.")), key=len)


def test_the_graph_of_imports_is_not_empty():
    assert ("brain.decision", "Metrics") in GRAPH["brain.brain"]
    assert any(module == "brain.scoring" for module, _ in GRAPH["lab.check"])
    assert all(folder_of(name) for name in PATHS
               if name not in ("", "__main__", "whole_thing"))
    assert all(folder == "" or (PACKAGE / folder.replace(".", "/")).is_dir()
               or f"{folder}" in PATHS for folder in FOLDERS)


@pytest.mark.parametrize("module", GRAPH, ids=str)
def test_a_module_imports_from_folders_before_its_own(module):
    above = {other for other, _ in GRAPH[module]
             if FOLDERS.index(folder_of(other))
             > FOLDERS.index(folder_of(module))}
    assert not above


def test_no_module_imports_itself_in_a_circle():
    graphlib.TopologicalSorter(
        {module: {other for other, _ in found if other != module}
         for module, found in GRAPH.items() if module}).prepare()


def test_models_know_nothing_of_the_brain():
    assert {folder_of(other) for module in GRAPH
            if folder_of(module) == "models"
            for other, _ in GRAPH[module]} <= {"models", "messages"}


def test_the_taught_path_stays_readable():
    """brain/, control/ and whatever they import, through one door only."""
    taught = {name for name in PATHS if folder_of(name) in TAUGHT}
    seen, waiting = set(), list(taught)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += [other for other, name in GRAPH[module]
                        if (module, other, name) != DOOR]
    counted = {name: code_lines(PATHS[name]) for name in sorted(seen)}
    assert sum(counted.values()) <= WITH_MECHANICS, counted
    read = {name: n for name, n in counted.items()
            if folder_of(name) != "mechanics"}
    assert {folder_of(name) for name in read} == {*TAUGHT, "messages"}
    assert sum(read.values()) <= LIMIT, read


STANDARD = sorted(sys.stdlib_module_names)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_no_module_bears_a_name_of_the_standard_library(path):
    assert path.stem.startswith("__") or path.stem not in STANDARD


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
