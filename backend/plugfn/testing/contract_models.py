"""The provider contract for models: what they must refuse, ignore, bound and hide. Part of provider_contract."""

import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from plugfn.definition import Form, Provider

CANARY = "canary-7f3a91"
"""Stands for a secret that must not appear anywhere."""

_SECRET = re.compile(r"(^|_)(password|passphrase|secrets?|tokens?|api_key|private_key)$")
_BOUNDS = {
    "string": {"maxLength", "enum", "const", "format"},
    "array": {"maxItems"},
}
"""For each type, the schema keywords that bound its size."""


def model_problems(provider: Provider) -> Iterator[str]:
    """Problems of parameters, results, credentials and settings."""
    for name, action in provider.actions.items():
        yield from _params(name, action.params)
        yield from _results(name, action.result)
    for trigger in provider.triggers:
        yield from _results(trigger.name, trigger.payload)
    for typed in (provider.credentials, provider.settings):
        yield from _secrets(typed)
    if isinstance(provider.auth, Form) and not any(map(_is_secret, _fields(provider.credentials).values())):
        yield "the credentials have no secret"


def filled(model: type[BaseModel]) -> Any:
    """An unvalidated instance whose secrets are the canary, with defaults for other fields."""
    return model.model_construct(
        None, **{name: _with_canary(kind) for name, kind in _fields(model).items() if _is_secret(kind)}
    )


def _params(name: str, model: type[BaseModel]) -> Iterator[str]:
    for part in _within(model):
        if part.model_config.get("extra") != "forbid":
            yield f"{name}: unknown parameters in {part.__name__} must be refused"
    schema = model.model_json_schema()
    for path in _unbounded(schema, schema.get("$defs", {}), ()):
        yield f"{name}: {path} needs a maximum size"
    yield from _quiet(name, model)


def _results(name: str, model: type[BaseModel]) -> Iterator[str]:
    for part in _within(model):
        if part.model_config.get("extra", "ignore") != "ignore":
            yield f"{name}: {part.__name__} does not ignore what a vendor adds"


def _secrets(model: type[BaseModel]) -> Iterator[str]:
    for name, kind in _fields(model).items():
        if _SECRET.search(name) and not _is_secret(kind):
            yield f"{model.__name__}.{name} is not a SecretStr"
    if CANARY in repr(filled(model)) + str(filled(model)):
        yield f"{model.__name__} shows its secrets"
    yield from _quiet(model.__name__, model)


def _quiet(name: str, model: type[BaseModel]) -> Iterator[str]:
    """Errors must not repeat the value."""
    try:
        model.model_validate(dict.fromkeys(model.model_fields, CANARY))
    except ValidationError as error:
        if CANARY in str(error):
            yield f"{name}: an error repeats the value"


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {name: field.annotation for name, field in model.model_fields.items()}


def _is_secret(kind: Any) -> bool:
    return kind in (SecretStr, SecretBytes) or any(_is_secret(part) for part in get_args(kind))


def _with_canary(kind: Any) -> Any:
    if kind in (SecretStr, SecretBytes):
        return kind(CANARY if kind is SecretStr else CANARY.encode())
    within = next(_with_canary(part) for part in get_args(kind) if _is_secret(part))
    if get_origin(kind) in (tuple, list, set, frozenset):
        return get_origin(kind)([within])
    return {"name": within} if get_origin(kind) is dict else within


def _within(model: type[BaseModel]) -> set[type[BaseModel]]:
    """The model, and all models in it."""
    models, waiting = set(), [model]
    while waiting:
        current = waiting.pop()
        if current not in models:
            models.add(current)
            waiting += [part for kind in _fields(current).values() for part in _models_in(kind)]
    return models


def _models_in(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models_in(part)


def _unbounded(schema: Any, named: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """The paths of values without a size limit."""
    if isinstance(schema, list):
        for part in schema:
            yield from _unbounded(part, named, path)
    if not isinstance(schema, dict):
        return
    if schema.get("type") in _BOUNDS and not _BOUNDS[schema["type"]] & schema.keys():
        yield ".".join(path) or "the whole"
    for name, part in schema.get("properties", {}).items():
        yield from _unbounded(part, named, (*path, name))
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference and reference not in path:
        yield from _unbounded(named[reference], named, (*path, reference))
    for word in ("items", "prefixItems", "anyOf", "oneOf", "allOf", "additionalProperties"):
        yield from _unbounded(schema.get(word), named, path)
