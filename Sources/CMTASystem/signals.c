#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CMTASystem.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

// The signals of a server: end, reload, upgrade.
static const int heeded[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR2};
enum { heeded_count = sizeof heeded / sizeof *heeded };

static volatile int target = -1;

/// Does what a handler may do (signal-safety(7)).
static void tell(int number) {
  int before = errno;
  unsigned char byte = (unsigned char)number;
  // A full pipe has the signal already.
  if (write(target, &byte, 1) < 0) errno = before;
  errno = before;
}

static int handle(void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  for (int at = 0; at < heeded_count; at++)
    if (sigaction(heeded[at], &action, NULL) != 0) return -1;
  return 0;
}

int csystem_catch_signals(int descriptor) {
  target = descriptor;
  return handle(tell);
}

int csystem_release_signals(void) { return handle(SIG_DFL); }

int csystem_block_signals(int blocks) {
  sigset_t set;
  sigemptyset(&set);
  for (int at = 0; at < heeded_count; at++) sigaddset(&set, heeded[at]);
  return pthread_sigmask(blocks ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}
