"""Other addresses for what is on record: the whole history goes along, and whoever waits for it follows."""

from __future__ import annotations

import json
import sqlite3

from launchctl.errors import StateError
from launchctl.state.model import Standing
from launchctl.state.rows import DamagedRow
from launchctl.values import JSON, canonical, is_mapping

OF_TRIALS = "address >= ? || '[' AND address < ? || '\\'"
"""Addresses of a sweep's trials, by an index: `\\` is the character after `[`."""


def rename_run(connection: sqlite3.Connection, source: str, target: str) -> None:
    """Give a run another address."""
    _require_free(connection, "runs", source, target)
    _require_one(connection, "runs", source, target)
    for table in ("generations", "attempts"):
        connection.execute(f"UPDATE {table} SET address = ? WHERE address = ?", (target, source))  # noqa: S608
    _rename_references(connection, canonical(source), canonical(target))


def rename_sweep(connection: sqlite3.Connection, source: str, target: str) -> None:
    """Give a sweep and its trials another name; a forgotten sweep without trials may have had it before."""
    gone = (target, Standing.FORGOTTEN.value)
    connection.execute("DELETE FROM sweeps WHERE address = ? AND standing = ?", gone)
    _require_free(connection, "sweeps", source, target)
    if connection.execute(f"SELECT 1 FROM runs WHERE {OF_TRIALS}", (target, target)).fetchone():  # noqa: S608
        raise StateError(f"{target} has trials on record", hint=f"give {source} another name")
    _require_one(connection, "sweeps", source, target)
    connection.execute("UPDATE sweeps SET revision = revision + 1 WHERE address = ?", (target,))
    for table in ("runs", "generations", "attempts"):
        connection.execute(
            f"UPDATE {table} SET address = ? || substr(address, ?) WHERE {OF_TRIALS}",  # noqa: S608
            (target, len(source) + 1, source, source),
        )
    _rename_references(connection, canonical(source), canonical(target))
    _rename_references(connection, f'"{source}[', f'"{target}[')


def _require_free(connection: sqlite3.Connection, table: str, source: str, target: str) -> None:
    if connection.execute(f"SELECT 1 FROM {table} WHERE address = ?", (target,)).fetchone():  # noqa: S608
        raise StateError(f"{target} is recorded already", hint=f"give {source} another name")


def _require_one(connection: sqlite3.Connection, table: str, source: str, target: str) -> None:
    statement = f"UPDATE {table} SET address = ? WHERE address = ?"  # noqa: S608
    if connection.execute(statement, (target, source)).rowcount == 0:
        raise StateError(f"{source} is not recorded", hint="`launchctl state list` shows what is")


def _rename_references(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Whoever waits for it waits for it under its new name."""
    for column in ("policy", "upstream"):
        statement = f"UPDATE generations SET {column} = replace({column}, ?, ?) WHERE instr({column}, ?)"  # noqa: S608
        connection.execute(statement, (old, new, old))
    found = connection.execute("SELECT address, spec FROM sweeps WHERE instr(spec, ?)", (old,)).fetchall()
    for address, spec in found:
        try:
            renamed = _with_references(spec, old, new)
        except ValueError as error:
            raise DamagedRow(f"sweep {address}") from error
        connection.execute("UPDATE sweeps SET spec = ? WHERE address = ?", (renamed, address))


def _with_references(spec: str, old: str, new: str) -> str:
    """A sweep's text with the address as its own and as one that its trials wait for; nothing else in it is one."""
    form: JSON = json.loads(spec)
    if is_mapping(form):
        form = {**form, "address": _renamed(form["address"], old, new)} if "address" in form else form
        launch = form.get("launch")
        if is_mapping(launch) and "depends_on" in launch:
            form = {**form, "launch": {**launch, "depends_on": _renamed(launch["depends_on"], old, new)}}
    return canonical(form)


def _renamed(value: JSON, old: str, new: str) -> JSON:
    return json.loads(canonical(value).replace(old, new))
