#if defined(__linux__)
#define _GNU_SOURCE
#include "CMTASystem.h"
#include "launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

// Written before main, read by Swift.
static const uint8_t *order_bytes;
static size_t order_count;
static int applied_abi;

_Noreturn void launch_end(const char *what, int code) {
  if (code) dprintf(STDERR_FILENO, "launch: %s: %s\n", what, strerror(code));
  else dprintf(STDERR_FILENO, "launch: %s\n", what);
  _exit(71);
}

static int order_descriptor(const char *text) {
  int number = 0;
  for (const char *at = text; *at; at++) {
    if (*at < '0' || *at > '9' || number > 100000) launch_end("SWIFT_MTA_LAUNCH is no number of a descriptor", 0);
    number = number * 10 + (*at - '0');
  }
  if (number < 3) launch_end("SWIFT_MTA_LAUNCH is no number of a descriptor", 0);
  return number;
}

/// The order lies in memory that the sealed file shares: a second copy of keys would not be wiped either.
static void map_order(int descriptor) {
  int sealed = csystem_is_sealed(descriptor);
  if (sealed < 0) launch_end("cannot read the order", errno);
  if (!sealed) launch_end("the order is not sealed", 0);
  struct stat status;
  if (fstat(descriptor, &status) != 0) launch_end("cannot read the order", errno);
  if (status.st_size <= 0 || status.st_size > launch_bytes) launch_end("the order is empty or too long", 0);
  void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (bytes == MAP_FAILED) launch_end("cannot read the order", errno);
  close(descriptor);
  order_bytes = bytes;
  order_count = (size_t)status.st_size;
}

static int is_listed(const struct launch_head *head, int number) {
  for (size_t at = 0; at < head->descriptor_count; at++)
    if (head->descriptors[at] == number) return 1;
  return 0;
}

/// Closes what the order does not list, and lets no program that is started later inherit the rest.
static void keep_listed(const struct launch_head *head) {
  for (size_t at = 0; at < head->descriptor_count; at++)
    if (fcntl(head->descriptors[at], F_SETFD, FD_CLOEXEC) != 0) launch_end("a descriptor of the order is not open", errno);
  DIR *open_ones = opendir("/proc/self/fd");
  if (!open_ones) launch_end("cannot list the descriptors in /proc/self/fd", errno);
  for (struct dirent *entry; (entry = readdir(open_ones));) {
    int number = atoi(entry->d_name);
    if (number > STDERR_FILENO && number != dirfd(open_ones) && !is_listed(head, number)) close(number);
  }
  closedir(open_ones);
}

/// The name of the program, as other programs of the system show it: it was started by a path of /proc, whose end is "exe".
static void take_name(const char *word) {
  const char *name = strrchr(word, '/') ? strrchr(word, '/') + 1 : word;
  char text[16] = {0};
  // Behind a blank stands the role.
  for (size_t at = 0; at < sizeof text - 1 && name[at] && name[at] != ' '; at++) text[at] = name[at];
  // Of no consequence where it fails.
  if (text[0]) (void)prctl(PR_SET_NAME, text, 0, 0, 0);
}

/// A master's program was replaced by another, and its signals wait since. They go where the master before wrote them.
static void keep_master(const struct launch_head *head) {
  if (head->signals >= 0 && csystem_catch_signals(head->signals) != 0) launch_end("cannot catch signals", errno);
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) launch_end("cannot let signals in", errno);
}

/// Runs before main and before other threads, for the kernel binds only the thread that asks for it.
__attribute__((constructor)) static void launch(int count, char **words) {
  // Not secure_getenv: what the variable leads to can only take rights.
  const char *variable = getenv("SWIFT_MTA_LAUNCH");
  if (!variable) return;
  int descriptor = order_descriptor(variable);
  unsetenv("SWIFT_MTA_LAUNCH");
  map_order(descriptor);
  if (count > 0) take_name(words[0]);
  static struct launch_head head;
  const char *fault = launch_parse(order_bytes, order_count, &head);
  if (fault) {
    dprintf(STDERR_FILENO, "launch: the order cannot be read: %s\n", fault);
    _exit(71);
  }
  keep_listed(&head);
  if (head.is_master) return keep_master(&head);
  launch_take_rights(&head);
  applied_abi = launch_bind_paths(&head);
  // Last: a change of user sets it anew.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) launch_end("cannot forbid dumps", errno);
}

void csystem_launch_refuse(const char *fault) { launch_end(fault, 0); }

int csystem_launch_order(const uint8_t **bytes, size_t *count) {
  *bytes = order_bytes;
  *count = order_count;
  return order_bytes != NULL;
}

int csystem_launch_landlock_abi(void) { return applied_abi; }
#endif
