// What each of two translation units does with the headers: enough to instantiate all of them.
#ifndef WASMCELL_TESTS_ODR_MAIN_HPP
#define WASMCELL_TESTS_ODR_MAIN_HPP

#include <string>

int uses_a(const std::string &tests);
int uses_b(const std::string &tests);

#endif
