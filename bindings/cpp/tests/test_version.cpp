#include "testing.hpp"

namespace {

TEST(Version, is_that_of_the_header) {
  EXPECT_EQ(wasmcell::abi_version(), static_cast<std::uint32_t>(RUNTIME_ABI_VERSION));
  EXPECT_EQ(wasmcell::version(), RUNTIME_VERSION_STRING);
  EXPECT_FALSE(wasmcell::wasmtime_version().empty());
}

TEST(Features, have_names_and_bits) {
  const auto all = wasmcell::features();
  ASSERT_EQ(all.size(), 3U);
  std::uint64_t bits = 0;
  for (const wasmcell::Feature &feature : all) {
    EXPECT_EQ(wasmcell::parse_features(feature.name).value(), feature.bit);
    bits |= feature.bit;
  }
  EXPECT_EQ(bits, 7U);
  EXPECT_EQ(wasmcell::parse_features("RPC_INTERFACE,wasmcloud-messaging-v3").value(),
            RUNTIME_FEATURE_RPC_INTERFACE | RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3);
  EXPECT_EQ(wasmcell::parse_features("").value(), 0U);
  expect_error(wasmcell::parse_features("teleport"), Code::invalid_argument, "teleport");
}

}  // namespace
