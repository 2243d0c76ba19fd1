/// @file
/// What a guest printed.
#ifndef WASMCELL_OUTPUT_HPP
#define WASMCELL_OUTPUT_HPP

#include <wasmcell/result.hpp>

namespace wasmcell {

/// What the guest of a call printed, if its Sandbox captures that. See CallOptions::output.
///
/// Holds the output of one call: a call that it is given to empties it first. While that call is in
/// flight only the call may use it; otherwise any number of threads may read it at once.
class Output : public detail::Owned<runtime_output_t, runtime_output_free> {
 public:
  using Owned::Owned;

  /// Makes an output that holds nothing yet. See runtime_output_new().
  ///
  /// @param cap  How many bytes of stdout to keep, and how many of stderr; more is dropped.
  [[nodiscard]] static Result<Output> make(std::uint64_t cap) {
    runtime_output_t *out = nullptr;
    if (auto *error = runtime_output_new(cap, &out)) return detail::fail(error);
    return Output(out);
  }

  /// Sets whether it collects what several calls print, rather than being emptied by each; empties
  /// it. See runtime_output_collect().
  Output &collect(bool collects) noexcept {
    runtime_output_collect(get(), collects);
    return *this;
  }

  /// What the guest printed to stdout; borrowed until the next call with it.
  [[nodiscard]] std::string_view out() const noexcept {
    return view(runtime_output_stdout(get()), runtime_output_stdout_len(get()));
  }
  /// What the guest printed to stderr; borrowed until the next call with it.
  [[nodiscard]] std::string_view err() const noexcept {
    return view(runtime_output_stderr(get()), runtime_output_stderr_len(get()));
  }
  /// Whether the guest printed more than was kept.
  [[nodiscard]] bool is_truncated() const noexcept {
    return runtime_output_is_truncated(get());
  }

 private:
  static std::string_view view(const char *text, std::size_t size) noexcept {
    return text != nullptr ? std::string_view(text, size) : std::string_view();
  }
};

static_assert(sizeof(Output) == sizeof(void *));

}  // namespace wasmcell

#endif
