// Compiled with -fno-exceptions -fno-rtti.
#include "use.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this is to be compiled without exceptions and RTTI"
#endif

int main(int argc, char **argv) {
  return argc == 2 ? use::everything(argv[1]) : 2;
}
