// Scenario files as blocks of `key: value` lines, and where in them the driver is.
#ifndef CONFORMANCE_TEXT_HPP
#define CONFORMANCE_TEXT_HPP

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

// The scenario file itself is wrong.
struct Malformed : std::runtime_error {
  using runtime_error::runtime_error;
};

struct Entry {
  std::string key, value;
  int line;
};

struct Block {
  std::vector<Entry> entries;

  [[nodiscard]] const Entry &first() const {
    return entries.front();
  }
  // The value of the first line with this key.
  [[nodiscard]] const std::string *get(std::string_view key) const {
    for (const Entry &entry : entries)
      if (entry.key == key) return &entry.value;
    return nullptr;
  }
};

// What runs right now, for messages.
struct Place {
  std::string file, scenario;
  int line = 0;
  bool failed = false;
};
inline Place at;

// Says what does not hold; the scenario goes on, and fails.
inline void complain(std::string_view what) {
  std::cerr << at.file << ":" << at.line << ": " << at.scenario << ": " << what << "\n";
  at.failed = true;
}

inline std::uint64_t number(const std::string &text) {
  char *end = nullptr;
  const std::uint64_t n = std::strtoull(text.c_str(), &end, 10);
  if (end == text.c_str() || *end != '\0') throw Malformed("`" + text + "` is no number");
  return n;
}

inline bool yes(const std::string &text) {
  if (text != "yes" && text != "no") throw Malformed("`" + text + "` is neither yes nor no");
  return text == "yes";
}

// The text with \n, \t and \\ replaced.
inline std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char next = ++i < text.size() ? text[i] : '\0';
    if (next != 'n' && next != 't' && next != '\\')
      throw Malformed("only \\n, \\t and \\\\ are known");
    out += next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
  }
  return out;
}

// Exactly `count` words, of which the last takes the rest.
inline std::vector<std::string> split(std::string_view text, std::size_t count) {
  std::vector<std::string> words;
  while (words.size() + 1 < count) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos)
      throw Malformed("`" + std::string(text) + "` is too short");
    words.emplace_back(text.substr(0, space));
    text.remove_prefix(space + 1);
  }
  words.emplace_back(text);
  return words;
}

inline std::string file_text(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Malformed("cannot open " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline Entry read_entry(const std::string &line, int number_of_line) {
  at.line = number_of_line;
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos || (colon + 1 < line.size() && line[colon + 1] != ' '))
    throw Malformed("`" + line + "` is not `key: value`");
  const std::size_t value = colon + (colon + 1 < line.size() ? 2 : 1);
  return {line.substr(0, colon), line.substr(value), number_of_line};
}

inline std::vector<Block> read_blocks(const std::string &path) {
  std::vector<Block> blocks;
  std::istringstream text(file_text(path));
  bool open = false;
  int number_of_line = 0;
  for (std::string line; std::getline(text, line);) {
    number_of_line++;
    if (!line.empty() && line[0] == '#') continue;
    if (line.empty()) {
      open = false;
      continue;
    }
    if (!open) blocks.emplace_back();
    open = true;
    blocks.back().entries.push_back(read_entry(line, number_of_line));
  }
  return blocks;
}

}  // namespace conformance

#endif
