"""docs/python.md is what the docstrings say, and every public thing has one."""

import importlib.util
import inspect
from pathlib import Path

import coeval

ROOT = Path(__file__).resolve().parents[2]


def load_tool():
    path = ROOT / "tools" / "python_reference.py"
    spec = importlib.util.spec_from_file_location("python_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current():
    tool = load_tool()
    assert tool.PAGE.read_text() == tool.make_page(), (
        "run: tools/in_build.sh release python tools/python_reference.py"
    )


def test_the_page_names_everything_that_is_public():
    page = load_tool().PAGE.read_text()
    for name in coeval.__all__:
        if name not in ("types", "ValueType", "__version__"):
            assert f"### {name}\n" in page or f"| `{name}` |" in page, name


def test_everything_public_says_what_it_is_for():
    for name in coeval.__all__:
        thing = getattr(coeval, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        assert thing.__doc__, name
        for member, value in vars(thing).items() if inspect.isclass(thing) else ():
            own = getattr(value, "__func__", value)
            overrides = any(member in vars(base) for base in thing.__mro__[1:])
            if not member.startswith("_") and (
                inspect.isfunction(own) or isinstance(value, property)
            ):
                assert own.__doc__ or overrides, f"{name}.{member}"
