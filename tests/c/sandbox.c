/* threads */
/* The sandbox: what it grants, that it grants nothing else, and where output goes. */
#include "sandbox.h"

static void test_nothing_is_granted(void) {
  runtime_component_t *component = outside_load(NULL);
  EXPECT(component, NULL, "arguments()", "[]");
  EXPECT(component, NULL, "environment()", "[]");
  EXPECT(component, NULL, "initial-directory()", "none");
  EXPECT(component, NULL, "directories()", "[]");
  EXPECT(component, NULL, "read-all()", "ok(\"\")");
  EXPECT(component, NULL, "config-all()", "ok([])");
  EXPECT(component, NULL, "look-up(\"localhost\")", "err(\"access-denied\")");
  EXPECT(component, NULL, "listen(\"127.0.0.1:0\")", "err(\"access-denied\")");
  runtime_component_free(component);
}

static void test_arguments_environment_configuration(void) {
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_arg(sandbox, TEXT("program")));
  CHECK_OK(runtime_sandbox_arg(sandbox, NULL, 0));
  CHECK_OK(runtime_sandbox_env(sandbox, TEXT("KEY"), TEXT("value")));
  CHECK_OK(runtime_sandbox_initial_directory(sandbox, TEXT("/there")));
  CHECK_OK(runtime_sandbox_config(sandbox, TEXT("colour"), TEXT("red")));
  CHECK_ERROR(runtime_sandbox_arg(sandbox, "a\0b", 3), RUNTIME_ERROR_INVALID_ARGUMENT, "`arg`");
  CHECK_ERROR(runtime_sandbox_arg(sandbox, "\xff", 1), RUNTIME_ERROR_INVALID_ARGUMENT, "UTF-8");
  CHECK_ERROR(runtime_sandbox_env(sandbox, TEXT("A=B"), TEXT("")), RUNTIME_ERROR_INVALID_ARGUMENT,
              "`key`");
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  EXPECT(component, NULL, "arguments()", "[\"program\", \"\"]");
  EXPECT(component, NULL, "environment()", "[(\"KEY\", \"value\")]");
  EXPECT(component, NULL, "initial-directory()", "some(\"/there\")");
  EXPECT(component, NULL, "config(\"colour\")", "ok(some(\"red\"))");
  EXPECT(component, NULL, "config(\"size\")", "ok(none)");
  runtime_component_free(component);
}

static void test_output_is_captured(void) {
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_stdout_capture(sandbox));
  CHECK_OK(runtime_sandbox_stderr_capture(sandbox));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  CHECK_OK(runtime_output_new(10, &options.output));
  EXPECT(component, &options, "print(\"so far\")", "()");
  CHECK_TEXT(runtime_output_stdout(options.output), "so far");
  CHECK(runtime_output_stdout_len(options.output) == 6);
  CHECK_TEXT(runtime_output_stderr(options.output), "");
  CHECK(!runtime_output_is_truncated(options.output));
  EXPECT(component, &options, "complain(\"much too much\")", "()");
  CHECK_TEXT(runtime_output_stdout(options.output), "");
  CHECK_TEXT(runtime_output_stderr(options.output), "much too m");
  CHECK(runtime_output_stderr_len(options.output) == 10);
  CHECK(runtime_output_is_truncated(options.output));
  FAILS(component, &options, "print-and-trap(\"so far\")", RUNTIME_ERROR_TRAP);
  CHECK_TEXT(runtime_output_stdout(options.output), "so far");
  options.timeout_ms = 100;
  FAILS(component, &options, "print-and-sleep(\"so far\")", RUNTIME_ERROR_TIMEOUT);
  CHECK_TEXT(runtime_output_stdout(options.output), "so far");
  runtime_output_free(options.output);
  options.output = NULL;
  options.timeout_ms = 0;
  EXPECT(component, &options, "print(\"lost\")", "()");
  runtime_component_free(component);
}

static void test_output_may_be_freed_while_a_call_writes(void) {
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_stdout_capture(sandbox));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  runtime_function_t *function = NULL;
  CHECK_OK(runtime_component_function(component, TEXT(OUTSIDE "print-lines"), &function));
  runtime_component_free(component);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  CHECK_OK(runtime_output_new(1 << 20, &options.output));
  runtime_value_t args[2];
  memset(args, 0, sizeof args);
  args[0].kind = args[1].kind = RUNTIME_KIND_U32;
  args[0].of.u32 = 1000;
  args[1].of.u32 = 1000;
  runtime_pending_t *pending = NULL;
  runtime_completion_t completion = RUNTIME_COMPLETION_INIT;
  completion.pending_out = &pending;
  CHECK_OK(runtime_function_call_async(function, args, 2, &options, &completion));
  runtime_output_free(options.output);
  runtime_values_t *results = NULL;
  CHECK_OK(runtime_pending_wait(pending, UINT64_MAX, &results));
  runtime_values_free(results);
  runtime_pending_free(pending);
  runtime_function_free(function);
}

static void test_output_goes_to_a_callback(void) {
  runtime_sandbox_t *sandbox = sandbox_make();
  tape_t tape = {0};
  CHECK_OK(runtime_sandbox_stdout_callback(sandbox, tape_write, 0, &tape, tape_finalize));
  CHECK_OK(runtime_sandbox_stderr_callback(sandbox, tape_write, RUNTIME_WRITE_WHOLE_LINES, &tape,
                                           tape_finalize));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  CHECK(tape.finalized == 0);
  EXPECT(component, NULL, "print(\"one\\ntwo\")", "()"); /* std flushes at each line feed */
  CHECK_TEXT(tape.text, "<one\n><two>");
  CHECK(tape.context == NULL);
  tape_clear(&tape);
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.context = &options;
  EXPECT(component, &options, "complain(\"one\\ntwo\")", "()");
  CHECK(tape.context == &options);
  CHECK_TEXT(tape.text, "<one\n><two>");
  tape_clear(&tape);
  FAILS(component, NULL, "print-and-trap(\"so far\")", RUNTIME_ERROR_TRAP);
  CHECK_TEXT(tape.text, "<so far>");
  runtime_component_free(component);
  CHECK(tape.finalized == 2);
}

static void test_input_comes_from_bytes_or_a_callback(void) {
  runtime_sandbox_t *sandbox = sandbox_make();
  char bytes[] = "one\ntwo";
  CHECK_OK(runtime_sandbox_stdin_bytes(sandbox, (const uint8_t *)bytes, strlen(bytes)));
  memset(bytes, 'x', sizeof bytes);
  runtime_component_t *component = outside_load(sandbox);
  EXPECT(component, NULL, "read-line()", "ok(\"one\\n\")");
  EXPECT(component, NULL, "read-all()", "ok(\"one\\ntwo\")");
  runtime_component_free(component);

  tape_t tape = {.text = "three", .len = 5};
  CHECK_OK(runtime_sandbox_stdin_callback(sandbox, tape_read, &tape, tape_finalize));
  component = outside_load(sandbox);
  EXPECT(component, NULL, "read-all()", "ok(\"three\")");
  tape.fails = true;
  CHECK_ERROR(outside_call(component, NULL, "read-all()", NULL), RUNTIME_ERROR_HOST, "torn");
  runtime_component_free(component);
  CHECK(tape.finalized == 0);
  CHECK_OK(runtime_sandbox_stdin_bytes(sandbox, NULL, 0));
  CHECK(tape.finalized == 1);
  runtime_sandbox_free(sandbox);
}

static void test_a_refused_callback_is_finalized(void) {
  runtime_sandbox_t *sandbox = sandbox_make();
  tape_t tape = {0};
  CHECK_ERROR(runtime_sandbox_stdout_callback(sandbox, NULL, 0, &tape, tape_finalize),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`callback`");
  CHECK_ERROR(runtime_sandbox_stderr_callback(sandbox, tape_write, 2, &tape, tape_finalize),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`flags`");
  CHECK_ERROR(runtime_sandbox_stdin_callback(NULL, tape_read, &tape, tape_finalize),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`sandbox`");
  CHECK(tape.finalized == 3);
  runtime_sandbox_free(sandbox);
}

static void test_standard_streams_are_inherited(void) {
  int in[2], out[2], saved[3] = {dup(0), dup(1), dup(2)};
  CHECK(pipe(in) == 0 && pipe(out) == 0);
  CHECK(dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1 && dup2(out[1], 2) == 2);
  close(in[0]);
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_stdin_inherit(sandbox));
  CHECK_OK(runtime_sandbox_stdout_inherit(sandbox));
  CHECK_OK(runtime_sandbox_stderr_inherit(sandbox));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  EXPECT(component, NULL, "print(\"no line feed\")", "()");
  EXPECT(component, NULL, "complain(\"!\")", "()");
  /* Nobody writes: the deadline ends the wait, and a timer comes first. */
  runtime_call_options_t options = RUNTIME_CALL_OPTIONS_INIT;
  options.timeout_ms = 100;
  FAILS(component, &options, "read-line()", RUNTIME_ERROR_TIMEOUT);
  EXPECT(component, NULL, "stdin-or-timer(20)", "\"timer\"");
  CHECK(write(in[1], "typed\n", 6) == 6);
  EXPECT(component, NULL, "stdin-or-timer(10000)", "\"stdin: typed\\n\"");
  CHECK(write(in[1], "end", 3) == 3 && close(in[1]) == 0);
  EXPECT(component, NULL, "read-all()", "ok(\"end\")");
  EXPECT(component, NULL, "read-all()", "ok(\"\")");
  runtime_component_free(component);
  for (int fd = 0; fd < 3; fd++) CHECK(dup2(saved[fd], fd) == fd && close(saved[fd]) == 0);
  char printed[100] = {0};
  CHECK(read(out[0], printed, sizeof printed - 1) == 13);
  CHECK_TEXT(printed, "no line feed!");
  close(out[0]);
  close(out[1]);
}

static void test_directories_have_rights(void) {
  char path[4096];
  CHECK((size_t)snprintf(path, sizeof path, "%s/data", getenv("WASMCELL_SCRATCH")) < sizeof path);
  CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
  runtime_sandbox_t *sandbox = sandbox_make();
  uint64_t all = RUNTIME_RIGHT_READ | RUNTIME_RIGHT_WRITE | RUNTIME_RIGHT_LIST;
  CHECK_OK(runtime_sandbox_directory(sandbox, TEXT(path), TEXT("/all"), all));
  CHECK_OK(runtime_sandbox_directory(sandbox, TEXT(path), TEXT("/read"), RUNTIME_RIGHT_READ));
  CHECK_OK(runtime_sandbox_directory(sandbox, TEXT(path), TEXT("/list"), RUNTIME_RIGHT_LIST));
  CHECK_ERROR(runtime_sandbox_directory(sandbox, TEXT(path), TEXT("/all"), all),
              RUNTIME_ERROR_INVALID_ARGUMENT, "granted already");
  CHECK_ERROR(runtime_sandbox_directory(sandbox, TEXT(path), TEXT("/none"), 0),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`rights`");
  CHECK_ERROR(runtime_sandbox_directory(sandbox, TEXT(path), TEXT("/new"), 8),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`rights`");
  CHECK_ERROR(runtime_sandbox_directory(sandbox, TEXT("/no/such"), TEXT("/new"), all),
              RUNTIME_ERROR_IO, "/no/such");
  runtime_component_t *component = outside_load(sandbox);
  EXPECT(component, NULL, "write-file(\"/all/file\", \"text\")", "ok");
  EXPECT(component, NULL, "read-file(\"/read/file\")", "ok(\"text\")");
  EXPECT(component, NULL, "read-file(\"/list/file\")", "err(\"PermissionDenied\")");
  EXPECT(component, NULL, "list-directory(\"/list\")", "ok([\"file\"])");
  EXPECT(component, NULL, "list-directory(\"/read\")", "err(\"PermissionDenied\")");
  EXPECT(component, NULL, "remove-file(\"/read/file\")", "err(\"PermissionDenied\")");
  EXPECT(component, NULL, "read-file(\"/all/../file\")", "err(\"PermissionDenied\")");
  EXPECT(component, NULL, "remove-file(\"/all/file\")", "ok");
  runtime_component_free(component);

  CHECK(rmdir(path) == 0);
  runtime_component_options_t options = RUNTIME_COMPONENT_OPTIONS_INIT;
  options.sandbox = sandbox;
  size_t len = 0;
  uint8_t *bytes = check_guest("wasi.wasm", &len);
  CHECK_ERROR(runtime_component_new(outside_runtime, bytes, len, &options, &component),
              RUNTIME_ERROR_IO, path);
  free(bytes);
  runtime_sandbox_free(sandbox);
}

static void test_the_network_has_lists(void) {
  int port = 0, server = server_start(&port);
  char call[100];
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_ERROR(runtime_sandbox_allow_connect(sandbox, TEXT("host"), 1, 2),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`addresses`");
  CHECK_ERROR(runtime_sandbox_allow_bind(sandbox, TEXT("::1"), 2, 1),
              RUNTIME_ERROR_INVALID_ARGUMENT, "`ports`");
  CHECK_ERROR(runtime_sandbox_allow_name(sandbox, TEXT("*x")), RUNTIME_ERROR_INVALID_ARGUMENT,
              "`name`");
  CHECK_OK(runtime_sandbox_allow_name(sandbox, TEXT("localhost")));
  CHECK_OK(runtime_sandbox_allow_bind(sandbox, TEXT("127.0.0.1"), 0, 65535));
  runtime_component_t *component = outside_load(sandbox);
  snprintf(call, sizeof call, "connect(\"127.0.0.1:%d\", \"hello\")", port);
  EXPECT(component, NULL, call, "err(\"access-denied\")");
  EXPECT(component, NULL, "look-up(\"example.com\")", "err(\"access-denied\")");
  runtime_bytes_t *found = NULL;
  CHECK_OK(outside_call(component, NULL, "look-up(\"localhost\")", &found));
  CHECK(strstr((const char *)runtime_bytes_data(found), "1\"") != NULL);
  runtime_bytes_free(found);
  CHECK_OK(outside_call(component, NULL, "listen(\"127.0.0.1:0\")", &found));
  CHECK(strncmp((const char *)runtime_bytes_data(found), "ok(", 3) == 0);
  runtime_bytes_free(found);
  runtime_component_free(component);

  uint16_t allowed = (uint16_t)port;
  CHECK_OK(runtime_sandbox_allow_connect(sandbox, TEXT("127.0.0.0/8"), allowed, allowed));
  component = outside_load(sandbox);
  EXPECT(component, NULL, call, "ok(\"hello\")");
  runtime_component_free(component);
  runtime_sandbox_free(sandbox);
  server_stop(server);
}

static void test_runs_can_be_repeated(void) {
  runtime_sandbox_t *sandbox = sandbox_make();
  CHECK_OK(runtime_sandbox_clock_fixed(sandbox, UINT64_C(1000000000000000007), 0));
  CHECK_OK(runtime_sandbox_random_seed(sandbox, 1));
  runtime_component_t *component = outside_load(sandbox);
  runtime_sandbox_free(sandbox);
  EXPECT(component, NULL, "wall-clock()", "1000000000000000007");
  EXPECT(component, NULL, "monotonic-clock()", "0");
  EXPECT(component, NULL, "random()", "12017601128915079454");
  runtime_component_free(component);
}

static void test_a_command_gives_a_status(void) {
  static const char *const words[] = {"0", "7", "x", "trap"};
  static const int statuses[] = {0, 7, 1, -1};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    runtime_sandbox_t *sandbox = sandbox_make();
    CHECK_OK(runtime_sandbox_arg(sandbox, TEXT("command")));
    CHECK_OK(runtime_sandbox_arg(sandbox, TEXT(words[i])));
    runtime_component_t *component = guest_load("command.wasm", sandbox);
    runtime_sandbox_free(sandbox);
    int32_t status = -1;
    runtime_error_t *error = runtime_component_run(component, NULL, &status);
    if (statuses[i] < 0) {
      CHECK_ERROR(error, RUNTIME_ERROR_TRAP, "");
      CHECK(status == 0);
    } else {
      CHECK_OK(error);
      CHECK(status == statuses[i]);
    }
    runtime_component_free(component);
  }
  runtime_component_t *library = outside_load(NULL);
  int32_t status = -1;
  CHECK_ERROR(runtime_component_run(library, NULL, &status), RUNTIME_ERROR_NOT_FOUND, "command");
  runtime_component_free(library);
}

int main(void) {
  outside_start();
  RUN(test_nothing_is_granted);
  RUN(test_arguments_environment_configuration);
  RUN(test_output_is_captured);
  RUN(test_output_may_be_freed_while_a_call_writes);
  RUN(test_output_goes_to_a_callback);
  RUN(test_input_comes_from_bytes_or_a_callback);
  RUN(test_a_refused_callback_is_finalized);
  RUN(test_standard_streams_are_inherited);
  RUN(test_directories_have_rights);
  RUN(test_the_network_has_lists);
  RUN(test_runs_can_be_repeated);
  RUN(test_a_command_gives_a_status);
  runtime_free(outside_runtime);
  return EXIT_SUCCESS;
}
