/// @file
/// Versions, and the experimental features that the library knows.
#ifndef WASMCELL_VERSION_HPP
#define WASMCELL_VERSION_HPP

#include <string_view>
#include <vector>
#include <wasmcell/result.hpp>

namespace wasmcell {

/// The ABI number of the library that is loaded; RUNTIME_ABI_VERSION is that of the header.
[[nodiscard]] inline std::uint32_t abi_version() noexcept {
  return runtime_abi_version();
}

/// The version of the library that is loaded, such as `0.1.0`.
[[nodiscard]] inline std::string_view version() noexcept {
  return runtime_version();
}

/// The version of Wasmtime inside the library, such as `48.0.8`.
[[nodiscard]] inline std::string_view wasmtime_version() noexcept {
  return runtime_wasmtime_version();
}

/// An experimental feature: its name in lower case with dashes, and its bit.
struct Feature {
  /// Its name, static.
  std::string_view name;
  /// Its bit, for Builder::experimental_features().
  std::uint64_t bit;
};

/// The experimental features that the library knows, for a `--help`.
[[nodiscard]] inline std::vector<Feature> features() {
  std::vector<Feature> all;
  for (std::size_t i = 0; i < runtime_feature_count(); i++)
    all.push_back({runtime_feature_name(i), runtime_feature_bit(i)});
  return all;
}

/// Turns names of experimental features into a set of bits.
///
/// @param names  Separated by commas, in any case, with dashes or underscores.
///
/// @return Code::invalid_argument names the first that is unknown.
[[nodiscard]] inline Result<std::uint64_t> parse_features(std::string_view names) {
  std::uint64_t bits = 0;
  if (auto *error = runtime_feature_parse(names.data(), names.size(), &bits))
    return detail::fail(error);
  return bits;
}

}  // namespace wasmcell

#endif
