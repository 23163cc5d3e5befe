#if defined(__linux__)
#define _GNU_SOURCE
#include "CMTASystem.h"

#include <features.h>

int csystem_close_from(posix_spawn_file_actions_t *actions, int first) {
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
#else
  return 0;
#endif
#else
  return 0;
#endif
}
#endif
