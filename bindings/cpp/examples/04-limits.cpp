// 04-limits: what a guest may use of memory and time, and how another thread ends its call.
#include <chrono>
#include <iostream>
#include <thread>
#include <wasmcell.hpp>

using namespace std::chrono_literals;

int main() {
  auto runtime = wasmcell::Builder()
                     .max_linear_memory(16 << 20)    // bytes, of each memory
                     .max_instance_memory(32 << 20)  // bytes, of one instance in all
                     .max_execution_time(10s)        // of each call
                     .build()
                     .value();
  const auto load = [&](const char *guest) {
    return wasmcell::Component::from_file(runtime, guest).value();
  };
  const auto print = [](const auto &result) {
    if (!result)
      std::cout << wasmcell::code_name(result.error().code()) << ": " << result.error().message()
                << "\n";
  };

  auto grow = load("../../../tests/guests/wat/grow.wat");
  std::cout << grow.call_text("all()").value() << " pages\n";
  print(grow.call_text("pages(1000)"));

  // A guest that computes for ever; a call may only shorten the limit.
  auto spinner = load("../../../tests/guests/wat/spin.wat");
  auto spin = spinner.function<void()>("spin").value();
  wasmcell::CallOptions options;
  options.timeout = 50ms;
  print(spin.call(options));

  // A token cancels every call that it is given to, and no other.
  auto cancel = wasmcell::Cancel::make().value();
  options.timeout = 0ms;
  options.cancel = &cancel;
  std::thread other([token = cancel.clone()] {
    std::this_thread::sleep_for(20ms);
    token.trigger();
  });
  print(spin.call(options));
  other.join();

  const wasmcell::Stats stats = runtime.stats().value();
  std::cout << stats.timed_out << " timed out, " << stats.cancelled << " cancelled, "
            << stats.instances << " instances left\n";
}
