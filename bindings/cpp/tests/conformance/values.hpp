// The values that calls on the runtime's workers take and give: booleans, integers, strings, and
// resources, which a scenario gives names.
#ifndef CONFORMANCE_VALUES_HPP
#define CONFORMANCE_VALUES_HPP

#include <map>
#include <wasmcell.hpp>

#include "text.hpp"

namespace conformance {

// Resources of guests that the host holds, or held, by name.
using Handles = std::map<std::string, std::uint64_t>;

inline std::uint64_t find_handle(const Handles &handles, const std::string &name) {
  const auto found = handles.find(name);
  if (found == handles.end()) throw Malformed("no resource `" + name + "`");
  return found->second;
}

// Takes one string literal off the front of `text`.
inline std::string read_string(std::string_view &text) {
  std::string out;
  for (text.remove_prefix(1); !text.empty() && text[0] != '"'; text.remove_prefix(1)) {
    if (text[0] == '\\') text.remove_prefix(1);
    out += text[0];
  }
  text.remove_prefix(1);
  return out;
}

// Takes one argument off the front of `text`.
inline wasmcell::Value read_value(std::string_view &text, wasmcell::Kind kind,
                                  const Handles &handles) {
  using wasmcell::Kind;
  using wasmcell::Value;
  if (kind == Kind::string && text[0] == '"') return Value::of(read_string(text));
  const std::string word(text.substr(0, text.find_first_of(",)")));
  text.remove_prefix(word.size());
  switch (kind) {
    case Kind::boolean:
      return Value::of(word == "true");
    case Kind::u32:
      return Value::of(static_cast<std::uint32_t>(std::stoul(word)));
    case Kind::s32:
      return Value::of(static_cast<std::int32_t>(std::stol(word)));
    case Kind::u64:
      return Value::of(static_cast<std::uint64_t>(std::stoull(word)));
    case Kind::s64:
      return Value::of(static_cast<std::int64_t>(std::stoll(word)));
    case Kind::own:
      return Value::own(find_handle(handles, word.substr(1)));
    case Kind::borrow:
      return Value::borrow(find_handle(handles, word.substr(1)));
    default:
      throw Malformed("no argument of that kind at `" + word + "`");
  }
}

// The arguments in `call`, which is `name(arguments)`.
inline std::vector<wasmcell::Value> read_args(const std::string &call, wasmcell::Type type,
                                              const Handles &handles) {
  std::vector<wasmcell::Value> args;
  std::string_view rest = call;
  rest.remove_prefix(rest.find('(') + 1);
  while (!rest.empty() && rest[0] != ')') {
    rest.remove_prefix(rest.find_first_not_of(", "));
    args.push_back(read_value(rest, type.child(args.size()).kind(), handles));
  }
  return args;
}

// What a call gave, as WAVE text.
inline std::string results_text(const wasmcell::Values &results) {
  using wasmcell::Kind;
  if (results.size() == 0) return "()";
  const wasmcell::ValueView value = results[0];
  switch (value.kind()) {
    case Kind::boolean:
      return value.as<bool>().value() ? "true" : "false";
    case Kind::u32:
      return std::to_string(value.as<std::uint32_t>().value());
    case Kind::s32:
      return std::to_string(value.as<std::int32_t>().value());
    case Kind::u64:
      return std::to_string(value.as<std::uint64_t>().value());
    case Kind::s64:
      return std::to_string(value.as<std::int64_t>().value());
    case Kind::string:
      return '"' + value.as<std::string>().value() + '"';
    case Kind::own:
      return "resource";
    default:
      throw Malformed("a result that this driver cannot write");
  }
}

}  // namespace conformance

#endif
