"""What the tests of the hosts share. Waits are bounded by PATIENCE, for machines that are busy."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOSTS = ROOT / "examples-c" / "hosts"
STAGE = pathlib.Path(os.environ["WASMCELL_STAGE"])  # made by run.sh: the library, what was built
PATIENCE = 60


def check(condition, message):
    if not condition:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {message}")


def say(message):
    print(f"   {message}", flush=True)


def until(condition, message, patience=PATIENCE):
    """Waits until `condition()` is true."""
    end = time.monotonic() + patience
    while not condition():
        check(time.monotonic() < end, f"after {patience} s: {message}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def resident(pid):
    """Resident kilobytes of a process."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def plateau(measure, work, name):
    """Memory that `measure()` tells does not grow with `work()`: the last rounds are alike."""
    work()
    work()
    before = measure()
    for _ in range(3):
        work()
    after = measure()
    say(f"{name}: resident {before} KiB, then {after} KiB")
    check(after < before * 1.05 + 2048, f"{name}: memory grows, from {before} to {after} KiB")


def stop(process, number=signal.SIGTERM, patience=PATIENCE):
    """Stops a child by its id and gives its status."""
    process.send_signal(number)
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        check(False, f"process {process.pid} does not stop within {patience} s")


def scratch(name):
    path = STAGE / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path
