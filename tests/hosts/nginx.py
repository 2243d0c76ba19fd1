"""The nginx module in a real nginx: answers, limits, reloads, cancellations and crashes."""

import http.client
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

from common import HOSTS, PATIENCE, ROOT, STAGE, alive, check, free_port, plateau, resident, say
from common import scratch, stop, until

PORT = free_port()
RUN = scratch("nginx-run")
LOG = RUN / "error.log"
BAD = ROOT / "tests" / "hosts" / "bad.wat"
UPPER = HOSTS / "nginx" / "upper.wat"


def configuration(guest=UPPER, more=""):
    """The example's configuration with other places, and locations for what goes wrong."""
    text = (HOSTS / "nginx" / "nginx.conf").read_text()
    for old, new in [
        ("modules/ngx_http_wasmcell_module.so", f"{STAGE}/nginx/ngx_http_wasmcell_module.so"),
        ("127.0.0.1:8080", f"127.0.0.1:{PORT}"),
        ("guests/upper.wat", str(guest)),
        ("wasmcell_timeout 500ms;", "wasmcell_timeout 30s;"),
        ("worker_shutdown_timeout 10s;", ""),  # it would hide a request that is never over
        ("events {", f"daemon off;\nerror_log {LOG} info;\npid {RUN}/pid;\n\nevents {{"),
        ("http {", f"http {{\n    access_log off;\n    client_body_temp_path {RUN}/body;"),
    ]:
        check(old in text, f"nginx.conf has no `{old}`")
        text = text.replace(old, new)
    locations = "".join(
        f"location /{name} {{ wasmcell {BAD} http-{guest}; wasmcell_timeout {timeout}; }}\n"
        for name, guest, timeout in [
            ("trap", "trap", "30s"),
            ("deep", "deep", "30s"),
            ("grow", "grow", "30s"),
            ("spin", "spin", "300ms"),
            ("long", "spin", "3s"),
            ("ever", "spin", "1h"),
        ]
    )
    (RUN / "nginx.conf").write_text(text.replace("location /upper", locations + "location /upper"))


def request(path, body=b"", connection=None):
    """(status, body) of a request."""
    mine = connection or http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
    mine.request("POST", path, body)
    answer = mine.getresponse()
    result = answer.status, answer.read()
    if connection is None:
        mine.close()
    return result


def served():
    try:
        return request("/upper", b"a") == (200, b"A")
    except OSError:
        return False


def workers():
    children = pathlib.Path(f"/proc/{NGINX.pid}/task/{NGINX.pid}/children").read_text()
    return {int(pid) for pid in children.split() if alive(int(pid))}


def many(count, threads=8):
    """Requests over kept connections by several clients at once, all of which have to be right."""
    wrong = []

    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
        for i in range(count // threads):
            body = f"client {number}, request {i}: " + "x" * (i * 37 % 9000)
            answer = request("/upper", body.encode(), connection)
            if answer != (200, body.upper().encode()):
                wrong.append((body[:40], answer[0]))
                return
        connection.close()

    clients = [threading.Thread(target=client, args=(i,)) for i in range(threads)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    check(not wrong, f"wrong answers: {wrong}")


def in_background(path):
    """Starts a request; gives a function that waits for its answer."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(request(path, b"body")))
    thread.start()

    def wait():
        thread.join()
        check(answers, f"no answer from {path}: the connection was cut off")
        return answers[0]

    return wait


def logged(text):
    return text in LOG.read_text()


def answers():
    say("answers, empty, and large ones")
    check(request("/upper", b"hello, w0rld") == (200, b"HELLO, W0RLD"), "an answer")
    check(request("/upper") == (200, b""), "an empty answer")
    large = bytes(range(256)) * 4096 * 7
    check(request("/upper", large) == (200, large.upper()), "7 MiB, by way of a file")
    check(request("/upper", b"x" * (9 << 20))[0] == 413, "9 MiB are too much")
    many(400)


def failures():
    say("traps, limits and time-outs")
    for path, status, word in [
        ("/trap", 500, "TRAP: wasm `unreachable` instruction executed, in trap"),
        ("/deep", 500, "STACK_OVERFLOW"),
        ("/grow", 500, "`max_linear_memory` is 33554432"),
        ("/spin", 504, "TIMEOUT: the call took longer than its limit of 300 ms"),
    ]:
        check(request(path, b"x")[0] == status, f"{path} is {status}")
        check(logged(word), f"the log says {word}")


def spinners():
    say("guests that never end, while others are served")
    waits = [in_background("/long") for _ in range(6)]
    for _ in range(50):
        check(served(), "an answer meanwhile")
    check([wait()[0] for wait in waits] == [504] * 6, "guests that never end are 504")


def clients_that_leave():
    say("clients that go away cancel their calls")
    # More than there are instances: were one not released, what follows would be 503.
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", PORT), PATIENCE) as client:
            client.sendall(b"POST /ever HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
            time.sleep(0.002)
    until(served, "instances are free again")
    many(160)


def reloads():
    say("a reload leaves requests alone, one with a broken guest everything")
    before = workers()
    wait = in_background("/long")
    time.sleep(0.5)
    NGINX.send_signal(signal.SIGHUP)
    until(lambda: len(workers() - before) == 2, "two new workers")
    check(served(), "an answer by the new ones")
    check(wait()[0] == 504, "the request in an old worker ends as it would have")
    until(lambda: not workers() & before, "the old workers end")

    before = workers()
    (RUN / "broken.wat").write_text("(component (func))")
    for guest, word in [(RUN / "broken.wat", "COMPILE"), (RUN / "missing.wat", "IO")]:
        configuration(guest)
        NGINX.send_signal(signal.SIGHUP)
        until(lambda: logged(f'wasmcell "{guest}": {word}'), f"the log says {word}")
        time.sleep(0.2)
        check(workers() == before and served(), "the old workers go on")
    configuration()


def crashes():
    say("a worker is killed, with a call on its way")
    victims = workers()
    abandoned = [socket.create_connection(("127.0.0.1", PORT), PATIENCE) for _ in range(4)]
    for client in abandoned:
        client.sendall(b"POST /ever HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(workers() - victims) == 2, "two new workers")
    until(served, "answers by new workers")
    for client in abandoned:
        client.close()


configuration()
# What was freed is overwritten, so that it does no harm to use it only by luck.
PERTURBED = os.environ | {"MALLOC_PERTURB_": "165"}
NGINX = subprocess.Popen(["nginx", "-c", RUN / "nginx.conf"], env=PERTURBED)
try:
    until(served, "nginx serves")
    answers()
    failures()
    spinners()
    clients_that_leave()
    reloads()
    crashes()
    plateau(lambda: sum(map(resident, workers())), lambda: many(2000), "two workers")
    say("stops in time, also with a call on its way")
    leaving = socket.create_connection(("127.0.0.1", PORT), PATIENCE)
    leaving.sendall(b"POST /ever HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
    time.sleep(0.2)
    check(stop(NGINX) == 0, "nginx ends well")
finally:
    if NGINX.poll() is None:
        stop(NGINX)
text = LOG.read_text()
for word in ["[emerg]", "signal 11", "signal 6", "core dumped"]:
    lines = [line for line in text.splitlines() if word in line and "wasmcell" not in line]
    check(not lines, f"the log says: {lines}")
alerts = [line for line in text.splitlines() if "[alert]" in line and "signal 9" not in line]
check(not alerts, f"the log says: {alerts}")
