#include <mutex>

#include "testing.hpp"

namespace {

using wasmcell::Builder;

TEST(Builder, reports_the_first_unusable_setting) {
  expect_error(Builder().max_components(0).max_stack(1).build(), Code::invalid_argument,
               "max_components");
  expect_error(Builder().max_execution_time(-5ms).build(), Code::invalid_argument,
               "max_execution_time");
  expect_error(Builder().trusted_key("no key").build(), Code::invalid_argument, "trusted_key");
  expect_error(Builder().experimental_feature_names("teleport").build(), Code::invalid_argument,
               "teleport");
}

// Every setter reaches the setting of its name: each refuses a value of its own.
TEST(Builder, setters_set_what_they_say) {
  const std::uint64_t huge = UINT64_MAX;
  const std::pair<const char *, Builder &(Builder::*)(std::uint64_t) noexcept> numbers[] = {
      {"max_components", &Builder::max_components},
      {"max_core_instances_per_component", &Builder::max_core_instances_per_component},
      {"max_memories_per_component", &Builder::max_memories_per_component},
      {"max_tables_per_component", &Builder::max_tables_per_component},
      {"max_table_elements", &Builder::max_table_elements},
      {"max_component_size", &Builder::max_component_size},
      {"max_linear_memory", &Builder::max_linear_memory},
      {"max_instance_memory", &Builder::max_instance_memory},
      {"max_stack", &Builder::max_stack},
      {"max_call_depth", &Builder::max_call_depth},
      {"max_hostcall_memory", &Builder::max_hostcall_memory},
      {"max_resources", &Builder::max_resources},
      {"max_random_size", &Builder::max_random_size},
      {"max_names_size", &Builder::max_names_size},
      {"max_text_size", &Builder::max_text_size},
      {"max_compile_cost", &Builder::max_compile_cost},
      {"max_compile_threads", &Builder::max_compile_threads},
      {"max_pools", &Builder::max_pools},
      {"max_descriptors", &Builder::max_descriptors},
      {"max_total_descriptors", &Builder::max_total_descriptors},
      {"max_buffers", &Builder::max_buffers},
      {"max_total_buffers", &Builder::max_total_buffers},
      {"max_file_operations", &Builder::max_file_operations},
      {"file_threads", &Builder::file_threads},
      {"host_threads", &Builder::host_threads},
      {"max_lookups", &Builder::max_lookups},
      {"lookup_threads", &Builder::lookup_threads},
      {"max_environment", &Builder::max_environment},
      {"max_instance_state", &Builder::max_instance_state},
      {"max_total_instance_state", &Builder::max_total_instance_state},
      {"pool_keep_resident", &Builder::pool_keep_resident},
      {"worker_threads", &Builder::worker_threads},
      {"experimental_features", &Builder::experimental_features},
      {"proposals", &Builder::proposals},
      {"cache_memory", &Builder::cache_memory},
  };
  for (const auto &[name, setter] : numbers) {
    Builder builder;
    (builder.*setter)(huge);
    expect_error(builder.build(), Code::invalid_argument, name);
  }
  expect_error(Builder().fuel(0).build(), Code::invalid_argument, "fuel");
  expect_error(Builder().epoch_tick(0ms).build(), Code::invalid_argument, "epoch_tick");
  expect_error(Builder().instance_wait(std::chrono::hours(24 * 400)).build(),
               Code::invalid_argument, "instance_wait");
  expect_error(Builder().require_signature(true).build(), Code::invalid_argument, "trusted_key");
  expect_error(Builder().force_pooling_allocator().force_on_demand_allocator().build(),
               Code::invalid_argument, "force_");
  expect_error(Builder().cache_directory("/dev/null/cache").build(), Code::io, "/dev/null/cache");
}

TEST(Builder, builds_again) {
  const Builder builder = small_builder();
  EXPECT_TRUE(builder.build().has_value());
  EXPECT_TRUE(builder.build().has_value());
}

TEST(Builder, backtraces_have_details_if_asked_for) {
  const auto own = small_builder().backtrace_details(true).build().value();
  EXPECT_TRUE(wasmcell::Component::from_file(own, below_tests("guests/greeter.wasm")).has_value());
}

TEST(Builder, traps_are_told_with_and_without_signals) {
  EXPECT_TRUE(wasmcell::signal_handlers_restore().has_value());
  for (const bool enable : {false, true}) {
    auto builder = small_builder();
    const auto own = builder.signal_handlers(enable).trust_signal_masks(true).build().value();
    const auto guest = below_tests("conformance/guests/traps.wat");
    const auto component = wasmcell::Component::from_file(own, guest).value();
    const auto divide =
        component.function<std::int32_t(std::int32_t, std::int32_t)>("divide").value();
    expect_error(divide(1, 0), Code::trap, "divide by zero");
    EXPECT_EQ(divide(7, -2).value(), -3);
  }
  EXPECT_TRUE(wasmcell::signal_handlers_installed());
  EXPECT_TRUE(wasmcell::signal_handlers_restore().has_value());
}

TEST(Builder, scans_where_the_system_can) {
  auto builder = small_builder();
  const auto built = builder.pool_scan(true).build();
  EXPECT_TRUE(built.has_value() || built.error().code() == Code::unsupported);
}

TEST(Builder, logs_to_a_callback_and_releases_it) {
  struct Records {
    std::mutex mutex;
    std::vector<std::string> lines;
  };
  const auto records = std::make_shared<Records>();
  {
    const auto own =
        small_builder()
            .log(wasmcell::LogLevel::trace,
                 [records](wasmcell::LogLevel level, std::string_view target,
                           std::string_view message) {
                   const std::lock_guard<std::mutex> lock(records->mutex);
                   records->lines.push_back(std::string(target) + ": " + std::string(message));
                   EXPECT_GE(static_cast<int>(level), 1);
                   throw std::runtime_error("dropped");
                 })
            .build()
            .value();
    EXPECT_GT(records.use_count(), 1);
    EXPECT_TRUE(
        wasmcell::Component::from_file(own, below_tests("guests/greeter.wasm")).has_value());
  }
  EXPECT_EQ(records.use_count(), 1);
  EXPECT_FALSE(records->lines.empty());
}

}  // namespace
