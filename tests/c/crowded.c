/* no-valgrind: ends at the SIGSEGV by which a call of a null function traps (traps.txt) */
/* The scenarios of conformance.c once more, where each runtime has a call that waits meanwhile: so
 * components that are called again are called in pools of their processors. */
#define CROWDED
#include "conformance.c"
