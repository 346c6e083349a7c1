"""A picture, a recording or a file to send, by its address or as its bytes."""

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
"""WhatsApp's own limit for pictures, videos and recordings; larger files go by URL."""
_MOST_BASE64 = MOST_BYTES // 3 * 4 + 4
_UNSAFE_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]')


class MediaKind(StrEnum):
    """How WhatsApp shows it. `voice` is a recording as if spoken into the phone."""

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
    """messages.send_media. Exactly one of `url` and `data`."""

    kind: MediaKind
    """How it is shown."""
    url: str | None = Field(default=None, min_length=9, max_length=2048, pattern=r"^https://", repr=False)
    """https; fetched by the gateway. An address that is not public is refused."""
    data: str | None = Field(default=None, min_length=4, max_length=_MOST_BASE64, repr=False)
    """The file in base64, at most 16 MB of it."""
    caption: Caption | None = Field(default=None, repr=False)
    """Stands below a picture, a video or a document: at most 1024 characters."""
    filename: str | None = Field(default=None, min_length=1, max_length=200, repr=False)
    """What a document is called; path separators and control characters are taken out."""
    mime_type: str | None = Field(default=None, max_length=100, pattern=r"^[a-z]+/[a-z0-9.+\-]+$")
    """As image/png, where the gateway does not find it out by itself."""

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
            raise PydanticCustomError("too_big", "holds nothing, or more than 16 MB: send large files by url")
        return data

    @field_validator("filename")
    @classmethod
    def _plain_name(cls, filename: str | None) -> str | None:
        if filename is None:
            return None
        name = _UNSAFE_NAME.sub("_", filename).strip(" .")
        if not name:
            raise PydanticCustomError("filename", "is no file name")
        return name

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.url is None) == (self.data is None):
            raise PydanticCustomError("media", "name exactly one of url and data")
        if self.mime_type and not self.mime_type.startswith(_TYPES.get(self.kind, "")):
            raise PydanticCustomError("media", "mime_type is not one of this kind")
        if self.caption is not None and self.kind in _WITHOUT_CAPTION:
            raise PydanticCustomError("media", "recordings and stickers have no caption")
        return self
