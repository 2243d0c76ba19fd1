/// @file
/// Why something failed.
#ifndef WASMCELL_ERROR_HPP
#define WASMCELL_ERROR_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>
#include <wasmcell/owned.hpp>

namespace wasmcell {

/// What kind of failure an error is; wasmcell.h explains each as RUNTIME_ERROR_.
///
/// Expect numbers that are not listed: a newer library may have more.
enum class Code : std::int32_t {
  none = RUNTIME_ERROR_NONE,
  invalid_argument = RUNTIME_ERROR_INVALID_ARGUMENT,
  not_found = RUNTIME_ERROR_NOT_FOUND,
  type_mismatch = RUNTIME_ERROR_TYPE_MISMATCH,
  busy = RUNTIME_ERROR_BUSY,
  compile = RUNTIME_ERROR_COMPILE,
  link = RUNTIME_ERROR_LINK,
  trap = RUNTIME_ERROR_TRAP,
  exit = RUNTIME_ERROR_EXIT,
  poisoned = RUNTIME_ERROR_POISONED,
  /// The guest gave no response, an error in the place of one, or one that is not HTTP; see
  /// Error::http().
  http = RUNTIME_ERROR_HTTP,
  timeout = RUNTIME_ERROR_TIMEOUT,
  cancelled = RUNTIME_ERROR_CANCELLED,
  memory_limit = RUNTIME_ERROR_MEMORY_LIMIT,
  component_too_large = RUNTIME_ERROR_COMPONENT_TOO_LARGE,
  instance_limit = RUNTIME_ERROR_INSTANCE_LIMIT,
  fuel = RUNTIME_ERROR_FUEL,
  stack_overflow = RUNTIME_ERROR_STACK_OVERFLOW,
  resource_limit = RUNTIME_ERROR_RESOURCE_LIMIT,
  descriptor_limit = RUNTIME_ERROR_DESCRIPTOR_LIMIT,
  lookup_limit = RUNTIME_ERROR_LOOKUP_LIMIT,
  disk_quota = RUNTIME_ERROR_DISK_QUOTA,
  io = RUNTIME_ERROR_IO,
  pool = RUNTIME_ERROR_POOL,
  signature = RUNTIME_ERROR_SIGNATURE,
  forked = RUNTIME_ERROR_FORKED,
  unsupported = RUNTIME_ERROR_UNSUPPORTED,
  /// The runtime was shut down by Runtime::shutdown().
  shutdown = RUNTIME_ERROR_SHUTDOWN,
  host = RUNTIME_ERROR_HOST,
  panic = RUNTIME_ERROR_PANIC,
};

/// Which rule of WebAssembly a trapping guest broke; wasmcell.h explains each as RUNTIME_TRAP_.
///
/// Expect numbers that are not listed: a newer library may have more.
enum class Trap : std::int32_t {
  none = RUNTIME_TRAP_NONE,
  unreachable = RUNTIME_TRAP_UNREACHABLE,
  memory_out_of_bounds = RUNTIME_TRAP_MEMORY_OUT_OF_BOUNDS,
  table_out_of_bounds = RUNTIME_TRAP_TABLE_OUT_OF_BOUNDS,
  indirect_call_to_null = RUNTIME_TRAP_INDIRECT_CALL_TO_NULL,
  bad_signature = RUNTIME_TRAP_BAD_SIGNATURE,
  integer_overflow = RUNTIME_TRAP_INTEGER_OVERFLOW,
  integer_division_by_zero = RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO,
  bad_conversion_to_integer = RUNTIME_TRAP_BAD_CONVERSION_TO_INTEGER,
  stack_overflow = RUNTIME_TRAP_STACK_OVERFLOW,
  canonical_abi = RUNTIME_TRAP_CANONICAL_ABI,
  null_reference = RUNTIME_TRAP_NULL_REFERENCE,
  array_out_of_bounds = RUNTIME_TRAP_ARRAY_OUT_OF_BOUNDS,
  cast_failure = RUNTIME_TRAP_CAST_FAILURE,
  uncaught_exception = RUNTIME_TRAP_UNCAUGHT_EXCEPTION,
  other = RUNTIME_TRAP_OTHER,
};

/// Why HTTP failed, as `error-code` of wasi:http has it; wasmcell.h explains each as
/// RUNTIME_HTTP_ERROR_.
///
/// Expect numbers that are not listed: a newer library may have more.
enum class HttpError : std::int32_t {
  none = RUNTIME_HTTP_ERROR_NONE,
  dns_timeout = RUNTIME_HTTP_ERROR_DNS_TIMEOUT,
  dns_error = RUNTIME_HTTP_ERROR_DNS_ERROR,
  destination_not_found = RUNTIME_HTTP_ERROR_DESTINATION_NOT_FOUND,
  destination_unavailable = RUNTIME_HTTP_ERROR_DESTINATION_UNAVAILABLE,
  destination_ip_prohibited = RUNTIME_HTTP_ERROR_DESTINATION_IP_PROHIBITED,
  destination_ip_unroutable = RUNTIME_HTTP_ERROR_DESTINATION_IP_UNROUTABLE,
  connection_refused = RUNTIME_HTTP_ERROR_CONNECTION_REFUSED,
  connection_terminated = RUNTIME_HTTP_ERROR_CONNECTION_TERMINATED,
  connection_timeout = RUNTIME_HTTP_ERROR_CONNECTION_TIMEOUT,
  connection_read_timeout = RUNTIME_HTTP_ERROR_CONNECTION_READ_TIMEOUT,
  connection_write_timeout = RUNTIME_HTTP_ERROR_CONNECTION_WRITE_TIMEOUT,
  connection_limit_reached = RUNTIME_HTTP_ERROR_CONNECTION_LIMIT_REACHED,
  tls_protocol_error = RUNTIME_HTTP_ERROR_TLS_PROTOCOL_ERROR,
  tls_certificate_error = RUNTIME_HTTP_ERROR_TLS_CERTIFICATE_ERROR,
  tls_alert_received = RUNTIME_HTTP_ERROR_TLS_ALERT_RECEIVED,
  request_denied = RUNTIME_HTTP_ERROR_REQUEST_DENIED,
  request_length_required = RUNTIME_HTTP_ERROR_REQUEST_LENGTH_REQUIRED,
  request_body_size = RUNTIME_HTTP_ERROR_REQUEST_BODY_SIZE,
  request_method_invalid = RUNTIME_HTTP_ERROR_REQUEST_METHOD_INVALID,
  request_uri_invalid = RUNTIME_HTTP_ERROR_REQUEST_URI_INVALID,
  request_uri_too_long = RUNTIME_HTTP_ERROR_REQUEST_URI_TOO_LONG,
  request_header_section_size = RUNTIME_HTTP_ERROR_REQUEST_HEADER_SECTION_SIZE,
  request_header_size = RUNTIME_HTTP_ERROR_REQUEST_HEADER_SIZE,
  request_trailer_section_size = RUNTIME_HTTP_ERROR_REQUEST_TRAILER_SECTION_SIZE,
  request_trailer_size = RUNTIME_HTTP_ERROR_REQUEST_TRAILER_SIZE,
  response_incomplete = RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE,
  response_header_section_size = RUNTIME_HTTP_ERROR_RESPONSE_HEADER_SECTION_SIZE,
  response_header_size = RUNTIME_HTTP_ERROR_RESPONSE_HEADER_SIZE,
  response_body_size = RUNTIME_HTTP_ERROR_RESPONSE_BODY_SIZE,
  response_trailer_section_size = RUNTIME_HTTP_ERROR_RESPONSE_TRAILER_SECTION_SIZE,
  response_trailer_size = RUNTIME_HTTP_ERROR_RESPONSE_TRAILER_SIZE,
  response_transfer_coding = RUNTIME_HTTP_ERROR_RESPONSE_TRANSFER_CODING,
  response_content_coding = RUNTIME_HTTP_ERROR_RESPONSE_CONTENT_CODING,
  response_timeout = RUNTIME_HTTP_ERROR_RESPONSE_TIMEOUT,
  upgrade_failed = RUNTIME_HTTP_ERROR_UPGRADE_FAILED,
  protocol_error = RUNTIME_HTTP_ERROR_PROTOCOL_ERROR,
  loop_detected = RUNTIME_HTTP_ERROR_LOOP_DETECTED,
  configuration_error = RUNTIME_HTTP_ERROR_CONFIGURATION_ERROR,
  internal_error = RUNTIME_HTTP_ERROR_INTERNAL_ERROR,
};

/// Spells a code as text, such as `TRAP`, for logs and metrics; `UNKNOWN` if it has no name.
[[nodiscard]] inline std::string_view code_name(Code code) noexcept {
  return runtime_error_code_name(static_cast<std::int32_t>(code));
}

/// One function on the guest's stack when it trapped. Text is borrowed from the Error.
struct Frame {
  /// Name of the function, demangled; empty where the component carries no names.
  std::string_view function;
  /// Name of the core module; empty where it has none.
  std::string_view module;
  /// Offset of the instruction in the core module's binary; UINT64_MAX if unknown.
  std::uint64_t offset = 0;
  /// Source file; empty without debug information. See Builder::backtrace_details().
  std::string_view file;
  /// Line in `file`, from 1; 0 if unknown.
  std::uint32_t line = 0;
  /// Column in `line`, from 1; 0 if unknown.
  std::uint32_t column = 0;
};

/// What an error is about, as far as it is known: for programs, where the message is for people.
/// Text is borrowed from the Error; one of more than 1000 bytes is cut, and ends in U+2026.
struct Details {
  /// The import of the component that is missing, has another type, or was answered wrongly; empty
  /// if it is not about one.
  std::string_view import;
  /// What was passed and cannot be used: the name of a parameter or setting, or the place in the
  /// arguments of a guest's function or in the result of a host's, such as `names[2]` or
  /// `result.x`; empty if it is not about one.
  std::string_view argument;
  /// The setting whose limit was met, by the name of its method; empty if none was.
  std::string_view setting;
  /// How much there would have been of what `setting` limits, in its unit; 0 if that is not known.
  std::uint64_t asked = 0;
  /// How much `setting` allows, in its unit; 0 also if that is not known.
  std::uint64_t allowed = 0;
};

/// Why something failed: a code, one line of text, and what is known about the guest.
///
/// Does not change after it is made, and copies share it: std::expected wants errors that can be
/// copied. It refers to nothing else, may outlive every other object, and any number of threads may
/// read it at once.
class [[nodiscard]] Error {
 public:
  /// Adopts an error of the C API, which must be owned by the caller and not NULL.
  explicit Error(runtime_error_t *error)
      : Error(error, static_cast<Code>(runtime_error_code(error))) {}

  /// Makes an error of the host's own, for a host function or another callback to return.
  ///
  /// @param message  What went wrong, in one line. Copied.
  explicit Error(std::string_view message) : Error(message, Code::host) {}

  /// Makes an error with a code other than Code::host. A callback may return it: the call fails
  /// with that code then, or with Code::host if it is Code::panic. See
  /// runtime_error_of_code().
  Error(std::string_view message, Code code)
      : Error(
            runtime_error_of_code(static_cast<std::int32_t>(code), message.data(), message.size()),
            code) {}

  /// What kind of failure it is: for programs to decide by.
  [[nodiscard]] Code code() const noexcept {
    return code_;
  }

  /// Says in one line what went wrong, for people; may change between versions. Borrowed.
  [[nodiscard]] std::string_view message() const noexcept {
    return {runtime_error_message(get()), runtime_error_message_len(get())};
  }

  /// With which status the guest ended itself, if the code is Code::exit; otherwise 0.
  [[nodiscard]] std::int32_t exit_status() const noexcept {
    return runtime_error_exit_status(get());
  }

  /// Which rule of WebAssembly the guest broke; Trap::none if it is not a trap.
  [[nodiscard]] Trap trap() const noexcept {
    return static_cast<Trap>(runtime_error_trap(get()));
  }

  /// Why HTTP failed, if the code is Code::http; otherwise HttpError::none.
  [[nodiscard]] HttpError http() const noexcept {
    return static_cast<HttpError>(runtime_error_http(get()));
  }

  /// With which status to answer an HTTP client whose request failed so: 400, 500, 502, 503 or 504.
  /// See runtime_error_http_status().
  [[nodiscard]] std::uint64_t http_status() const noexcept {
    return runtime_error_http_status(get());
  }

  /// What it is about. Borrowed.
  [[nodiscard]] Details details() const noexcept {
    runtime_error_details_t raw = RUNTIME_ERROR_DETAILS_INIT;
    if (!runtime_error_details(get(), &raw)) return {};
    return {raw.import, raw.argument, raw.setting, raw.asked, raw.allowed};
  }

  /// The functions on the guest's stack when it trapped, the innermost first. Borrowed.
  [[nodiscard]] std::vector<Frame> frames() const {
    std::vector<Frame> frames;
    runtime_frame_t raw = RUNTIME_FRAME_INIT;
    for (std::size_t i = 0; runtime_error_frame(get(), i, &raw); i++)
      frames.push_back({raw.function, raw.module, raw.offset, raw.file, raw.line, raw.column});
    return frames;
  }

  /// The C object, still owned by this error and its copies; NULL after it was moved from.
  [[nodiscard]] runtime_error_t *get() const noexcept {
    return shared_ != nullptr ? shared_->get() : nullptr;
  }

  /// The C object, from here on owned by the caller.
  ///
  /// While copies of this error live, another one that says the same.
  [[nodiscard]] runtime_error_t *release() {
    const std::shared_ptr<Raw> shared = std::move(shared_);
    if (shared != nullptr && shared.use_count() == 1) return shared->release();
    if (shared != nullptr) return runtime_error_clone(shared->get());
    constexpr std::string_view text = "an error that was moved from";
    return runtime_error_new(text.data(), text.size());
  }

 private:
  using Raw = detail::Owned<runtime_error_t, runtime_error_free>;

  Error(runtime_error_t *error, Code code) : shared_(std::make_shared<Raw>(error)), code_(code) {}

  std::shared_ptr<Raw> shared_;
  Code code_;
};

}  // namespace wasmcell

#endif
