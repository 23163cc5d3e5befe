#if defined(__linux__)
#define _GNU_SOURCE
#include "CMTASystem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

int csystem_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int csystem_seal(int descriptor) { return fcntl(descriptor, F_ADD_SEALS, seals); }

int csystem_seal_size(int descriptor) { return fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL); }

int csystem_is_sealed(int descriptor) {
  int found = fcntl(descriptor, F_GET_SEALS);
  if (found < 0) return errno == EINVAL ? 0 : -1;
  return (found & seals) == seals;
}

ssize_t csystem_send(int socket, const void *bytes, size_t count, int passed, int flags) {
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr alignment;
  } control;
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (passed >= 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &passed, sizeof(int));
  }
  return sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

ssize_t csystem_receive(int socket, void *bytes, size_t count, int *passed, int flags) {
  *passed = -1;
  struct iovec part = {.iov_base = bytes, .iov_len = count};
  union {
    // Linux passes at most 253 descriptors at once (SCM_MAX_FD); the kernel closes what does not fit.
    char space[CMSG_SPACE(sizeof(int) * 4)];
    struct cmsghdr alignment;
  } control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  ssize_t received = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  if (received < 0) return received;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t length = header->cmsg_len - CMSG_LEN(0);
    for (size_t at = 0; at + sizeof(int) <= length; at += sizeof(int)) {
      int found;
      memcpy(&found, CMSG_DATA(header) + at, sizeof(int));
      if (*passed < 0) *passed = found;
      else close(found);
    }
  }
  return received;
}

int csystem_sync_file_system(int descriptor) { return syncfs(descriptor); }

int csystem_peer(int socket, pid_t *process, uid_t *user, gid_t *group) {
  struct ucred found;
  socklen_t length = sizeof found;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &found, &length) != 0) return -1;
  *process = found.pid;
  *user = found.uid;
  *group = found.gid;
  return 0;
}
#endif
