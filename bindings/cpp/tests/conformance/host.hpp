// The host functions that every driver defines, in `wasmcell:test/host@0.1.0`.
#ifndef CONFORMANCE_HOST_HPP
#define CONFORMANCE_HOST_HPP

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <wasmcell.hpp>

#include "text.hpp"

namespace conformance {

// The host's resource: counts on, and counts how often one of them was dropped.
class Counter {
 public:
  Counter(std::uint32_t start, std::atomic<unsigned> &drops) : value_(start), drops_(drops) {}
  Counter(const Counter &) = delete;
  Counter &operator=(const Counter &) = delete;
  ~Counter() {
    drops_++;
  }
  std::uint32_t next() {
    return ++value_;
  }

 private:
  std::uint32_t value_;
  std::atomic<unsigned> &drops_;
};
WASMCELL_RESOURCE(Counter, counter)

// What the host functions of one scenario share; it outlives everything that could call one.
class Host {
 public:
  Host() = default;
  Host(const Host &) = delete;
  Host &operator=(const Host &) = delete;
  ~Host() {
    for (std::thread &thread : threads_) thread.join();
  }

  // `host: name`, `host: name: type`, `host: all` or `host: unresolved trap`
  wasmcell::Result<void> define(wasmcell::Linker &linker, const std::string &what) {
    if (what == "unresolved trap") {
      linker.unresolved_trap();
      return {};
    }
    if (what == "counter") return linker.define_resource<Counter>(path(what));
    if (what != "all") return define_one(linker, what);
    for (const auto &one : functions()) {
      wasmcell::Result<void> defined = one.second(linker, path(one.first));
      if (!defined) return defined;
    }
    return linker.define_resource<Counter>(path("counter"));
  }

  [[nodiscard]] unsigned drops() const {
    return drops_;
  }

  // Of the scenario, for `again`.
  const wasmcell::Component *component = nullptr;

 private:
  using Define = std::function<wasmcell::Result<void>(wasmcell::Linker &, const std::string &)>;
  using Reply = wasmcell::Reply<std::uint32_t>;

  static std::string path(const std::string &name) {
    return "wasmcell:test/host@0.1.0#" + name;
  }

  wasmcell::Result<void> define_one(wasmcell::Linker &linker, const std::string &what) {
    if (what.compare(0, 5, "same-") == 0) {
      return linker.define_any(
          path(what),
          [](wasmcell::Call &, wasmcell::Args args) -> wasmcell::Result<wasmcell::Value> {
            return wasmcell::Value::copy(args[0]);
          });
    }
    const auto all = functions();
    const auto found = all.find(what.substr(0, what.find(':')));
    if (found == all.end()) throw Malformed("no host function `" + what + "`");
    return found->second(linker, path(what));
  }

  template <typename F>
  static Define typed(F fn) {
    return [fn](wasmcell::Linker &linker, const std::string &to) { return linker.define(to, fn); };
  }

  static void sleep(std::uint32_t ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  }

  std::map<std::string, Define> functions() {
    return {
        {"echo", typed([](std::string_view text) { return text; })},
        {"add", typed([](std::uint32_t a, std::uint32_t b) { return a + b; })},
        {"fail", typed([](std::string_view message) -> wasmcell::Result<void> {
           return wasmcell::Unexpected<wasmcell::Error>(wasmcell::Error(message));
         })},
        {"throw",
         typed([](std::string_view message) { throw std::runtime_error(std::string(message)); })},
        {"later", typed([this](Reply reply, std::uint32_t ms) { later(std::move(reply), ms); })},
        {"never", typed([this](Reply reply) {
           const std::lock_guard<std::mutex> lock(mutex_);
           owed_.push_back(std::move(reply));
         })},
        {"forget", typed([](Reply) {})},
        {"slow", typed([](std::uint32_t ms) {
           sleep(ms);
           return ms;
         })},
        {"wrong",
         [](wasmcell::Linker &linker, const std::string &to) {
           return linker.define_any(
               to, [](wasmcell::Call &, wasmcell::Args) -> wasmcell::Result<wasmcell::Value> {
                 return wasmcell::Value::of("wrong");
               });
         }},
        {"context", typed([](wasmcell::Call &call) {
           const auto *text = call.context<const std::string>();
           return text != nullptr ? *text : std::string("none");
         })},
        {"again", typed([this](std::string_view text) { return again(text); })},
        {"[constructor]counter",
         typed([this](std::uint32_t start) { return std::make_unique<Counter>(start, drops_); })},
        {"[method]counter.next", typed([](Counter &self) { return self.next(); })},
    };
  }

  void later(Reply reply, std::uint32_t ms) {
    const std::lock_guard<std::mutex> lock(mutex_);
    threads_.emplace_back([reply = std::move(reply), ms]() mutable {
      sleep(ms);
      reply.complete(ms);
    });
  }

  [[nodiscard]] wasmcell::Result<std::string> again(std::string_view text) const {
    auto echo = component->function<std::string(std::string_view)>("echo");
    if (!echo) return wasmcell::Unexpected<wasmcell::Error>(echo.error());
    return (*echo)(text);
  }

  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::vector<Reply> owed_;
  std::atomic<unsigned> drops_ = 0;
};

}  // namespace conformance

#endif
