// 05-resource: accounts of the host in a guest's hands, and counters of a guest in the host's.
#include <iostream>
#include <memory>
#include <wasmcell.hpp>

// The guest sees handles; a handle stands for one of these.
class Account {
 public:
  explicit Account(uint32_t opening) : balance_(opening) {
    std::cout << "  an account is opened\n";
  }
  Account(const Account &) = delete;
  Account &operator=(const Account &) = delete;
  ~Account() {
    std::cout << "  an account is closed with " << balance_ << "\n";
  }
  uint32_t pay(uint32_t amount) {
    return balance_ += amount;
  }

 private:
  uint32_t balance_;
};
WASMCELL_RESOURCE(Account, account)

// Stands for a resource of the guest.
struct Counter {};
WASMCELL_RESOURCE(Counter, counter)

int main() {
  auto runtime = wasmcell::Builder().build().value();

  auto linker = wasmcell::Linker::make().value();
  const std::string bank = "acme:bank/accounts@1.0.0#";
  linker.define_resource<Account>(bank + "account").value();
  linker
      .define(bank + "[constructor]account",
              [](uint32_t opening) { return std::make_unique<Account>(opening); })
      .value();
  linker
      .define(bank + "[method]account.pay",
              [](Account &self, uint32_t amount) { return self.pay(amount); })
      .value();
  auto saver = wasmcell::Component::from_file(runtime, "../../../tests/guests/wat/accounts.wat",
                                              {"saver", nullptr, &linker})
                   .value();
  std::cout << "save(100)\n";
  std::cout << "  " + saver.call_text("save(100)").value() + "\n";
  // The guest leaves this one behind: it ends with the instance.
  std::cout << "forget(7)\n";
  std::cout << "  " + saver.call_text("forget(7)").value() + "\n";

  auto kinds = wasmcell::Component::from_file(runtime, "../../../tests/guests/kinds.wasm").value();
  const std::string counters = "wasmcell:test/counters@0.1.0#";
  auto make =
      kinds.function<wasmcell::Resource<Counter>(uint32_t)>(counters + "[constructor]counter")
          .value();
  auto increment = kinds
                       .function<uint32_t(const wasmcell::Resource<Counter> &)>(
                           counters + "[method]counter.increment")
                       .value();

  // Resources live in an instance. This one is dropped at the end of its scope.
  auto instance = kinds.instantiate().value();
  auto counter = instance.call(make, 5).value();
  static_cast<void>(instance.call(increment, counter));
  std::cout << "counter: " << instance.call(increment, counter).value() << "\n";
}
