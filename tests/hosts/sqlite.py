"""The SQLite extension in sqlite3: a million rows, errors, interruption, memory."""

import os
import re
import resource
import signal
import subprocess
import time

from common import HOSTS, PATIENCE, ROOT, STAGE, check, say, scratch

EXAMPLE = HOSTS / "sqlite"
RUN = scratch("sqlite-run")
for file in [EXAMPLE / "functions.wat", ROOT / "tests/hosts/bad.wat", STAGE / "sqlite/wasmcell.so"]:
    (RUN / file.name).symlink_to(file)
LOAD = ".load ./wasmcell\n"
MILLION = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
    " SELECT {} FROM n;\n"
)


def start():
    return subprocess.Popen(["sqlite3", "-batch"], cwd=RUN, stdin=subprocess.PIPE, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def run(sql):
    process = start()
    printed, _ = process.communicate(sql, PATIENCE * 3)
    check(process.returncode in (0, 1), f"sqlite3 ends with {process.returncode}: {printed}")
    return printed.strip()


def load(guest, timeout=60000):
    return f"{LOAD}.output /dev/null\nSELECT wasm_load('{guest}', {timeout});\n.output\n"


def expect(sql, answer, guest="functions.wat", timeout=60000):
    actual = run(load(guest, timeout) + sql)
    check(re.search(answer, actual, re.S), f"{sql}\n  answers: {actual}\n  expected: {answer}")


def demo():
    say("the example prints what it should")
    printed = run((EXAMPLE / "demo.sql").read_text())
    check(printed == (EXAMPLE / "expected.txt").read_text().strip(), f"demo.sql prints:\n{printed}")


def million():
    say("a million rows through functions and aggregates")
    begin = time.monotonic()
    expect(MILLION.format("sum(collatz(i)), round(rms(i), 3)"), r"^131434424\|577350.702$")
    say(f"two million calls took {time.monotonic() - begin:.1f} s")
    expect("SELECT count(r) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
           " WHERE i < 100000) SELECT rms(i) AS r FROM n GROUP BY i % 5000);", "^5000$")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    say(f"most memory of a shell: {peak} KiB")
    check(peak < 150 * 1024, f"a shell took {peak} KiB")


def values():
    say("values, NULL, and no rows")
    expect("SELECT shout('grüße'), typeof(shout('')), collatz('27');", r"^GRüßE\|text\|111$")
    expect("SELECT collatz(NULL) IS NULL, rms(x) FROM (SELECT 3 AS x UNION SELECT NULL);",
           r"^1\|3.0$")
    expect("SELECT rms(1) IS NULL WHERE 0;", r"^1?$")
    expect("SELECT collatz(1, 2);", "wrong number of arguments")


def failures():
    say("errors, after which the connection goes on")
    after = "\nSELECT 'on';"
    for sql, answer in [
        ("SELECT trap(1);", "TRAP: wasm `unreachable`.*on$"),
        ("SELECT deep(1);", "STACK_OVERFLOW.*on$"),
        ("SELECT grow(1);", "MEMORY_LIMIT.*on$"),
        ("SELECT explode(x) FROM (SELECT 1 AS x UNION SELECT 2 UNION SELECT 3);", "TRAP.*on$"),
        ("SELECT wasm_load('nowhere.wat', 1);", "IO: .*No such file.*on$"),
        ("SELECT wasm_load('wasmcell.so', 1);", "COMPILE: .*on$"),
    ]:
        expect(sql + after, answer, "bad.wat")
    expect("SELECT spin(1);" + after, "TIMEOUT: .*limit of 200 ms.*on$", "bad.wat", 200)


def interrupted():
    say("Ctrl-C")
    process = start()
    process.stdin.write(load("bad.wat", 3600000) + "SELECT 'begin';\nSELECT spin(1);\n")
    process.stdin.flush()
    check(process.stdout.readline() == "begin\n", "it begins")
    time.sleep(0.3)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=PATIENCE)
    check("interrupted" in printed, f"Ctrl-C: {printed}")
    say(f"it took {time.monotonic() - begin:.2f} s")


def another_thread():
    """sqlite3_interrupt() from another thread, where Python has SQLite's extensions."""
    import sqlite3
    import threading

    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        return
    say("sqlite3_interrupt() by another thread, after which the connection goes on")
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.enable_load_extension(True)
    connection.load_extension(str(RUN / "wasmcell.so"))
    for guest in ["bad.wat", "functions.wat"]:
        connection.execute("SELECT wasm_load(?, 3600000)", [str(RUN / guest)])
    for _ in range(3):
        timer = threading.Timer(0.2, connection.interrupt)
        timer.start()
        try:
            connection.execute("SELECT spin(1)").fetchall()
            check(False, "a guest that never ends has ended")
        except sqlite3.OperationalError as error:
            check("interrupted" in str(error), f"interrupted: {error}")
        timer.join()
        check(connection.execute("SELECT collatz(27)").fetchone() == (111,), "it goes on")
    connection.close()
    check(len(os.listdir("/proc/self/task")) == 1, "threads are left when the connection is closed")


demo()
values()
failures()
interrupted()
another_thread()
million()
