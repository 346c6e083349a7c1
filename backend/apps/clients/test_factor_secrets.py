"""`rotate_keys` encrypts the secrets of second factors again, and says which no key decrypts."""

import base64

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command

from apps.clients.factor_secrets import AuthenticatorSecrets
from apps.clients.factories import UserFactory
from apps.clients.second_factor import SecondFactor
from lib import rotation

pytestmark = pytest.mark.django_db
NEW = base64.b64encode(bytes(range(1, 33))).decode()


@pytest.fixture
def secret():
    user, secret = UserFactory(), generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def test_secrets_are_encrypted_with_the_new_key_and_can_still_be_read(secret, settings, capsys):
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    assert AuthenticatorSecrets().check() == rotation.Checked(readable=2, outdated=2)
    call_command("rotate_keys")
    assert "mfa.Authenticator: 2 rows encrypted again" in capsys.readouterr().out
    settings.ENCRYPTION_KEYS = [NEW]
    assert AuthenticatorSecrets().check() == rotation.Checked(readable=2)
    assert SecondFactor().decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes() == codes
    assert AuthenticatorSecrets().rotate(print).resealed == 0


def test_a_secret_that_no_key_decrypts_is_named(secret, settings):
    settings.ENCRYPTION_KEYS = [NEW]
    rows = sorted(Authenticator.objects.values_list("pk", flat=True))
    assert AuthenticatorSecrets().check().unreadable == rows
    assert AuthenticatorSecrets().rotate().unreadable == rows
    with pytest.raises(CommandError, match="2 rows"):
        call_command("rotate_keys")
    with pytest.raises(CommandError, match="2 rows"):
        call_command("rotate_keys", "--dry-run")
