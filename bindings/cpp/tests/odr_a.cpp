// One of two translation units that use everything: see odr_b.cpp.
#include "odr_main.hpp"
#include "use.hpp"

int uses_a(const std::string &tests) {
  return use::everything(tests);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  return uses_a(argv[1]) + uses_b(argv[1]);
}
