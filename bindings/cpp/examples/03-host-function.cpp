// 03-host-function: a guest asks its host for prices; an error of the host ends the call.
#include <iostream>
#include <map>
#include <stdexcept>
#include <wasmcell.hpp>

int main() {
  const std::map<std::string, uint32_t, std::less<>> prices = {{"bolt", 15}, {"nut", 10}};
  auto runtime = wasmcell::Builder().build().value();

  // Types are deduced, and checked against the component when it is loaded. A `Call &` tells about
  // the call; the library keeps the lambda, and `prices` has to outlive the component.
  auto linker = wasmcell::Linker::make().value();
  linker
      .define("acme:shop/prices@1.0.0#price",
              [&prices](wasmcell::Call &call, std::string_view item) -> uint32_t {
                const auto found = prices.find(item);
                if (found == prices.end())
                  throw std::out_of_range("no price for `" + std::string(item) + "`");
                std::cout << "  price of a " << item << " for " << *call.context<std::string>()
                          << "\n";
                return found->second;
              })
      .value();
  auto component = wasmcell::Component::from_file(runtime, "../../../tests/guests/wat/prices.wat",
                                                  {"shop", nullptr, &linker})
                       .value();
  auto total = component.function<uint32_t(std::string_view, uint32_t)>("total").value();

  std::string customer = "Ada";
  wasmcell::CallOptions options;
  options.context = &customer;
  for (const char *item : {"bolt", "nut", "spring"}) {
    std::cout << item << "\n";
    auto sum = total.call(options, item, 4);
    if (sum) {
      std::cout << "  " << *sum << "\n";
    } else {
      std::cout << "  " << wasmcell::code_name(sum.error().code()) << ": " << sum.error().message()
                << "\n";
    }
  }

  // A definition of another type is found out when a component is loaded with it.
  auto other = wasmcell::Linker::make().value();
  other.define("acme:shop/prices@1.0.0#price", [](uint32_t number) { return number; }).value();
  auto refused = wasmcell::Component::from_file(runtime, "../../../tests/guests/wat/prices.wat",
                                                {"shop", nullptr, &other});
  std::cout << refused.error().message() << "\n";
}
