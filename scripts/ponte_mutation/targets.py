"""What `scripts/mutate` can break, and the tests that must notice."""

_EVENTS = "apps/events"
_ROWS = "apps/banking/rows"
_MAPPING = "apps/banking/aggregators/pluggy/rows"
_FIELDS = f"{_MAPPING}/test_fields.py"
_REPLAY = f"{_EVENTS}/management/commands/test_replay_events.py"


def _each(folder: str, names: str, *tests: str) -> dict[str, tuple[str, ...]]:
    return {f"{folder}/{name}.py": tests for name in names.split()}


# By name: modules, and the files of tests that are run for each mutant of a module. Paths are relative to `backend`.
# Modules of declarations alone (models, admin, apps) are left out: migrations and the admin's tests hold these.
TARGETS: dict[str, dict[str, tuple[str, ...]]] = {
    "events": {
        **_each(_EVENTS, "purge retention books", f"{_EVENTS}/test_purge.py", f"{_EVENTS}/test_work.py"),
        **_each(_EVENTS, "replay", f"{_EVENTS}/test_purge.py", _REPLAY),
        **_each(_EVENTS, "selection", _REPLAY),
        **_each(_EVENTS, "ring", f"{_EVENTS}/test_ring.py", f"{_EVENTS}/test_work.py"),
        **_each(_EVENTS, "kinds", f"{_EVENTS}/test_kinds.py", f"{_EVENTS}/test_ring.py"),
        **_each(_EVENTS, "emit lease", f"{_EVENTS}/test_work.py", f"{_EVENTS}/test_together.py"),
        **_each(_EVENTS, "together", f"{_EVENTS}/test_together.py"),
        **_each(
            _EVENTS, "settle work", *(f"{_EVENTS}/test_{name}.py" for name in ("work", "settle", "kinds", "order"))
        ),
        **_each(_EVENTS, "order", f"{_EVENTS}/test_order.py"),
    },
    "accept": {
        **_each(_EVENTS, "accept bell", f"{_EVENTS}/test_accept.py", f"{_EVENTS}/test_ring.py"),
        **_each(_EVENTS, "store", f"{_EVENTS}/test_accept.py", f"{_EVENTS}/test_work.py"),
    },
    "rows": {
        **_each(_ROWS, "columns merge staging", f"{_ROWS}/test_merge.py", _FIELDS),
        **_each(_ROWS, "tombstones", f"{_ROWS}/test_tombstones.py", f"{_ROWS}/test_merge.py"),
        **_each(_ROWS, "balances", f"{_ROWS}/test_balances.py"),
        **_each(_ROWS, "carried_edits", f"{_ROWS}/test_carried_edits.py"),
    },
    "mapping": {
        **_each(_MAPPING, "accounts catalog item wealth", _FIELDS),
        **_each(_MAPPING, "transactions base", _FIELDS, f"{_MAPPING}/test_rows.py"),
        **_each(_MAPPING, "values", f"{_MAPPING}/test_values.py", f"{_MAPPING}/test_rows.py", _FIELDS),
    },
    "redact": _each("lib", "redact", "lib/test_redact.py"),
    "crypto": {
        **_each("lib", "crypto", "lib/test_crypto.py", "lib/test_sealed.py"),
        **_each("plugfn", "crypto", "plugfn/test_crypto.py"),
    },
    "conditions": _each("plugfn/rules", "conditions", "plugfn/rules/test_conditions.py"),
}
