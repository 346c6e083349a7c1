"""The parameters of the common WhatsApp actions."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from plugfn.providers.whatsapp_uazapi.vocabulary import CheckNumbers, FindMessages, SendMedia, SendText
from plugfn.providers.whatsapp_uazapi.vocabulary.media import MOST_BYTES
from plugfn.providers.whatsapp_uazapi.vocabulary.text import cleaned, without_placeholders

ANA = "(11) 98888-7777"


def refused(model, **fields):
    with pytest.raises(ValidationError) as caught:
        model(**fields)
    return str(caught.value)


def test_a_phone_number_becomes_e164():
    assert SendText(to=ANA, text="oi").to == "+5511988887777"
    assert SendText(to="0723 973 035", region="RO", text="oi").to == "+40723973035"


def test_exactly_one_recipient_must_be_set():
    assert "exactly one" in refused(SendText, text="oi")
    assert "exactly one" in refused(SendText, to=ANA, group="1203634@g.us", text="oi")
    assert "pass an id as group or user" in refused(SendText, to="1203634@g.us", text="oi")
    assert SendText(group="1203634@g.us", text="oi").to is None
    assert SendText(user="100000000000001@lid", text="oi").user


@pytest.mark.parametrize("wrong", ["a b", "x\n", "", "a" * 129, "../x", "a?b"])
def test_an_id_with_other_characters_is_refused(wrong):
    for field in ("group", "user"):
        refused(SendText, text="oi", **{field: wrong})
    refused(SendText, to=ANA, text="oi", reply_to=wrong)


def test_a_text_has_at_most_4096_characters_and_at_least_one():
    assert len(SendText(to=ANA, text="é" * 4096).text) == 4096
    refused(SendText, to=ANA, text="é" * 4097)
    for empty in ("", "  \n ", "\x00\x07"):
        refused(SendText, to=ANA, text=empty)


def test_control_characters_are_removed_and_line_ends_unified():
    assert SendText(to=ANA, text="a\x00b\r\nc\rd\te\x1b[31m\x9bf").text == "ab\nc\nd\te[31mf"
    assert SendText(to=ANA, text="👩‍👩‍👧 ação").text == "👩‍👩‍👧 ação"


@given(st.text(min_size=1, max_size=200))
def test_cleaning_a_text_twice_changes_nothing_more(text):
    try:
        once = cleaned(text)
    except ValueError:
        return
    assert cleaned(once) == once


@given(st.text(alphabet="{} ab", max_size=40))
def test_no_placeholder_remains_and_no_visible_character_is_lost(text):
    broken = without_placeholders(text)
    assert "{{" not in broken
    assert broken.replace("\u2060", "") == text


def test_nothing_personal_is_in_repr_or_errors():
    sent = SendText(to="+5511988887777", text="segredo meu")
    assert "segredo" not in repr(sent)
    assert "98888" not in repr(sent)
    assert "77777777" not in refused(SendText, to="+5577777777", text="segredo")
    assert "98888" not in repr(CheckNumbers(numbers=["+5511988887777"]))


@pytest.mark.parametrize("model", [SendText, SendMedia, CheckNumbers, FindMessages])
def test_every_parameter_has_a_description_in_the_json_schema(model):
    fields = model.model_json_schema()["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_unknown_fields_and_regions_are_refused():
    refused(SendText, to=ANA, text="oi", sneaky=1)
    refused(SendText, to=ANA, text="oi", region="ZZZ")


def test_media_are_a_url_or_bytes_but_not_both():
    data = base64.b64encode(b"file").decode()
    assert SendMedia(to=ANA, kind="image", data=data, caption="olha").caption == "olha"
    assert SendMedia(to=ANA, kind="document", url="https://example.org/a.pdf").url
    assert "exactly one" in refused(SendMedia, to=ANA, kind="image")
    assert "exactly one" in refused(SendMedia, to=ANA, kind="image", data=data, url="https://example.org/a.png")


@pytest.mark.parametrize("url", ["http://example.org/a", "file:///etc/passwd", "javascript:x", "https:/", "//x"])
def test_media_are_fetched_over_https_only(url):
    refused(SendMedia, to=ANA, kind="image", url=url)


def test_media_that_are_not_base64_or_too_big_are_refused():
    assert "is not base64" in refused(SendMedia, to=ANA, kind="image", data="not base64!")
    exact = base64.b64encode(b"\0" * MOST_BYTES).decode()
    assert SendMedia(to=ANA, kind="video", data=exact)
    refused(SendMedia, to=ANA, kind="video", data=base64.b64encode(b"\0" * (MOST_BYTES + 1)).decode())


def test_kind_type_and_caption_must_match():
    data = base64.b64encode(b"file").decode()
    assert SendMedia(to=ANA, kind="voice", data=data, mime_type="audio/ogg")
    assert "mime_type" in refused(SendMedia, to=ANA, kind="image", data=data, mime_type="video/mp4")
    assert "caption" in refused(SendMedia, to=ANA, kind="sticker", data=data, caption="oi")
    refused(SendMedia, to=ANA, kind="hologram", data=data)


def test_a_file_name_cannot_be_a_path_or_look_different():
    data = base64.b64encode(b"file").decode()
    name = SendMedia(to=ANA, kind="document", data=data, filename="../../etc\\pass\u202efdp.exe").filename
    assert name == "_.._etc_pass_fdp.exe"
    assert "is not a file name" in refused(SendMedia, to=ANA, kind="document", data=data, filename="..")


def test_at_most_fifty_numbers_are_checked_at_once():
    assert CheckNumbers(numbers=["1"] * 50)
    refused(CheckNumbers, numbers=["1"] * 51)
    refused(CheckNumbers, numbers=[])


def test_a_tracking_id_is_short_and_plain():
    assert FindMessages(tracking="delivery-0001")
    for wrong in ("short", "a" * 65, "with space", "x\ny-------"):
        refused(FindMessages, tracking=wrong)
