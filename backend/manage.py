#!/usr/bin/env python
"""Django's command line, for operators and scripts."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.utils import translation
from environs import EnvError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
    try:
        django.setup()
    except (ImproperlyConfigured, EnvError) as error:
        sys.exit(f"manage.py: {error}")
    translation.activate("en")  # as our own messages; the setting is the language of the pages
    execute_from_command_line(sys.argv)
