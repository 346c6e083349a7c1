"""Supabase projects: structured queries on allowed tables, through the project's REST API."""

from plugfn.providers.database_supabase import actions
from plugfn.providers.database_supabase.definition import provider

__all__ = ["actions", "provider"]
