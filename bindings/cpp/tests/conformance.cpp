// Runs the scenarios of tests/conformance, which say what is done and what must come back, the same
// in every language. The format is in tests/conformance/README.md. Prints `ok file: scenario` for
// each. usage: conformance TESTS_DIRECTORY [FILE...]
#include "conformance/steps.hpp"

namespace {

using conformance::at;
using conformance::Block;

// Runs the scenario that starts at `first`; returns where the next one starts.
std::size_t run_scenario(const std::vector<Block> &blocks, std::size_t first) {
  const Block &setting = blocks[first];
  if (setting.first().key != "scenario")
    throw conformance::Malformed(at.file + " does not begin with `scenario:`");
  at.scenario = setting.first().value;
  at.failed = false;
  std::size_t next = first + 1;
  while (next < blocks.size() && blocks[next].first().key != "scenario") next++;

  conformance::Scene scene;
  conformance::Outcome outcome;
  outcome.take(scene.setup.make(setting));
  conformance::expect_all(outcome, setting);
  if (!at.failed && !outcome.error)
    for (std::size_t i = first + 1; i < next; i++) scene.step(blocks[i]);
  if (next == first + 1 && setting.get("error") == nullptr && setting.get("component") == nullptr)
    conformance::complain("nothing is done");
  std::cout << (at.failed ? "FAILED " : "ok ") << at.file << ": " << at.scenario << std::endl;
  return next;
}

std::vector<std::string> scenario_files() {
  std::vector<std::string> files;
  for (const auto &entry :
       std::filesystem::directory_iterator(conformance::tests_directory + "/conformance"))
    if (entry.path().extension() == ".txt") files.push_back(entry.path().filename());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    std::cerr << "usage: conformance TESTS_DIRECTORY [FILE...]\n";
    return EXIT_FAILURE;
  }
  conformance::tests_directory = argv[1];
  std::size_t failed = 0;
  std::size_t ran = 0;
  try {
    const std::vector<std::string> chosen(argv + 2, argv + argc);
    for (const std::string &file : chosen.empty() ? scenario_files() : chosen) {
      at.file = file;
      at.scenario = "(file)";
      const auto blocks =
          conformance::read_blocks(conformance::tests_directory + "/conformance/" + file);
      for (std::size_t i = 0; i < blocks.size(); ran++) {
        i = run_scenario(blocks, i);
        failed += at.failed;
      }
    }
  } catch (const std::exception &wrong) {
    conformance::complain(wrong.what());
    return EXIT_FAILURE;
  }
  std::cout << ran << " scenarios, " << failed << " failed\n";
  return failed == 0 && ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
