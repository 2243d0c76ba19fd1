"""The library in Python by ctypes, with nothing compiled: calls, threads, Ctrl-C, a clean end."""

import ctypes
import os
import signal
import threading
import time

from common import ROOT, STAGE, check, say

# The options of a call, as far as they are used here: struct_size tells the library how far.
ERROR = ctypes.c_void_p
ASKED = ctypes.CFUNCTYPE(ERROR, ctypes.c_void_p)


class Options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("timeout_ms", ctypes.c_uint64),
        ("fuel", ctypes.c_uint64),
        ("cancel", ctypes.c_void_p),
        ("report", ctypes.c_void_p),
        ("output", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
        ("interrupt", ASKED),
        ("interrupt_user_data", ctypes.c_void_p),
    ]


library = ctypes.CDLL(str(STAGE / "libwasmcell.so.0"))
POINTER, LENGTH = ctypes.c_void_p, ctypes.c_size_t
for name, result, arguments in [
    ("runtime_builder_new", POINTER, []),
    ("runtime_builder_free", None, [POINTER]),
    ("runtime_builder_max_components", None, [POINTER, ctypes.c_uint64]),
    ("runtime_build", ERROR, [POINTER, POINTER]),
    ("runtime_free", None, [POINTER]),
    ("runtime_component_from_file", ERROR, [POINTER, ctypes.c_char_p, LENGTH, POINTER, POINTER]),
    ("runtime_component_free", None, [POINTER]),
    ("runtime_component_call_text", ERROR, [POINTER, ctypes.c_char_p, LENGTH, POINTER, POINTER]),
    ("runtime_bytes_data", ctypes.c_char_p, [POINTER]),
    ("runtime_bytes_free", None, [POINTER]),
    ("runtime_error_new", ERROR, [ctypes.c_char_p, LENGTH]),
    ("runtime_error_message", ctypes.c_char_p, [ERROR]),
    ("runtime_error_free", None, [ERROR]),
]:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments


class Failure(Exception):
    pass


def succeed(error):
    if error:
        message = library.runtime_error_message(error).decode()
        library.runtime_error_free(error)
        raise Failure(message)


def make(function, *arguments):
    out = ctypes.c_void_p()
    succeed(function(*arguments, ctypes.byref(out)))
    return out


# Python runs its signal handlers between instructions of the main thread. During a call there are
# none but those of `interrupt`, so Ctrl-C arrives there and becomes an error there: what is raised
# in a callback of ctypes goes nowhere.
pressed = False


def on_interrupt(number, frame):
    global pressed
    pressed = True


@ASKED
def asked(_):
    return library.runtime_error_new(b"Ctrl-C", 6) if pressed else None


def call(component, text):
    """The answer to a call; KeyboardInterrupt after Ctrl-C."""
    global pressed
    options = Options(struct_size=ctypes.sizeof(Options), interrupt=asked)
    before = None
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        answer = make(library.runtime_component_call_text, component, text, len(text),
                      ctypes.byref(options))
    except Failure:
        if pressed:
            pressed = False
            raise KeyboardInterrupt from None
        raise
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
    value = library.runtime_bytes_data(answer).decode()
    library.runtime_bytes_free(answer)
    return value


def load(runtime, path):
    path = str(path).encode()
    return make(library.runtime_component_from_file, runtime, path, len(path), None)


def main():
    builder = library.runtime_builder_new()
    library.runtime_builder_max_components(builder, 64)
    runtime = make(library.runtime_build, builder)
    library.runtime_builder_free(builder)
    greeter = load(runtime, ROOT / "tests/guests/greeter.wasm")
    bad = load(runtime, ROOT / "tests/hosts/bad.wat")

    say("calls, errors, threads")
    check(call(greeter, b'greet("Python")') == '"Hello, Python!"', "an answer")
    try:
        call(bad, b"trap(1)")
        check(False, "a trap is an error")
    except Failure as error:
        check("unreachable" in str(error), f"a trap: {error}")
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.extend(call(greeter, b'greet("you")')
                                                       for _ in range(100)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(answers == ['"Hello, you!"'] * 400, "calls by four threads")

    say("Ctrl-C is KeyboardInterrupt, in a guest that never ends")
    for _ in range(3):
        timer = threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT])
        timer.start()
        begin = time.monotonic()
        try:
            call(bad, b"spin(1)")
            check(False, "a guest that never ends has ended")
        except KeyboardInterrupt:
            say(f"after {time.monotonic() - begin:.2f} s")
        timer.join()
    check(call(greeter, b'greet("again")') == '"Hello, again!"', "calls go on")

    for component in [greeter, bad]:
        library.runtime_component_free(component)
    library.runtime_free(runtime)
    check(len(os.listdir("/proc/self/task")) == 1, "threads of the library are left")


main()
