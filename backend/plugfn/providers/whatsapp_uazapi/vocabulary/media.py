"""A picture, a recording or a file to send, as a URL or as bytes."""

import base64
import binascii
import re
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from plugfn.providers.whatsapp_uazapi.vocabulary.recipient import Outgoing
from plugfn.providers.whatsapp_uazapi.vocabulary.text import Caption

MOST_BYTES = 16 * 1024 * 1024
"""WhatsApp's own limit for pictures, videos and recordings; send larger files by URL."""
_MOST_BASE64 = MOST_BYTES // 3 * 4 + 4
_UNSAFE_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]')


class MediaKind(StrEnum):
    """How WhatsApp shows the file. `voice`: like a recording that was spoken into the phone."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"


_TYPES = {
    MediaKind.IMAGE: "image/",
    MediaKind.VIDEO: "video/",
    MediaKind.AUDIO: "audio/",
    MediaKind.VOICE: "audio/",
    MediaKind.STICKER: "image/",
}
_WITHOUT_CAPTION = frozenset({MediaKind.AUDIO, MediaKind.VOICE, MediaKind.STICKER})


class SendMedia(Outgoing):
    """The file to send. Set exactly one of `url` and `data`."""

    kind: MediaKind
    """How WhatsApp shows the file."""
    url: str | None = Field(default=None, min_length=9, max_length=2048, pattern=r"^https://", repr=False)
    """An https URL that the gateway fetches. It must be a public address."""
    data: str | None = Field(default=None, min_length=4, max_length=_MOST_BASE64, repr=False)
    """The file in base64; at most 16 MB before encoding."""
    caption: Caption | None = Field(default=None, repr=False)
    """A text below a picture, a video or a document, of at most 1024 characters."""
    filename: str | None = Field(default=None, min_length=1, max_length=200, repr=False)
    """The name of a document; path separators and control characters are replaced."""
    mime_type: str | None = Field(default=None, max_length=100, pattern=r"^[a-z]+/[a-z0-9.+\-]+$")
    """The media type, for example image/png, if the gateway does not recognise it by itself."""

    @field_validator("data")
    @classmethod
    def _is_base64(cls, data: str | None) -> str | None:
        if data is None:
            return None
        try:
            size = len(base64.b64decode(data, validate=True))
        except (binascii.Error, ValueError):
            raise PydanticCustomError("base64", "is not base64") from None
        if not 0 < size <= MOST_BYTES:
            raise PydanticCustomError("too_big", "is empty or larger than 16 MB: send large files by url")
        return data

    @field_validator("filename")
    @classmethod
    def _plain_name(cls, filename: str | None) -> str | None:
        if filename is None:
            return None
        name = _UNSAFE_NAME.sub("_", filename).strip(" .")
        if not name:
            raise PydanticCustomError("filename", "is not a file name")
        return name

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.url is None) == (self.data is None):
            raise PydanticCustomError("media", "set exactly one of url and data")
        if self.mime_type and not self.mime_type.startswith(_TYPES.get(self.kind, "")):
            raise PydanticCustomError("media", "mime_type does not match kind")
        if self.caption is not None and self.kind in _WITHOUT_CAPTION:
            raise PydanticCustomError("media", "recordings and stickers have no caption")
        return self
