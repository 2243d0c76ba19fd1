// 06-async: calls on the runtime's workers; one that waits takes no thread.
#include <chrono>
#include <future>
#include <iostream>
#include <thread>
#include <wasmcell.hpp>

using namespace std::chrono_literals;

int main() {
  auto runtime = wasmcell::Builder().worker_threads(2).build().value();
  auto component =
      wasmcell::Component::from_file(runtime, "../../../tests/guests/kinds.wasm").value();
  auto add = component.function<uint32_t(uint32_t, uint32_t)>("add").value();

  // As futures.
  std::vector<std::future<wasmcell::Result<uint32_t>>> sums;
  for (uint32_t i = 0; i < 5; i++) sums.push_back(add.async(i, 10));
  for (auto &sum : sums) std::cout << sum.get().value() << " ";
  std::cout << "\n";

  // As a callback, on a worker.
  std::promise<void> done;
  add.start(
         [&](wasmcell::Result<uint32_t> sum) {
           std::cout << "called back with " << sum.value() << "\n";
           done.set_value();
         },
         {}, 40, 2)
      .value();
  done.get_future().wait();

  // A host function may answer later, from any thread; the guest's deadline holds meanwhile.
  std::vector<std::thread> threads;
  auto linker = wasmcell::Linker::make().value();
  linker
      .define("acme:shop/prices@1.0.0#price",
              [&](wasmcell::Reply<uint32_t> reply, std::string item) {
                threads.emplace_back([reply = std::move(reply), item]() mutable {
                  std::this_thread::sleep_for(10ms);
                  if (item == "nut") {
                    reply.complete(10U);
                  } else {
                    reply.fail(wasmcell::Error("no price for `" + item + "`"));
                  }
                });
              })
      .value();
  auto shop = wasmcell::Component::from_file(runtime, "../../../tests/guests/wat/prices.wat",
                                             {"shop", nullptr, &linker})
                  .value();
  auto total = shop.function<uint32_t(std::string_view, uint32_t)>("total").value();
  std::cout << total.async("nut", 3).get().value() << "\n";
  std::cout << total.async("spring", 3).get().error().message() << "\n";
  for (std::thread &thread : threads) thread.join();
}
