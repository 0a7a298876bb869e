"""Finding the class or function that makes a user's own model, and the parameters for its sizes.

nets.py:Net:width=32    a name in a Python file, from the current folder
torch.nn:Linear         a name in a module that can be imported, the current folder included
Net                     a class or a function that is passed in Python
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from lossbench.errors import BadValue, ModelFailed
from lossbench.lazy import torch
from lossbench.losses.custom.carry import file_at
from lossbench.losses.custom.contain import failing
from lossbench.losses.custom.locate import MODEL, find_in, imported, is_file, origin_of
from lossbench.losses.custom.signature import parameters_of, read_arguments, signature
from lossbench.losses.custom.source import code_of, digest, file_of, in_one_line, line_of, run_file
from lossbench.spec import split_spec
from lossbench.training.network import MODELS

if TYPE_CHECKING:
    from torch.nn import Module

INPUTS = ("inputs", "in_features", "input_size", "input_dim", "in_dim", "n_features", "n_inputs")
OUTPUTS = ("outputs", "out_features", "output_size", "output_dim", "out_dim", "num_classes", "n_outputs")
"""Names of the parameters that are given the number of features, and of raw outputs; one of each at most."""


@dataclass(frozen=True, eq=False)
class Maker:
    """The class or function that makes a user's own model.

    Args:
        name: as the user wrote it, without parameters.
        make: the class or the function.
        file: where it is defined; empty where there is no such file.
        origin: where it comes from, in words.
        code: a hash of its code.
    """

    name: str
    make: Callable[..., Any]
    file: str
    origin: str
    code: str


_GIVEN: dict[str, Maker] = {}


def name_of(model: object) -> str:
    """Return the name under which a class or a function passed in Python runs; a text is one already.

    Raises:
        BadValue: an object without a name, or an instance, which has the same initial weights for all seeds.

    Example:
        >>> name_of("mlp:16")
        'mlp:16'
    """
    if isinstance(model, str):
        return model
    name = getattr(model, "__name__", "")
    if not (inspect.isclass(model) or inspect.isfunction(model)) or not name.isidentifier() or name in MODELS:
        raise BadValue(
            f"models: {model!r:.80} is neither a class nor a function with a name of its own; give what makes a "
            "network, as def net(inputs, outputs), since every seed begins with weights of its own"
        )
    code = digest(code_of(model))
    if name not in _GIVEN or _GIVEN[name].code != code or _GIVEN[name].make is not model:
        remember(Maker(name, model, file_of(model), "handed over in Python", code))
    return name


def remember(maker: Maker) -> None:
    """Register a class or function that was passed in Python under its name."""
    _GIVEN[maker.name] = maker


def given(name: str) -> Maker | None:
    """Return the class or function that was passed in Python under a name."""
    return _GIVEN.get(name)


def is_own(spec: str) -> bool:
    """Say whether a spec names a model that is not built in.

    Example:
        >>> is_own("nets.py:Net"), is_own("torch.nn:Linear"), is_own("mlp:16"), is_own("mpl:16")
        (True, True, False, False)
    """
    name = split_spec(spec)[0]
    place, _, attribute = name.rpartition(":")
    if name.partition(":")[0] in MODELS:
        return False
    return name in _GIVEN or is_file(name) or is_file(place) or (bool(place) and attribute.isidentifier())


def locate(name: str) -> Maker:
    """Return the class or function that a name means.

    Raises:
        UnknownName: the file or the module has no such name.
        BadValue: a file without a name in it.
        CodeFailed: a file or a module that cannot be imported, or an object that makes nothing.
    """
    place, _, attribute = name.rpartition(":")
    if name in _GIVEN:
        return _GIVEN[name]
    if is_file(name):
        raise BadValue(f"'{name}' is a file; name a class or a function in it: {name}:NAME")
    if is_file(place):
        file = file_at(place)
        module, code = run_file(file)
        return _checked(Maker(name, find_in(module, attribute, file.name, MODEL), str(file), file.name, code))
    return _in_module(name, place, attribute)


@cache
def _in_module(name: str, place: str, attribute: str) -> Maker:
    found = find_in(imported(place, attribute, MODEL), attribute, place, MODEL)
    return _checked(Maker(name, found, file_of(found), origin_of(place), code_of(found)))


def _checked(maker: Maker) -> Maker:
    """Return a maker; refuse an object that is none."""
    if not (inspect.isclass(maker.make) or callable(maker.make)) or isinstance(maker.make, torch.nn.Module):
        raise ModelFailed(
            f"'{maker.name}' makes no model, it is {type(maker.make).__name__}; name a class, or a function "
            "def net(inputs, outputs) that returns a torch.nn.Module, since every seed begins with other weights"
        )
    return maker


@dataclass(frozen=True, eq=False)
class Recipe:
    """A maker with its arguments: it makes a module from the numbers of features and of raw outputs.

    Args:
        maker: what makes it.
        arguments: set by the spec.
        sizes: the names of its parameters for the numbers of features and of raw outputs; may be empty.
    """

    maker: Maker
    arguments: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[str, str] = ("", "")

    @property
    def code(self) -> str:
        """A hash of the code and the arguments."""
        return digest(self.maker.code, self.maker.name.rpartition(":")[2], repr(sorted(self.arguments.items())))

    def __eq__(self, other: object) -> bool:
        """Two recipes are equal if they have the same code."""
        return isinstance(other, Recipe) and other.code == self.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __call__(self, inputs: int, outputs: int) -> Module:
        """Make the module.

        Raises:
            ModelFailed: it raises, or returns no module.
        """
        told = {name: size for name, size in zip(self.sizes, (inputs, outputs), strict=True) if name}

        def fault(error: BaseException) -> ModelFailed:
            given, raised = said({**told, **self.arguments}), in_one_line(error)
            return self.failed(f"cannot be made with {given}: it raised {raised}", error, beyond_processor(raised))

        with failing(fault):
            made = self.maker.make(**self.arguments, **told)
        if not isinstance(made, torch.nn.Module):
            raise self.failed(f"returned {type(made).__name__}; let it return a torch.nn.Module")
        return made

    def failed(self, fault: str, error: BaseException | None = None, advice: str = "") -> ModelFailed:
        """Return the error for a fault, with the line of its file, and what to do."""
        where = "" if error is None else line_of(error, self.maker.file)
        return ModelFailed(f"model '{self.maker.name}' {fault}{where}{advice}")


def beyond_processor(raised: str) -> str:
    """Return the advice for a network that needs another device, by its exception; empty for other exceptions."""
    return "; it must run on the processor, and lossbench moves it" if "cuda" in raised.lower() else ""


def said(arguments: Mapping[str, Any]) -> str:
    """Write arguments as in a call.

    Example:
        >>> said({"inputs": 4, "depth": 2})
        '(inputs=4, depth=2)'
    """
    return f"({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def recipe_of(spec: str) -> Recipe:
    """Read the spec of a user's own model.

    Raises:
        UsageError: it does not exist, has no such parameter, or no parameters that are clearly its sizes.
    """
    name, given = split_spec(spec)
    if stated := next((key for key in given if key.startswith("@")), None):
        raise BadValue(
            f"'{spec}': {stated} is for losses; a model has only the parameters of its class or function"
        )
    maker = locate(name)
    declared = declared_by(maker.make)
    sizes = tuple(
        next((one for one in names if one in declared and one not in given), "") for names in (INPUTS, OUTPUTS)
    )
    own = {key: one for key, one in declared.items() if key not in sizes}
    needed = [
        key for key, one in own.items() if one.default is one.empty and one.kind in NAMED and key not in given
    ]
    if needed and not all(sizes):
        raise ModelFailed(
            f"model '{name}' needs {' and '.join(needed)}, and does not say which parameters are its sizes; name "
            f"that of the features inputs (or {', '.join(INPUTS[1:3])}) and that of the raw outputs outputs (or "
            f"{', '.join(OUTPUTS[1:3])}), or name a function that makes it: def net(inputs, outputs)"
        )
    return Recipe(maker, read_arguments(spec, given, own), (sizes[0], sizes[1]))


NAMED = (
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.POSITIONAL_ONLY,
)


def declared_by(make: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters of a class or a function, by their names.

    Example:
        >>> list(declared_by(lambda inputs, outputs, width=8: None))
        ['inputs', 'outputs', 'width']
    """
    return parameters_of(make) if inspect.isclass(make) else {one.name: one for one in signature(make)}
