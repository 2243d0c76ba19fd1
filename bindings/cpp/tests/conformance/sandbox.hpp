// What a scenario grants its guest, and the directory of its own.
#ifndef CONFORMANCE_SANDBOX_HPP
#define CONFORMANCE_SANDBOX_HPP

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <wasmcell.hpp>

#include "text.hpp"

namespace conformance {

// The directory of a scenario's own.
class Scratch {
 public:
  Scratch() {
    std::string pattern = std::filesystem::temp_directory_path() / "wasmcell-scenario-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch directory");
    path_ = pattern;
  }
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string operator/(const std::string &name) const {
    return path_ / name;
  }
  // `file: path text` and `link: path target`
  void put(const Entry &entry) const {
    const auto words = split(entry.value, 2);
    const std::filesystem::path path = path_ / words[0];
    std::filesystem::create_directories(path.parent_path());
    if (entry.key == "link") {
      std::filesystem::create_symlink(words[1], path);
    } else if (!(std::ofstream(path, std::ios::binary) << unescape(words[1]))) {
      throw std::runtime_error("cannot write " + path.string());
    }
  }

 private:
  std::filesystem::path path_;
};

// A sandbox, and what its callbacks read and write. It outlives what could call them.
class Grants {
 public:
  // `sandbox: what how`
  wasmcell::Result<void> grant(const Scratch &scratch, const std::string &text) {
    if (!sandbox_) sandbox_ = wasmcell::Sandbox::make().value();
    if (text == "nothing") return {};
    const auto words = split(text, 2);
    const std::string &what = words[0];
    const std::string &how = words[1];
    if (what == "arg") return sandbox_->arg(how);
    if (what == "env" || what == "config") return pair(what, how);
    if (what == "initial-directory") return sandbox_->initial_directory(how);
    if (what == "stdin") return input(how);
    if (what == "stdout" || what == "stderr") return output(what == "stdout", how);
    if (what == "directory") return directory(scratch, how);
    if (what == "clock-fixed") return clock(how);
    if (what == "random-seed") return sandbox_->random_seed(number(how));
    if (what == "allow-connect" || what == "allow-bind") return addresses(what, how);
    if (what == "allow-name") return sandbox_->allow_name(how);
    throw Malformed("no grant `" + what + "`");
  }

  [[nodiscard]] const wasmcell::Sandbox *sandbox() const {
    return sandbox_ ? &*sandbox_ : nullptr;
  }
  // What callbacks received since the last time.
  std::string take_printed() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(printed_, {});
  }

 private:
  // `KEY=VALUE`
  wasmcell::Result<void> pair(const std::string &what, const std::string &how) {
    const std::size_t equals = how.find('=');
    if (equals == std::string::npos) throw Malformed("`" + how + "` is not KEY=VALUE");
    const std::string key = how.substr(0, equals);
    const std::string value = how.substr(equals + 1);
    return what == "env" ? sandbox_->env(key, value) : sandbox_->config(key, value);
  }

  // `bytes text`, `callback text` or `fail message`
  wasmcell::Result<void> input(const std::string &how) {
    const auto words = split(how, 2);
    std::string text = unescape(words[1]);
    if (words[0] == "bytes") return sandbox_->stdin_bytes(text);
    if (words[0] == "fail")
      return sandbox_->stdin_callback(
          [text](wasmcell::Span<std::uint8_t>, void *) -> wasmcell::Result<std::size_t> {
            return wasmcell::Unexpected<wasmcell::Error>(wasmcell::Error(text));
          });
    if (words[0] != "callback") throw Malformed("no stdin `" + words[0] + "`");
    return sandbox_->stdin_callback(
        [text, at = std::size_t{0}](wasmcell::Span<std::uint8_t> buffer,
                                    void *) mutable -> wasmcell::Result<std::size_t> {
          const std::size_t size = std::min({std::size_t{3}, text.size() - at, buffer.size()});
          std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, buffer.begin());
          at += size;
          return size;
        });
  }

  // `capture`, `callback` or `lines`
  wasmcell::Result<void> output(bool out, const std::string &how) {
    if (how == "capture") return out ? sandbox_->stdout_capture() : sandbox_->stderr_capture();
    const bool lines = how == "lines";
    if (!lines && how != "callback") throw Malformed("no output `" + how + "`");
    const auto pieces = lines ? wasmcell::Pieces::whole_lines : wasmcell::Pieces::as_printed;
    const auto write = [this, lines](std::string_view text, void *) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (lines) printed_ += '>';
      printed_ += text;
    };
    return out ? sandbox_->stdout_callback(write, pieces)
               : sandbox_->stderr_callback(write, pieces);
  }

  // `path /guest read,write,list`
  wasmcell::Result<void> directory(const Scratch &scratch, const std::string &how) {
    static const std::map<std::string, wasmcell::Rights> known = {
        {"read", wasmcell::Rights::read},
        {"write", wasmcell::Rights::write},
        {"list", wasmcell::Rights::list}};
    const auto words = split(how, 3);
    auto rights = wasmcell::Rights(0);
    std::istringstream list(words[2]);
    for (std::string right; std::getline(list, right, ',');) {
      if (known.count(right) == 0) throw Malformed("no right `" + right + "`");
      rights = rights | known.at(right);
    }
    return sandbox_->directory(scratch / words[0], words[1], rights);
  }

  // `wall-ns step-ns`
  wasmcell::Result<void> clock(const std::string &how) {
    const auto words = split(how, 2);
    return sandbox_->clock_fixed(std::chrono::nanoseconds(number(words[0])),
                                 std::chrono::nanoseconds(number(words[1])));
  }

  // `addresses first-port last-port`
  wasmcell::Result<void> addresses(const std::string &what, const std::string &how) {
    const auto words = split(how, 3);
    const auto first = static_cast<std::uint16_t>(number(words[1]));
    const auto last = static_cast<std::uint16_t>(number(words[2]));
    return what == "allow-connect" ? sandbox_->allow_connect(words[0], first, last)
                                   : sandbox_->allow_bind(words[0], first, last);
  }

  std::optional<wasmcell::Sandbox> sandbox_;
  std::mutex mutex_;
  std::string printed_;
};

}  // namespace conformance

#endif
