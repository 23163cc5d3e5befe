// What the files of the launch share; Swift does not see it.
#ifndef CMTA_LAUNCH_H
#define CMTA_LAUNCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  launch_bytes = 16 << 20,
  launch_paths = 512,
  launch_descriptors = 4096,
  launch_blobs = 256,
  launch_path_bytes = 4095,
};

enum launch_access { launch_read, launch_write, launch_execute };

/// A path of the order. It lies within the order's bytes, and no NUL ends it.
struct launch_path {
  enum launch_access access;
  const char *text;
  size_t length;
};

/// The head of an order: what must be done before Swift runs.
struct launch_head {
  int is_master;
  /// Where a master's signals are written; -1: they are not.
  int signals;
  int has_owner;
  uid_t user;
  gid_t group;
  uint32_t maximum_descriptors;
  size_t path_count;
  struct launch_path paths[launch_paths];
  size_t descriptor_count;
  int descriptors[launch_descriptors];
};

/// Reads an order. NULL, or what is wrong with it.
const char *launch_parse(const uint8_t *bytes, size_t count, struct launch_head *head);

/// Takes the rights that the head does not leave. Does not return where one stays.
void launch_take_rights(const struct launch_head *head);

/// Binds the process to the head's paths. The ABI that was used, 0 where the kernel has no Landlock. Does not return after a failure.
int launch_bind_paths(const struct launch_head *head);

/// Ends the process: one line on standard error, exit code 71 (EX_OSERR). `code` is an errno, or 0.
_Noreturn void launch_end(const char *what, int code);

#endif
