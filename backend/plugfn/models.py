"""The two base classes of all models: input to PlugFn is read strictly, vendors' data is not."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Base of parameters, credentials and settings: refuses unknown fields, keeps secrets out of repr and errors."""

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, str_max_length=1_000_000, use_attribute_docstrings=True
    )


class Result(BaseModel):
    """Base of results and event payloads. It ignores unknown fields, which a vendor may add at any time."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)
