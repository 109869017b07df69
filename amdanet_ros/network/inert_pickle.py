"""Reading pickles as data: nothing that they name is imported, called or built.

A pickle is a program for a small stack machine. This one knows its instructions, but an object
is only noted down: which class or function was named, and what it would have been given.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

MOST_INSTRUCTIONS = 2_000_000
"""A network's checkpoint with the optimiser's state has some 300,000; each takes up to 100 bytes
of memory."""


class PickleError(ValueError):
    """The pickle is damaged, cut short or larger than any checkpoint's; the message says why."""


class Readable(Protocol):
    """A source of bytes."""

    def read(self, count: int) -> bytes:
        """Read up to `count` bytes."""

    def readline(self) -> bytes:
        """Read a line."""


@dataclass(frozen=True)
class Named:
    """A class or function that the pickle names, "module.name"; it is not imported."""

    name: str


@dataclass(frozen=True, eq=False)
class Stored:
    """What the pickle keeps outside itself: the identification that its writer gave."""

    identification: Any


class Made:
    """An object that was not made.

    Attributes:
        of: what would have been called: a `Named`, or what the pickle gave in its place.
        arguments: what it would have been given.
        called: True: a function or class is called; False: an instance without a call.
        state: what its attributes would have been; None if nothing was said.
        items: entries of a kind of dict.
        values: entries of a kind of list or set.
    """

    __slots__ = ("arguments", "called", "items", "of", "state", "values")

    def __init__(self, of: Any, arguments: Any, called: bool) -> None:
        self.of, self.arguments, self.called = of, arguments, called
        self.state: Any = None
        self.items: dict[Any, Any] = {}
        self.values: list[Any] = []

    @property
    def name(self) -> str:
        """What would have been called, "module.name"; empty if that is no name."""
        return self.of.name if isinstance(self.of, Named) else ""


def mapping_of(value: Any) -> Mapping[Any, Any] | None:
    """Return a dict, or the entries of a kind of dict; None for anything else."""
    if isinstance(value, dict):
        return value
    return value.items if isinstance(value, Made) and value.items else None


@dataclass(frozen=True, eq=False)
class Pickled:
    """What a pickle holds.

    Attributes:
        content: None, bool, int, float, str, bytes, list, dict, tuple, `Named`, `Made` or `Stored`.
        made: all that would have been made.
        stored: all that is kept outside.
    """

    content: Any
    made: list[Made]
    stored: list[Stored]


def read_pickle(source: Readable) -> Pickled:
    """Read one pickle; the source stands behind it afterwards.

    Raises:
        PickleError: damaged, cut short, or of too many instructions.
        OSError: reading fails.
    """
    machine, read = _Machine(), source.read
    try:
        for _ in range(MOST_INSTRUCTIONS):
            code = read(1)
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                raise PickleError(_unknown(code))
            read_argument, act = instruction
            act(machine, None if read_argument is None else read_argument(source))
            if code == _STOP:
                return Pickled(machine.result(), machine.made, machine.stored)
        raise PickleError(f"its pickle has more than {MOST_INSTRUCTIONS} instructions")
    except (ValueError, LookupError, TypeError, OverflowError, AttributeError) as error:
        if isinstance(error, PickleError):
            raise
        raise PickleError(f"its pickle cannot be read ({error})") from error


def _unknown(code: bytes) -> str:
    known = pickletools.code2op.get(code.decode("latin-1"))
    if known is not None:
        return f"its pickle has the instruction {known.name}, no checkpoint's"
    what = f"opcode {code!r} unknown" if code else "pickle exhausted before seeing STOP"
    return f"its pickle cannot be read ({what})"


_DICTS = frozenset(["collections.OrderedDict", "collections.defaultdict", "collections.Counter"])
_PLAIN_KEYS = (str, int, float, bytes, type(None), Named, Made)


class _Machine:
    def __init__(self) -> None:
        self.made: list[Made] = []
        self.stored: list[Stored] = []
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> Any:
        return self._stack[-1]

    def _taken(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise PickleError("its pickle cannot be read (the stack is empty)")
        taken = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return taken

    def _since_mark(self) -> list[Any]:
        return self._taken(len(self._stack) - self._marks.pop())

    def _note(self, of: Any, arguments: Any, called: bool) -> None:
        made = Made(of, arguments, called)
        self.made.append(made)
        self._stack.append(made)

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def memorize(self, number: int) -> None:
        self._memo[number] = self._stack[-1]

    def recall(self, number: int) -> None:
        self._stack.append(self._memo[number])

    def push_tuple(self, count: int) -> None:
        self._stack.append(tuple(self._taken(count)))

    # Other instructions, by the names of `pickletools`

    def _mark(self, _: Any) -> None:
        self._marks.append(len(self._stack))

    def _pop(self, _: Any) -> None:
        if self._marks and self._marks[-1] == len(self._stack):
            self._marks.pop()
        else:
            self._stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._since_mark()

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._since_mark()))

    def _list(self, _: Any) -> None:
        self._stack.append(self._since_mark())

    _frozenset = _list

    def _dict(self, _: Any) -> None:
        content: dict[Any, Any] = {}
        _set(content, self._since_mark())
        self._stack.append(content)

    def _append(self, _: Any) -> None:
        (value,) = self._taken(1)
        _list_of(self._stack[-1]).append(value)

    def _appends(self, _: Any) -> None:
        values = self._since_mark()
        _list_of(self._stack[-1]).extend(values)

    _additems = _appends

    def _setitem(self, _: Any) -> None:
        pair = self._taken(2)
        _set(_dict_of(self._stack[-1]), pair)

    def _setitems(self, _: Any) -> None:
        pairs = self._since_mark()
        _set(_dict_of(self._stack[-1]), pairs)

    def _global(self, name: str) -> None:
        self._stack.append(Named(name.replace(" ", ".", 1)))

    def _stack_global(self, _: Any) -> None:
        module, name = self._taken(2)
        if not (isinstance(module, str) and isinstance(name, str)):
            raise PickleError("its pickle names a class that is no name")
        self._stack.append(Named(f"{module}.{name}"))

    def _reduce(self, _: Any) -> None:
        of, arguments = self._taken(2)
        if isinstance(of, Named) and of.name in _DICTS and isinstance(arguments, tuple):
            self._stack.append(_filled_dict(arguments))
        else:
            self._note(of, arguments, True)

    def _newobj(self, _: Any) -> None:
        self._note(*self._taken(2), False)

    def _newobj_ex(self, _: Any) -> None:
        of, arguments, _keywords = self._taken(3)
        self._note(of, arguments, False)

    def _inst(self, name: str) -> None:
        self._note(Named(name.replace(" ", ".", 1)), tuple(self._since_mark()), True)

    def _obj(self, _: Any) -> None:
        of, *arguments = self._since_mark()
        self._note(of, tuple(arguments), True)

    def _build(self, _: Any) -> None:
        (state,) = self._taken(1)
        if isinstance(self._stack[-1], Made):
            self._stack[-1].state = state

    def _persid(self, identification: str) -> None:
        self._store(identification)

    def _binpersid(self, _: Any) -> None:
        self._store(*self._taken(1))

    def _store(self, identification: Any) -> None:
        self.stored.append(Stored(identification))
        self._stack.append(self.stored[-1])


def _list_of(value: Any) -> list[Any]:
    return value.values if isinstance(value, Made) else _checked(value, list)


def _dict_of(value: Any) -> dict[Any, Any]:
    return value.items if isinstance(value, Made) else _checked(value, dict)


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise PickleError(f"its pickle fills a {type(value).__name__} like a {kind.__name__}")
    return value


def _set(content: dict[Any, Any], flat: list[Any]) -> None:
    if len(flat) % 2:
        raise PickleError("its pickle has a dict with a key and no value")
    for key, value in zip(flat[::2], flat[1::2], strict=True):
        # Hashing a deeply nested tuple would overflow the interpreter's own stack.
        parts = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(part, _PLAIN_KEYS) for part in parts):
            raise PickleError(f"its pickle has a {type(key).__name__} as a key")
        content[key] = value


def _filled_dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """Return the dict that a call of a kind of dict makes of a dict or of a list of pairs."""
    content: dict[Any, Any] = {}
    for argument in arguments:
        if isinstance(argument, dict):
            content.update(argument)
        elif isinstance(argument, (list, tuple)):
            for pair in argument:
                _set(content, list(pair))
    return content


_STOP = b"."
_OWN_ARGUMENT = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING "
    "UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8"
)
"""Instructions that push their own argument."""
_Act = Callable[[_Machine, Any], None]
_ACTS: dict[str, _Act] = {
    **dict.fromkeys(_OWN_ARGUMENT.split(), _Machine.push),
    **dict.fromkeys(["PUT", "BINPUT", "LONG_BINPUT"], _Machine.memorize),
    **dict.fromkeys(["GET", "BINGET", "LONG_BINGET"], _Machine.recall),
    **dict.fromkeys(["PROTO", "FRAME", "STOP"], lambda machine, _: None),
    **dict.fromkeys(["EMPTY_LIST", "EMPTY_SET"], lambda machine, _: machine.push([])),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "TUPLE1": lambda machine, _: machine.push_tuple(1),
    "TUPLE2": lambda machine, _: machine.push_tuple(2),
    "TUPLE3": lambda machine, _: machine.push_tuple(3),
}


def _instructions() -> dict[bytes, tuple[Callable[[Readable], Any] | None, _Act]]:
    """Return what reads the argument of each instruction, and what it does, by its code."""
    found = {}
    for opcode in pickletools.opcodes:
        act = _ACTS.get(opcode.name) or getattr(_Machine, f"_{opcode.name.lower()}", None)
        if act is not None:
            reader = None if opcode.arg is None else opcode.arg.reader
            found[opcode.code.encode("latin-1")] = reader, act
    return found


_INSTRUCTIONS = _instructions()
