// The blocks after the first: calls and instances.
#ifndef CONFORMANCE_STEPS_HPP
#define CONFORMANCE_STEPS_HPP

#include <map>
#include <thread>

#include "expect.hpp"
#include "setup.hpp"
#include "values.hpp"

namespace conformance {

// A token, and the thread that triggers it: `cancel: before` or `cancel: after 50`.
class Canceller {
 public:
  explicit Canceller(const std::string *when) {
    if (when == nullptr) return;
    token_ = wasmcell::Cancel::make().value();
    if (*when == "before") {
      token_->trigger();
    } else if (when->compare(0, 6, "after ") == 0) {
      const std::chrono::milliseconds delay(number(when->substr(6)));
      thread_ = std::thread([this, delay] {
        std::this_thread::sleep_for(delay);
        token_->trigger();
      });
    } else {
      throw Malformed("`" + *when + "` is neither before nor after");
    }
  }
  Canceller(const Canceller &) = delete;
  Canceller &operator=(const Canceller &) = delete;
  ~Canceller() {
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] const wasmcell::Cancel *token() const {
    return token_ ? &*token_ : nullptr;
  }

 private:
  std::optional<wasmcell::Cancel> token_;
  std::thread thread_;
};

class Scene {
 public:
  Setup setup;

  Scene() = default;
  Scene(const Scene &) = delete;
  Scene &operator=(const Scene &) = delete;
  ~Scene() {
    if (begun_) static_cast<void>(begun_->wait());
  }

  void step(const Block &block) {
    const bool begins = block.first().key == "begin";
    const std::string *timeout = block.get("timeout");
    const std::string *fuel = block.get("fuel");
    const std::string *capture = block.get("capture");
    const std::string *context = block.get("context");
    check_keys(block, begins);
    at.line = block.first().line;
    Outcome outcome;
    wasmcell::Report report;
    wasmcell::Output output =
        wasmcell::Output::make(capture != nullptr ? number(*capture) : 65536).value();
    wasmcell::CallOptions options;
    if (timeout != nullptr) options.timeout = std::chrono::milliseconds(number(*timeout));
    if (fuel != nullptr) options.fuel = number(*fuel);
    if (context != nullptr) options.context = const_cast<std::string *>(context);
    if (!begins) {
      options.report = &report;
      options.output = &output;
    }
    setup.grants.take_printed();
    {
      const Canceller canceller(block.get("cancel"));
      options.cancel = canceller.token();
      act(block, options, outcome);
    }
    outcome.printed = setup.grants.take_printed();
    outcome.logged = setup.log.text();
    outcome.output = &output;
    outcome.fuel_used = report.fuel_used();
    outcome.drops = setup.host.drops();
    if (block.get("in") != nullptr) outcome.poisoned = instance_of(block)->is_poisoned();
    expect_all(outcome, block);
  }

 private:
  using Options = wasmcell::CallOptions;

  // The instance that a step is `in:`, or NULL.
  [[nodiscard]] const wasmcell::Instance *instance_of(const Block &block) const {
    const std::string *name = block.get("in");
    if (name == nullptr) return nullptr;
    const auto found = instances_.find(*name);
    if (found == instances_.end()) throw Malformed("no instance `" + *name + "`");
    return &found->second;
  }
  // The function that `call` names, before its arguments.
  [[nodiscard]] wasmcell::Result<wasmcell::AnyFunction> function_of(const std::string &call) const {
    return setup.component->function(call.substr(0, call.find('(')));
  }

  // Calls on this thread, with text in and out.
  void call_here(const Block &block, const Options &options, Outcome &outcome) const {
    const std::string &call = block.first().value;
    const wasmcell::Instance *instance = instance_of(block);
    if (instance == nullptr) {
      outcome.text = outcome.take(setup.component->call_text(call, options));
    } else if (const auto function = outcome.take(function_of(call))) {
      outcome.text = outcome.take(instance->call_text(*function, call, options));
    }
  }
  // Starts a call on the runtime's workers.
  std::optional<wasmcell::Pending> start(const Block &block, const Options &options,
                                         Outcome &outcome) const {
    const std::string &call = block.first().value;
    const auto function = outcome.take(function_of(call));
    if (!function) return std::nullopt;
    const wasmcell::Instance *instance = instance_of(block);
    const auto args = read_args(call, function->type(), handles_);
    return outcome.take(instance != nullptr ? instance->start(*function, args, options)
                                            : function->start(args, options));
  }
  // Waits for what start() started. Keeps the result, if it gets a name.
  void wait(const wasmcell::Pending &pending, const std::string *keep, Outcome &outcome) {
    const auto results = outcome.take(pending.wait());
    if (!results) return;
    outcome.text = results_text(*results);
    if (keep != nullptr) handles_[*keep] = (*results)[0].handle();
  }

  // Calls on the runtime's workers, with text in and out.
  void text_away(const Block &block, const Options &options, Outcome &outcome) const {
    const std::string &call = block.first().value;
    const wasmcell::Instance *instance = instance_of(block);
    std::optional<wasmcell::Pending> pending;
    if (instance == nullptr) {
      pending = outcome.take(setup.component->start_text(call, options));
    } else if (const auto function = outcome.take(function_of(call))) {
      pending = outcome.take(instance->start_text(*function, call, options));
    }
    if (!pending) return;
    if (const auto results = outcome.take(pending->wait()))
      outcome.text = (*results)[0].as<std::string>().value();
  }
  void call(const Block &block, const Options &options, Outcome &outcome) {
    const std::string *async = block.get("async");
    if (async != nullptr && *async == "text") {
      text_away(block, options, outcome);
    } else if (!is_async(block)) {
      call_here(block, options, outcome);
    } else if (const auto pending = start(block, options, outcome)) {
      wait(*pending, block.get("keep"), outcome);
    }
  }
  // Runs the component as a command, or in an instance.
  void run(const Block &block, const Options &options, Outcome &outcome) const {
    const wasmcell::Instance *instance = instance_of(block);
    if (!is_async(block)) {
      outcome.status = outcome.take(instance == nullptr ? setup.component->run(options)
                                                        : instance->run(options));
    } else if (const auto pending =
                   outcome.take(instance == nullptr ? setup.component->start_run(options)
                                                    : instance->start_run(options))) {
      if (const auto results = outcome.take(pending->wait()))
        outcome.status = (*results)[0].as<std::int32_t>().value();
    }
  }
  void instantiate(const Block &block, const Options &options, Outcome &outcome) {
    std::optional<wasmcell::Instance> made;
    if (!is_async(block)) {
      made = outcome.take(setup.component->instantiate(options));
    } else if (const auto pending = outcome.take(setup.component->start_instantiate(options))) {
      made = outcome.take(pending->wait());
    }
    if (made) instances_.emplace(block.first().value, std::move(*made));
  }
  void drop(const Block &block, const Options &options, Outcome &outcome) const {
    const std::uint64_t handle = find_handle(handles_, block.first().value);
    const wasmcell::Instance *instance = instance_of(block);
    if (!is_async(block)) {
      outcome.take(instance->drop_resource(handle, options));
    } else if (const auto pending = outcome.take(instance->start_drop_resource(handle, options))) {
      outcome.take(pending->wait());
    }
  }
  [[nodiscard]] static bool is_async(const Block &block) {
    const std::string *async = block.get("async");
    return async != nullptr && (*async == "text" || yes(*async));
  }

  // Does the one thing that the block says.
  void act(const Block &block, const Options &options, Outcome &outcome) {
    const std::string &what = block.first().key;
    const std::string &value = block.first().value;
    if (what == "call") {
      call(block, options, outcome);
    } else if (what == "run") {
      run(block, options, outcome);
    } else if (what == "instance") {
      instantiate(block, options, outcome);
    } else if (what == "free") {
      if (instances_.erase(value) == 0) throw Malformed("no instance `" + value + "`");
    } else if (what == "type") {
      if (const auto function = outcome.take(function_of(value)))
        outcome.text = outcome.take(function->type().text());
    } else if (what == "value") {
      const auto space = value.find(' ');
      if (space == value.npos) throw Malformed("a value without text");
      if (const auto function = outcome.take(function_of(value.substr(0, space)))) {
        const auto type = function->type().child(0);
        if (const auto parsed =
                outcome.take(wasmcell::Values::parse(type, value.substr(space + 1)))) {
          outcome.text = outcome.take((*parsed)[0].text(type));
          if (!(*parsed)[0].equals((*parsed)[0], type).value())
            throw Malformed("a value is not what it is");
        }
      }
    } else if (what == "drop") {
      drop(block, options, outcome);
    } else if (what == "begin") {
      if (begun_) throw Malformed("a call was begun and has not ended");
      begun_ = start(block, options, outcome);
    } else if (what == "end") {
      if (!begun_) throw Malformed("no call was begun");
      wait(*begun_, nullptr, outcome);
      begun_.reset();
    } else {
      throw Malformed("`" + what + "` is nothing to do");
    }
  }

  // A line is about how to call, or about what to expect.
  static void check_keys(const Block &block, bool begins) {
    static const std::vector<std::string_view> known = {
        "in",        "async",       "timeout",   "fuel",     "cancel",
        "context",   "capture",     "keep",      "expect",   "error",
        "exit",      "message",     "trap",      "frame",    "message contains",
        "stdout",    "exit status", "stderr",    "drops",    "logged",
        "fuel used", "printed",     "truncated", "poisoned", "expect begins"};
    for (std::size_t i = 1; i < block.entries.size(); i++) {
      const std::string &key = block.entries[i].key;
      at.line = block.entries[i].line;
      if (std::find(known.begin(), known.end(), key) == known.end())
        throw Malformed("unknown key `" + key + "`");
      if (begins && (key == "cancel" || key == "capture" || key == "fuel used"))
        throw Malformed("`" + key + "` does not go with `begin`");
    }
  }

  std::map<std::string, wasmcell::Instance> instances_;
  Handles handles_;
  std::optional<wasmcell::Pending> begun_;
};

}  // namespace conformance

#endif
