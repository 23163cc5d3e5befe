#if defined(__linux__)
#define _GNU_SOURCE
#include "CMTASystem.h"
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// landlock(7). The numbers are written out: headers of a distribution are older than the kernels that it runs on.

enum { create_ruleset = 444, add_rule = 445, restrict_self = 446 };
enum { create_version = 1, path_beneath = 1 };

enum {
  execute = 1 << 0,
  write_file = 1 << 1,
  read_file = 1 << 2,
  read_dir = 1 << 3,
  make_char = 1 << 6,
  make_block = 1 << 11,
  abi_1 = (1 << 13) - 1,
  refer = 1 << 13,
  truncate_file = 1 << 14,
  ioctl_dev = 1 << 15,
  of_files = execute | write_file | read_file | truncate_file | ioctl_dev,
};

enum { scope_abstract_sockets = 1 << 0, scope_signals = 1 << 1 };

struct ruleset {
  uint64_t handled_files;
  uint64_t handled_net;
  uint64_t scoped;
};

struct __attribute__((packed)) rule {
  uint64_t allowed;
  int32_t parent;
};

int csystem_landlock_abi(void) {
  long abi = syscall(create_ruleset, NULL, 0, create_version);
  return abi > 0 ? (int)abi : 0;
}

static uint64_t handled(int abi) {
  uint64_t rights = abi_1;
  if (abi >= 2) rights |= refer;
  if (abi >= 3) rights |= truncate_file;
  if (abi >= 5) rights |= ioctl_dev;
  return rights;
}

static uint64_t allowed(enum launch_access access) {
  switch (access) {
    case launch_read: return read_file | read_dir;
    case launch_execute: return read_file | read_dir | execute;
    case launch_write: return (abi_1 | refer | truncate_file) & ~(uint64_t)(execute | make_char | make_block);
  }
  return 0;
}

static void allow(int rules, uint64_t handled, const struct launch_path *path) {
  char name[launch_path_bytes + 1];
  memcpy(name, path->text, path->length);
  name[path->length] = 0;
  int place = open(name, O_PATH | O_CLOEXEC);
  if (place < 0) {
    // What is not there, or what this user cannot reach, needs no rule.
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP) return;
    launch_end(name, errno);
  }
  struct stat status;
  if (fstat(place, &status) != 0) launch_end(name, errno);
  struct rule rule = {allowed(path->access) & handled, place};
  if (!S_ISDIR(status.st_mode)) rule.allowed &= of_files;
  if (syscall(add_rule, rules, path_beneath, &rule, 0) != 0) launch_end(name, errno);
  close(place);
}

int launch_bind_paths(const struct launch_head *head) {
  int abi = csystem_landlock_abi();
  if (abi == 0) return 0;
  struct ruleset ruleset = {handled(abi), 0, 0};
  size_t size = sizeof(uint64_t);
  if (abi >= 6) {
    ruleset.scoped = scope_abstract_sockets | scope_signals;
    size = sizeof ruleset;
  }
  int rules = (int)syscall(create_ruleset, &ruleset, size, 0);
  if (rules < 0) launch_end("cannot make a Landlock rule set", errno);
  for (size_t at = 0; at < head->path_count; at++) allow(rules, ruleset.handled_files, &head->paths[at]);
  if (syscall(restrict_self, rules, 0) != 0) launch_end("cannot bind itself with Landlock", errno);
  close(rules);
  return abi;
}
#endif
