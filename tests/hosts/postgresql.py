"""The PostgreSQL extension in a real server: calls, errors, cancellation, crashes, memory."""

import os
import signal
import subprocess
import sys
import threading
import time

from common import HOSTS, PATIENCE, ROOT, alive, check, plateau, resident, say, scratch
from common import stop, until

BIN = os.environ["WASMCELL_PG_BIN"]
RUN = scratch("pg-run")
DATA = RUN / "data"
EXAMPLE = HOSTS / "postgresql"
AS_POSTGRES = []
if os.geteuid() == 0:  # where the server refuses to run
    AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    subprocess.run(["chown", "postgres", RUN], check=True)
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": str(RUN), "LC_ALL": "C"}
FUNCTIONS, BAD = "'functions.wat'", "'bad.wat'"


class Session:
    """A connection: psql, which answers one statement after the other."""

    def __init__(self, user="postgres"):
        self.psql = subprocess.Popen(
            ["psql", "-XAtq", "-h", RUN, "-U", user, "-d", "postgres", "-v", "VERBOSITY=verbose"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.pid = int(self.ask("SELECT pg_backend_pid()"))

    def send(self, sql):
        self.psql.stdin.write(sql + ";\n\\echo done\n")
        self.psql.stdin.flush()

    def receive(self):
        lines = []
        for line in self.psql.stdout:
            if line == "done\n":
                return "".join(lines).strip()
            lines.append(line)
        return "".join(lines).strip()

    def ask(self, sql):
        self.send(sql)
        return self.receive()

    def close(self):
        self.psql.stdin.close()
        self.psql.stdout.close()
        self.psql.wait(PATIENCE)


def expect(session, sql, answer):
    """The answer, or where it begins with the letter E the SQLSTATE and part of the message."""
    actual = session.ask(sql)
    if answer.startswith("E "):
        state, text = answer[2:7], answer[8:]
        right = f"ERROR:  {state}:" in actual and text in actual
    else:
        right = actual == answer
    check(right, f"{sql}\n  answers: {actual}\n  expected: {answer}")


def calls(one):
    say("calls and their types")
    expect(one, f"SELECT wasm_call({FUNCTIONS}, 'shout', 'grüße')", "GRüßE")
    expect(one, f"SELECT wasm_call_int({FUNCTIONS}, 'collatz', 27)", "111")
    expect(one, f"SELECT wasm_call_int({FUNCTIONS}, 'collatz', NULL::int) IS NULL", "t")
    expect(one, f"SELECT wasm_call_float({FUNCTIONS}, 'hypot', 3::float8, 4::float8)",
           "5")
    expect(one, f"SELECT wasm_call_bytea({FUNCTIONS}, 'reverse', '\\x010203'::bytea)", "\\x030201")
    expect(one, f"SELECT sum(wasm_call_int({FUNCTIONS}, 'collatz', i))"
           " FROM generate_series(1, 100000) i", "10753840")


def failures(one):
    say("errors have a SQLSTATE, and the backend goes on")
    for sql, answer in [
        (f"SELECT wasm_call_int({FUNCTIONS}, 'collatz', '27')", "E 42804 does not take"),
        (f"SELECT wasm_call_int({FUNCTIONS}, 'collatz', 1, 2)", "E 42804 "),
        (f"SELECT wasm_call({FUNCTIONS}, 'collatz', 27)", "E 42804 the guest does not give text"),
        (f"SELECT wasm_call({FUNCTIONS}, 'nothing', 1)", "E 42883 `nothing`"),
        ("SELECT wasm_call('none.wat', 'nothing', 1)", "E 39000 No such file"),
        ("SELECT wasm_call('../run/none.wat', 'nothing', 1)", "E 42602 "),
        (f"SELECT wasm_call_int({BAD}, 'trap', 1)", "E 38000 unreachable"),
        (f"SELECT wasm_call_int({BAD}, 'trap', 1)", "E 38000 In function \"trap\" of the guest"),
        (f"SELECT wasm_call_int({BAD}, 'deep', 1)", "E 54001 max_stack"),
        (f"SELECT wasm_call_int({BAD}, 'grow', 1)", "E 54000 max_linear_memory"),
        ("SET wasmcell.timeout = 200", ""),
        (f"SELECT wasm_call_int({BAD}, 'spin', 1)", "E 57014 limit of 200 ms"),
        ("RESET wasmcell.timeout", ""),
        # In subtransactions.
        ("DO $$ BEGIN FOR i IN 1..300 LOOP BEGIN"
         f" PERFORM wasm_call_int({BAD}, 'trap', i);"
         " EXCEPTION WHEN external_routine_exception THEN NULL; END; END LOOP; END $$", ""),
        (f"SELECT wasm_call_int({FUNCTIONS}, 'collatz', 27)", "111"),
    ]:
        expect(one, sql, answer)


def cancellation(one, other):
    say("statement_timeout, pg_cancel_backend, pg_terminate_backend")
    spin = f"SELECT wasm_call_int({BAD}, 'spin', 1)"
    begin = time.monotonic()
    expect(one, "SET statement_timeout = 300", "")
    expect(one, spin, "E 57014 canceling statement due to statement timeout")
    caught = one.ask(f"DO $$ BEGIN PERFORM wasm_call_int({BAD}, 'spin', 1);"
                     " EXCEPTION WHEN query_canceled THEN RAISE NOTICE 'caught'; END $$;"
                     f" SELECT wasm_call_int({FUNCTIONS}, 'collatz', 27)")
    check("caught" in caught and caught.endswith("111"), f"PL/pgSQL catches it: {caught}")
    expect(one, "RESET statement_timeout", "")
    check(time.monotonic() - begin < PATIENCE / 2, "they end long before wasmcell.timeout")

    for _ in range(3):
        one.send(spin)
        busy(other, one)
        expect(other, f"SELECT pg_cancel_backend({one.pid})", "t")
        answer = one.receive()
        check("canceling statement due to user request" in answer, f"cancelled: {answer}")
        expect(one, f"SELECT wasm_call_int({FUNCTIONS}, 'collatz', 27)", "111")

    victim = Session()
    victim.send(spin)
    busy(other, victim)
    expect(other, f"SELECT pg_terminate_backend({victim.pid})", "t")
    answer = victim.receive()
    check("terminating connection due to administrator command" in answer, f"ended: {answer}")
    until(lambda: not alive(victim.pid), "the backend ends")
    expect(one, "SELECT 1", "1")  # of the same server as before: nothing has crashed


def busy(other, one):
    until(lambda: other.ask("SELECT state = 'active' AND query LIKE '%spin%' FROM pg_stat_activity"
                            f" WHERE pid = {one.pid}") == "t", "the guest runs")
    time.sleep(0.1)


def users(one):
    say("who may call, and what others may set")
    expect(one, "CREATE ROLE tenant LOGIN", "")
    tenant = Session("tenant")
    call = f"SELECT wasm_call_int({FUNCTIONS}, 'collatz', 27)"
    expect(tenant, call, "E 42501 permission denied")
    expect(one, "GRANT EXECUTE ON FUNCTION wasm_call_int TO tenant", "")
    expect(tenant, call, "111")
    expect(tenant, "SET wasmcell.directory = '/tmp'", "E 42501 permission denied")
    tenant.close()


def concurrency():
    say("four backends at once, one of them busy for ever; parallel workers")
    spinner = Session()
    spinner.send(f"SELECT wasm_call_int({BAD}, 'spin', 1)")
    wrong = []

    def client():
        session = Session()
        answer = session.ask(f"SELECT sum(wasm_call_int({FUNCTIONS}, 'collatz', i))"
                             " FROM generate_series(1, 10000) i")
        if answer != "849666":
            wrong.append(answer)
        session.close()

    clients = [threading.Thread(target=client) for _ in range(3)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    check(not wrong, f"wrong answers: {wrong}")
    session = Session()
    session.ask("CREATE TABLE numbers AS SELECT i FROM generate_series(1, 20000) i; ANALYZE;"
                " SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
                " SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2")
    sql = f"SELECT sum(wasm_call_int({FUNCTIONS}, 'collatz', i)) FROM numbers"
    check("Workers Planned" in session.ask(f"EXPLAIN {sql}"), "a plan with workers")
    expect(session, sql, "1834634")
    session.close()
    os.kill(spinner.pid, signal.SIGINT)
    spinner.receive()
    spinner.close()


def memory():
    session = Session()
    work = lambda: expect(session, f"SELECT count(wasm_call({FUNCTIONS}, 'shout', 'number ' || i))"
                          " FROM generate_series(1, 15000) i", "15000")
    plateau(lambda: resident(session.pid), work, "a backend")
    session.close()


def crash():
    say("a backend is killed in a call: the server starts the others anew")
    victim = Session()
    victim.send(f"SELECT wasm_call_int({BAD}, 'spin', 1)")
    time.sleep(0.3)
    os.kill(victim.pid, signal.SIGKILL)
    until(ready, "the server is back")
    session = Session()
    expect(session, f"SELECT wasm_call_int({FUNCTIONS}, 'collatz', 27)", "111")
    session.close()


def ready():
    asked = subprocess.run(["psql", "-XAtqc", "SELECT 1", "-h", RUN, "-U", "postgres"],
                           capture_output=True, text=True)
    return asked.stdout == "1\n"


initdb = [f"{BIN}/initdb", "-D", DATA, "-A", "trust", "-E", "UTF8", "--no-sync"]
subprocess.run(AS_POSTGRES + initdb, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
GUESTS = RUN / "guests"
GUESTS.mkdir()
for guest in [EXAMPLE / "functions.wat", ROOT / "tests" / "hosts" / "bad.wat"]:
    (GUESTS / guest.name).write_bytes(guest.read_bytes())
LOG = RUN / "log"
SERVER = subprocess.Popen(
    AS_POSTGRES + [f"{BIN}/postgres", "-D", DATA, "-k", RUN, "-c", "listen_addresses=",
                   "-c", "fsync=off", "-c", f"wasmcell.directory={GUESTS}"],
    env=ENVIRONMENT, stdout=LOG.open("w"), stderr=subprocess.STDOUT,
)
try:
    until(ready, "the server answers")
    one, other = Session(), Session()
    one.ask("CREATE EXTENSION wasmcell")
    calls(one)
    failures(one)
    cancellation(one, other)
    users(one)
    concurrency()
    memory()
    check("terminated by signal" not in LOG.read_text(), f"a process crashed, says {LOG}")
    one.close()
    other.close()
    crash()
    say("stops in time, also with a call on its way")
    busy_one = Session()
    busy_one.send(f"SELECT wasm_call_int({BAD}, 'spin', 1)")
    time.sleep(0.2)
    check(stop(SERVER, signal.SIGINT) == 0, "the server ends well")
    text = LOG.read_text()
    check(text.count("terminated by signal 9") == text.count("terminated by signal"),
          f"a process crashed, says {LOG}")
except BaseException:
    sys.stderr.write("".join(LOG.open().readlines()[-15:]))
    raise
finally:
    if SERVER.poll() is None:
        stop(SERVER, signal.SIGQUIT)
