#if defined(__linux__)
#define _GNU_SOURCE
#include "CMTASystem.h"

#include <errno.h>
#include <fcntl.h>
#include <features.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

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

const char *csystem_started_path(void) { return (const char *)getauxval(AT_EXECFN); }

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

int csystem_keep_on_exec(const int *kept, size_t count) {
#ifdef SYS_close_range
  // Linux before 5.11 cannot; then those that were made without close-on-exec are closed by the program that reads the order.
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0 && errno != ENOSYS && errno != EINVAL) return -1;
#endif
  for (size_t at = 0; at < count; at++)
    if (fcntl(kept[at], F_SETFD, 0) != 0) return -1;
  return 0;
}
#endif
