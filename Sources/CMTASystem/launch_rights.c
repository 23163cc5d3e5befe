#if defined(__linux__)
#define _GNU_SOURCE
#include "launch.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

/// Most rights are a thread's own. A second thread would keep them.
static void check_threads(void) {
  DIR *tasks = opendir("/proc/self/task");
  if (!tasks) launch_end("cannot count the threads in /proc/self/task", errno);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(tasks));)
    if (entry->d_name[0] != '.') count++;
  closedir(tasks);
  if (count != 1) launch_end("a library started a thread before main, which would keep its rights", 0);
}

static void limit(int resource, rlim_t value, const char *what) {
  struct rlimit now;
  if (getrlimit(resource, &now) != 0) launch_end(what, errno);
  struct rlimit new = {value, value};
  if (setrlimit(resource, &new) == 0) return;
  // Fewer than asked for where the system allows no more, as for root in most containers: that weakens nothing.
  if (errno != EPERM || value <= now.rlim_max) launch_end(what, errno);
  new.rlim_cur = new.rlim_max = now.rlim_max;
  if (setrlimit(resource, &new) != 0) launch_end(what, errno);
}

static void become(uid_t user, gid_t group) {
  if (setgroups(0, NULL) != 0) launch_end("cannot leave the groups of root", errno);
  if (setresgid(group, group, group) != 0) launch_end("cannot become the group", errno);
  if (setresuid(user, user, user) != 0) launch_end("cannot become the user", errno);
}

/// A process of root's without user and group in the order is none of ours.
static void leave_root(const struct launch_head *head) {
  if (geteuid() == 0 || getuid() == 0) {
    if (!head->has_owner) launch_end("root starts it, and the order names no user", 0);
    become(head->user, head->group);
  } else if (head->has_owner) {
    launch_end("the order names a user, and only root can become another", 0);
  }
}

/// A service manager may have given rights beside the user (AmbientCapabilities=).
static void leave_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2], found[2];
  memset(none, 0, sizeof none);
  // Unknown to kernels before 4.3, which have none of them.
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    launch_end("cannot drop ambient capabilities", errno);
  if (syscall(SYS_capset, &header, none) != 0) launch_end("cannot drop capabilities", errno);
  header = (struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, 0};
  if (syscall(SYS_capget, &header, found) != 0) launch_end("cannot read capabilities", errno);
  if (memcmp(none, found, sizeof none) != 0) launch_end("capabilities stay", 0);
}

static void prove(const struct launch_head *head) {
  uid_t real, effective, saved;
  gid_t real_group, effective_group, saved_group;
  if (getresuid(&real, &effective, &saved) != 0 || getresgid(&real_group, &effective_group, &saved_group) != 0)
    launch_end("cannot read user and group", errno);
  if (real != effective || real != saved || real == 0) launch_end("the user is not the only one", 0);
  if (real_group != effective_group || real_group != saved_group) launch_end("the group is not the only one", 0);
  if (head->has_owner) {
    if (real != head->user || real_group != head->group) launch_end("user and group are not those of the order", 0);
    if (getgroups(0, NULL) != 0) launch_end("groups stay", 0);
    if (setgid(0) == 0) launch_end("root's group can be had again", 0);
  }
  if (setuid(0) == 0) launch_end("root can be had again", 0);
  if (setgroups(0, NULL) == 0) launch_end("groups can be changed", 0);
}

void launch_take_rights(const struct launch_head *head) {
  check_threads();
  limit(RLIMIT_NOFILE, head->maximum_descriptors, "cannot limit descriptors");
  limit(RLIMIT_CORE, 0, "cannot forbid core dumps");
  leave_root(head);
  leave_capabilities();
  prove(head);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) launch_end("cannot set no_new_privs", errno);
}
#endif
