// The other of two translation units that use everything: see odr_a.cpp.
#include "odr_main.hpp"
#include "use.hpp"

int uses_b(const std::string &tests) {
  return use::everything(tests);
}
