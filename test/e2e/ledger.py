# SPDX-License-Identifier: Apache-2.0
"""What ledger.bats needs of a log daemon and of SQLite.

    ledger.py receive SOCKET FILE      takes datagrams, as a log daemon does, and writes a line for each
    ledger.py sql DATABASE STATEMENT   runs it and prints the rows
    ledger.py check DATABASE [FILE]    is the history whole, and was each change received once?
"""
import json
import os
import re
import socket
import sqlite3
import sys


def receive(path, out):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(path)
    os.chmod(path, 0o666)
    with open(out, "ab", buffering=0) as file:
        while True:
            file.write(sock.recv(65536).replace(b"\n", b" ") + b"\n")


def sql(path, statement):
    with sqlite3.connect(path) as db:
        for row in db.execute(statement):
            print("|".join(str(column) for column in row))


def fail(what):
    sys.exit(f"ledger.py: {what}")


def check_history(rows):
    """The seqs have no gap, and each finding opens, changes and resolves in turn. Returns what is open: id -> severity."""
    is_open = {}
    for number, (seq, event, finding, severity, before) in enumerate(rows, rows[0][0] if rows else 0):
        if seq != number:
            fail(f"seq {number} is missing, {seq} stands there")
        if event == "opened" and finding in is_open:
            fail(f"seq {seq}: {finding} opened twice")
        if event in ("changed", "resolved") and finding not in is_open:
            fail(f"seq {seq}: {finding} {event} while it was not open")
        if event in ("changed", "resolved") and is_open[finding] != before:
            fail(f"seq {seq}: {finding} {event} from {before}, but it was {is_open[finding]}")
        if event in ("opened", "changed"):
            is_open[finding] = severity
        if event == "resolved":
            del is_open[finding]
    return is_open


def check_received(rows, path):
    """Each change of the history came once; what came again is marked."""
    seen = {}
    history = {row[0]: row for row in rows}
    with open(path, encoding="utf-8") as file:
        for line in file:
            found = re.search(r"@cee:(\{.*\})$", line)
            if not found:
                continue
            said = json.loads(found.group(1))
            if said["event"] in ("heartbeat", "reminder", "started", "stopped"):
                continue
            if said["event"] in ("suppressed", "dropped"):
                fail(f"a line about lines: {line}")
            if said["seq"] in seen and not said.get("replayed"):
                fail(f"seq {said['seq']} came twice, unmarked")
            if said["seq"] not in history:
                fail(f"seq {said['seq']} was told and is not in the history")
            if (said["event"], said["id"], said["severity"]) != history[said["seq"]][1:4]:
                fail(f"seq {said['seq']} was told as {said}, the history has {history[said['seq']]}")
            seen[said["seq"]] = True
    missing = [seq for seq in history if seq not in seen]
    if missing:
        fail(f"never told: {missing}")


def check(path, received=None):
    with sqlite3.connect(path) as db:
        good = db.execute("PRAGMA integrity_check").fetchall()
        rows = db.execute("SELECT seq, event, id, severity, from_severity FROM changes ORDER BY seq").fetchall()
        open_rows = db.execute("SELECT id, severity FROM findings WHERE state = 'open'").fetchall()
        last = db.execute("SELECT value FROM meta WHERE name = 'last_seq'").fetchone()[0]
    if good != [("ok",)]:
        fail(f"integrity_check: {good}")
    if len(set(row[0] for row in open_rows)) != len(open_rows):
        fail("a finding stands there twice")
    if dict(open_rows) != check_history(rows):
        fail(f"open are {sorted(open_rows)}, the history says {sorted(check_history(rows).items())}")
    if rows and last != rows[-1][0]:
        fail(f"last_seq is {last}, the last change {rows[-1][0]}")
    if received:
        check_received(rows, received)
    print(f"{len(rows)} changes, {len(open_rows)} open")


if __name__ == "__main__":
    {"receive": receive, "sql": sql, "check": check}[sys.argv[1]](*sys.argv[2:])
