import pytest
from django.test import Client


def test_the_first_page_leads_to_the_admin(client: Client):
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("elsewhere", ["", "desk/7f3a"])
def test_the_first_page_does_not_tell_where_else_the_admin_is(client: Client, settings, elsewhere: str):
    settings.ADMIN_PATH = elsewhere
    answer = client.get("/")
    assert (answer.status_code, answer.content) == (200, b"Ponte is running. It has no page here.\n")
