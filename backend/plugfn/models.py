"""The two bases of all models: what is given to PlugFn is read strictly, what vendors send is not."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Base of parameters, credentials and settings: unknown fields are refused, secrets stay out of repr and errors."""

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, str_max_length=1_000_000, use_attribute_docstrings=True
    )


class Result(BaseModel):
    """Base of what actions give back and events carry: fields a vendor adds later are ignored, not an error."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, use_attribute_docstrings=True)
