#if defined(__linux__)
#define _GNU_SOURCE
#include "CMTASystem.h"

#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

// The functions of the C library, not the system calls: they change every thread (nptl(7)).
const char *csystem_become(uid_t user, gid_t group) {
  uid_t real, effective, saved;
  gid_t real_group, effective_group, saved_group;
  errno = 0;
  if (user == 0 || group == 0) return "root is no other user";
  if (setgroups(0, NULL) != 0) return "cannot leave the groups of root";
  if (setresgid(group, group, group) != 0) return "cannot become the group";
  if (setresuid(user, user, user) != 0) return "cannot become the user";
  // What root has read may not be read by others of that user, by way of a debugger.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return "cannot forbid dumps";
  if (getresuid(&real, &effective, &saved) != 0 || getresgid(&real_group, &effective_group, &saved_group) != 0)
    return "cannot read user and group";
  errno = 0;
  if (real != user || effective != user || saved != user) return "the user is not the only one";
  if (real_group != group || effective_group != group || saved_group != group) return "the group is not the only one";
  if (getgroups(0, NULL) != 0) return "groups stay";
  const char *fault = setgid(0) == 0 ? "root's group can be had again" : NULL;
  if (setuid(0) == 0) fault = "root can be had again";
  errno = 0;
  return fault;
}
#endif
