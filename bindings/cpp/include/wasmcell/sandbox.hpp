/// @file
/// What a guest is granted of the world outside.
#ifndef WASMCELL_SANDBOX_HPP
#define WASMCELL_SANDBOX_HPP

#include <chrono>
#include <string_view>
#include <wasmcell/callback.hpp>
#include <wasmcell/span.hpp>

namespace wasmcell {

/// What a guest may do with a directory. Combine with `|`.
enum class Rights : std::uint64_t {
  read = RUNTIME_RIGHT_READ,
  write = RUNTIME_RIGHT_WRITE,
  list = RUNTIME_RIGHT_LIST,
};

/// Both.
[[nodiscard]] constexpr Rights operator|(Rights a, Rights b) noexcept {
  return static_cast<Rights>(static_cast<std::uint64_t>(a) | static_cast<std::uint64_t>(b));
}

/// Which pieces an output callback gets.
enum class Pieces : std::uint64_t {
  /// What was printed, as soon as the guest flushes.
  as_printed = 0,
  /// One line at a time, with its line feed. The last line of a call may lack that, and a line of
  /// more than 64 KiB comes in pieces.
  whole_lines = RUNTIME_WRITE_WHOLE_LINES,
};

/// What a guest is granted of the world outside: give it to a Component in ComponentOptions.
///
/// Nothing is granted unless one of these functions does so: no arguments, environment, files,
/// stdio or network. Clocks and random numbers are real. Components copy it. One thread at a time
/// may use it. Text is UTF-8 and copied; what is wrong with an argument is Code::invalid_argument.
class Sandbox : public detail::Owned<runtime_sandbox_t, runtime_sandbox_free> {
 public:
  using Owned::Owned;

  /// Makes a sandbox that grants nothing.
  [[nodiscard]] static Result<Sandbox> make() {
    runtime_sandbox_t *out = nullptr;
    if (auto *error = runtime_sandbox_new(&out)) return detail::fail(error);
    return Sandbox(out);
  }

  /// Adds a command-line argument. The first is by custom the name of the program.
  [[nodiscard]] Result<void> arg(std::string_view arg) {
    return detail::done(runtime_sandbox_arg(get(), arg.data(), arg.size()));
  }
  /// Sets an environment variable.
  [[nodiscard]] Result<void> env(std::string_view key, std::string_view value) {
    return detail::done(
        runtime_sandbox_env(get(), key.data(), key.size(), value.data(), value.size()));
  }
  /// Tells the guest which directory it starts in, which grants no access to it.
  [[nodiscard]] Result<void> initial_directory(std::string_view path) {
    return detail::done(runtime_sandbox_initial_directory(get(), path.data(), path.size()));
  }
  /// Grants a directory and all that is in it. See runtime_sandbox_directory().
  ///
  /// @return Code::io if `host_path` is not a directory that can be opened.
  [[nodiscard]] Result<void> directory(std::string_view host_path, std::string_view guest_path,
                                       Rights rights) {
    return detail::done(runtime_sandbox_directory(get(), host_path.data(), host_path.size(),
                                                  guest_path.data(), guest_path.size(),
                                                  static_cast<std::uint64_t>(rights)));
  }
  /// Limits how many bytes and names guests may add to a directory that is granted, all instances
  /// of a component together. See runtime_sandbox_directory_limit().
  [[nodiscard]] Result<void> directory_limit(std::string_view guest_path, std::uint64_t max_bytes,
                                             std::uint64_t max_entries = UINT64_MAX) {
    return detail::done(runtime_sandbox_directory_limit(get(), guest_path.data(), guest_path.size(),
                                                        max_bytes, max_entries));
  }
  /// Sets a value that the guest finds by wasi:config.
  [[nodiscard]] Result<void> config(std::string_view key, std::string_view value) {
    return detail::done(
        runtime_sandbox_config(get(), key.data(), key.size(), value.data(), value.size()));
  }

  /// Gives the guest these bytes as stdin, in each instance from the start. Copied.
  [[nodiscard]] Result<void> stdin_bytes(BytesView bytes) {
    return detail::done(runtime_sandbox_stdin_bytes(get(), bytes.data(), bytes.size()));
  }
  /// Gives the guest what a callback provides as stdin.
  ///
  /// @param callback  `Result<std::size_t>(Span<std::uint8_t> buffer, void *context)`: fills the
  ///                  front of `buffer` and tells how many bytes there are, 0 for the end; an error
  ///                  ends the call. `context` is CallOptions::context. Called on the thread of the
  ///                  call, several at once; kept as long as a sandbox or component knows it.
  template <typename F>
  [[nodiscard]] Result<void> stdin_callback(F &&callback) {
    using Fn = std::decay_t<F>;
    static_assert(std::is_invocable_r_v<Result<std::size_t>, Fn &, Span<std::uint8_t>, void *>,
                  "a stdin callback is Result<std::size_t>(Span<std::uint8_t>, void *)");
    auto owned = std::make_unique<Fn>(std::forward<F>(callback));
    return detail::done(runtime_sandbox_stdin_callback(get(), &detail::read<Fn>, owned.release(),
                                                       &detail::finalize<Fn>));
  }
  /// Gives the guest the stdin of this process.
  [[nodiscard]] Result<void> stdin_inherit() {
    return detail::done(runtime_sandbox_stdin_inherit(get()));
  }

  /// Puts what the guest prints to stdout into the CallOptions::output of the call.
  [[nodiscard]] Result<void> stdout_capture() {
    return detail::done(runtime_sandbox_stdout_capture(get()));
  }
  /// Sends what the guest prints to stdout to a callback.
  ///
  /// @param callback  `void(std::string_view printed, void *context)`, with any bytes, not only
  ///                  UTF-8. `context` is CallOptions::context. Called on the thread of the call,
  ///                  several at once; kept as long as a sandbox or component knows it. What it
  ///                  throws is dropped.
  template <typename F>
  [[nodiscard]] Result<void> stdout_callback(F &&callback, Pieces pieces = Pieces::as_printed) {
    return output_callback(runtime_sandbox_stdout_callback, std::forward<F>(callback), pieces);
  }
  /// Sends what the guest prints to stdout to the stdout of this process.
  [[nodiscard]] Result<void> stdout_inherit() {
    return detail::done(runtime_sandbox_stdout_inherit(get()));
  }

  /// Puts what the guest prints to stderr into the CallOptions::output of the call.
  [[nodiscard]] Result<void> stderr_capture() {
    return detail::done(runtime_sandbox_stderr_capture(get()));
  }
  /// Sends what the guest prints to stderr to a callback; otherwise as stdout_callback().
  template <typename F>
  [[nodiscard]] Result<void> stderr_callback(F &&callback, Pieces pieces = Pieces::as_printed) {
    return output_callback(runtime_sandbox_stderr_callback, std::forward<F>(callback), pieces);
  }
  /// Sends what the guest prints to stderr to the stderr of this process.
  [[nodiscard]] Result<void> stderr_inherit() {
    return detail::done(runtime_sandbox_stderr_inherit(get()));
  }

  /// Allows TCP connections and UDP datagrams to some addresses and ports. Each call allows more.
  ///
  /// @param addresses  An IP address, or a range such as `10.0.0.0/8`.
  [[nodiscard]] Result<void> allow_connect(std::string_view addresses, std::uint16_t first_port,
                                           std::uint16_t last_port) {
    return detail::done(runtime_sandbox_allow_connect(get(), addresses.data(), addresses.size(),
                                                      first_port, last_port));
  }
  /// Allows listening at some local addresses and ports. Each call allows more.
  [[nodiscard]] Result<void> allow_bind(std::string_view addresses, std::uint16_t first_port,
                                        std::uint16_t last_port) {
    return detail::done(runtime_sandbox_allow_bind(get(), addresses.data(), addresses.size(),
                                                   first_port, last_port));
  }
  /// Allows looking up a host name, in Unicode or not, or an IP address, which is found as it is;
  /// with `*.` before it all names below it; or with `*` everything. Each call allows more.
  [[nodiscard]] Result<void> allow_name(std::string_view name) {
    return detail::done(runtime_sandbox_allow_name(get(), name.data(), name.size()));
  }

  /// Makes the guest's clocks the same in each run. See runtime_sandbox_clock_fixed().
  ///
  /// @param wall  What the wall clock shows at first, since 1970 in UTC.
  /// @param step  What each reading moves both clocks by; 0 for clocks that stand still.
  [[nodiscard]] Result<void> clock_fixed(std::chrono::nanoseconds wall,
                                         std::chrono::nanoseconds step) {
    if (wall.count() < 0 || step.count() < 0)
      return detail::fail(Error("clock_fixed: times are not negative", Code::invalid_argument));
    return detail::done(runtime_sandbox_clock_fixed(get(), static_cast<std::uint64_t>(wall.count()),
                                                    static_cast<std::uint64_t>(step.count())));
  }
  /// Makes the guest's random numbers the same in each instance; anyone who knows the seed can
  /// foretell them.
  [[nodiscard]] Result<void> random_seed(std::uint64_t seed) {
    return detail::done(runtime_sandbox_random_seed(get(), seed));
  }

 private:
  using Setter = runtime_error_t *(runtime_sandbox_t *, runtime_write_fn_t, std::uint64_t, void *,
                                   runtime_finalizer_t);

  template <typename F>
  [[nodiscard]] Result<void> output_callback(Setter *setter, F &&callback, Pieces pieces) {
    using Fn = std::decay_t<F>;
    static_assert(std::is_invocable_v<Fn &, std::string_view, void *>,
                  "an output callback is void(std::string_view, void *)");
    auto owned = std::make_unique<Fn>(std::forward<F>(callback));
    return detail::done(setter(get(), &on_write<Fn>, static_cast<std::uint64_t>(pieces),
                               owned.release(), &detail::finalize<Fn>));
  }

  template <typename Fn>
  static void on_write(void *fn, void *context, const std::uint8_t *data,
                       std::size_t len) noexcept {
    const auto *text = static_cast<const char *>(static_cast<const void *>(data));
    runtime_error_free(detail::guarded([&]() -> runtime_error_t * {
      (*static_cast<Fn *>(fn))(std::string_view(text, len), context);
      return nullptr;
    }));
  }
};

static_assert(sizeof(Sandbox) == sizeof(void *));

}  // namespace wasmcell

#endif
