#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "CMTASystem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#if defined(F_OFD_SETLK) && defined(F_OFD_GETLK)

// The whole file, whatever its length.
static struct flock whole(short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
  return lock;
}

int csystem_hold(int descriptor) {
  struct flock lock = whole(F_WRLCK);
  if (fcntl(descriptor, F_OFD_SETLK, &lock) == 0) return 0;
  return errno == EAGAIN || errno == EACCES ? 1 : -1;
}

int csystem_is_held(int descriptor) {
  struct flock lock = whole(F_WRLCK);
  if (fcntl(descriptor, F_OFD_GETLK, &lock) != 0) return -1;
  return lock.l_type != F_UNLCK;
}

#else

// flock(2) cannot be asked: a shared lock, taken for a moment, hinders no other who asks.
int csystem_hold(int descriptor) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return 0;
  return errno == EWOULDBLOCK ? 1 : -1;
}

int csystem_is_held(int descriptor) {
  if (flock(descriptor, LOCK_SH | LOCK_NB) == 0) return flock(descriptor, LOCK_UN);
  return errno == EWOULDBLOCK ? 1 : -1;
}

#endif
