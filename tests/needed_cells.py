"""Which cells of a notebook an exercise rests on.

A cell is needed if it makes, or changes, a name that a needed cell after it
uses. Whoever runs the needed cells alone and misses one gets a NameError.
Knows nothing about exercises.
"""

import ast
import symtable

MAKES = (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom,
         ast.FunctionDef, ast.ClassDef)


def scope(statement):
    return symtable.symtable(ast.unparse(statement), "cell", "exec")


def used(table) -> set[str]:
    """The notebook's names that are read, in functions as well."""
    outside = table.get_type() == "module"
    found = {s.get_name() for s in table.get_symbols() if s.is_referenced()
             and (outside or s.is_global())}
    return found.union(*map(used, table.get_children()))


def made(table) -> set[str]:
    return {s.get_name() for s in table.get_symbols()
            if s.is_assigned() or s.is_imported()}


def root(node):
    """`a` of a.b[0].c(), or None."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def changed(node) -> set[str]:
    """Names whose value may be changed: a.b = 1, a[0] = 1, a.append(1)."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return set()
    found = set().union(*map(changed, ast.iter_child_nodes(node)))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) or (
            isinstance(node, (ast.Attribute, ast.Subscript))
            and not isinstance(node.ctx, ast.Load)):
        found.add(root(getattr(node, "value", node)))
    return found


def needed(texts, rests) -> set[int]:
    """The places of the cells that must run.

    texts  the source of every code cell, by its place
    rests  the places of the cells that are wanted themselves
    """
    wanted, places = set(), set()
    for place in sorted(texts, reverse=True):
        reads, makes, anew = set(), set(), set()
        for statement in ast.parse(texts[place]).body:
            table = scope(statement)
            reads |= used(table) - anew
            makes |= made(table) | changed(statement)
            if isinstance(statement, MAKES):
                anew |= made(table)
        if place in rests or makes & wanted:
            places.add(place)
            wanted = wanted - anew | reads
    return places
