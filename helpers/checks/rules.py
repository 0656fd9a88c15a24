"""Source rules: what an exercise asks not to do, judged on the syntax tree of the student's function.

Rules are data, so that they can be stored beside the references: `{"rule": "no_loops"}` and
`{"rule": "no_calls", "names": ["scipy", "np.convolve"]}`. Code whose source cannot be read is not judged.
"""

import ast
import inspect
import textwrap

_ALIASES = {"numpy": "np", "tensorflow": "tf"}


def broken_rule(student, rules) -> str | None:
    """The sentence that says which rule is broken and where, or None."""
    for tree in _trees(student) if rules else []:
        for rule in rules:
            message = _no_loops(tree) if rule["rule"] == "no_loops" else _no_calls(tree, rule["names"])
            if message:
                return message
    return None


def _trees(student) -> list[ast.AST]:
    """The syntax tree of a function, or those of a class's methods (in a notebook a class has no source of its own)."""
    if inspect.isclass(student):
        return [tree for method in vars(student).values() if inspect.isfunction(method) for tree in _trees(method)]
    try:
        source = inspect.getsource(inspect.unwrap(student))
        return [ast.parse(textwrap.dedent(source))]
    except (OSError, TypeError, ValueError, SyntaxError, RecursionError):
        return []


def _no_loops(tree: ast.AST) -> str | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.While | ast.AsyncFor | ast.comprehension):
            line = getattr(node, "lineno", None) or node.target.lineno
            return f"Line {line} of your function loops in Python; this exercise asks for array operations instead."
        if isinstance(node, ast.Call) and _dotted(node.func) in ("np.vectorize", "np.apply_along_axis", "map"):
            name = _dotted(node.func)
            return f"Line {node.lineno} calls {name}, which is a Python loop in disguise; use array operations."
    return None


def _no_calls(tree: ast.AST, names: list[str]) -> str | None:
    imported = _imports(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for module in imported.values():
                if _matches(module, names):
                    return f"Line {node.lineno} imports {module}; here you write that yourself."
        if isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node)
            head, _, rest = dotted.partition(".")
            full = ".".join(filter(None, [imported.get(head, head), rest]))
            if _matches(full, names):
                return f"Line {node.lineno} uses {dotted}; here you write that yourself."
    return None


def _imports(tree: ast.AST) -> dict[str, str]:
    """Local name -> dotted module or member, for imports inside the function."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(a.asname or a.name.split(".")[0]): a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {(a.asname or a.name): f"{node.module}.{a.name}" for a in node.names}
    return found


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return _ALIASES.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def _matches(dotted: str, names: list[str]) -> bool:
    head, _, rest = dotted.partition(".")
    dotted = ".".join(filter(None, [_ALIASES.get(head, head), rest]))
    return any(dotted == name or dotted.startswith(name + ".") for name in names)
