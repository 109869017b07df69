"""Functions stay small enough to call, and classes of the node's path small enough to hold."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "amdanet_ros"
MOST_PARAMETERS = 7
MOST_ATTRIBUTES = 10
NODE_ROOMS = ("images", "pairing", "pipeline", "messages", "ros")
CONFIGURATION = {"network/amdanet.py"}
"""The network's configuration may be given by keywords."""


def parsed():
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def parameters_of(function):
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def attributes_of(kind):
    """Names that the methods of a class set on ``self``."""
    names = set()
    for node in ast.walk(kind):
        targets = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            targets = [node.target]
        for target in targets:
            for each in ast.walk(target):
                is_own = isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name)
                if is_own and each.value.id == "self" and isinstance(each.ctx, ast.Store):
                    names.add(each.attr)
    return names


def test_no_function_has_more_than_seven_parameters():
    found = [
        f"{name}:{node.lineno} {node.name}: {len(parameters_of(node))}"
        for name, tree in parsed()
        if name not in CONFIGURATION
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and len(parameters_of(node)) > MOST_PARAMETERS
    ]
    assert not found, "\n".join(found)


def test_no_class_of_the_nodes_path_sets_more_than_ten_attributes():
    found = [
        f"{name}:{node.lineno} {node.name}: {len(attributes_of(node))}"
        for name, tree in parsed()
        if name.split("/")[0] in NODE_ROOMS
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and len(attributes_of(node)) > MOST_ATTRIBUTES
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("words", ["T" + "ODO", "FIX" + "ME", "X" + "XX"])
def test_nothing_is_left_to_be_done_in_the_code(words):
    found = [
        path.relative_to(ROOT).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if words in path.read_text(encoding="utf-8")
    ]
    assert not found, "\n".join(found)
