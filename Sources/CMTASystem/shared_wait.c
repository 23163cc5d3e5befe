#if defined(__linux__)
#define _GNU_SOURCE
#include "CMTASystem.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static int watch(int set, int descriptor, uint32_t more) {
  struct epoll_event event = {.events = EPOLLIN | more, .data = {.fd = descriptor}};
  return epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event);
}

int csystem_wait_set(int shared, int own) {
  int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return -1;
  // Linux before 4.5 wakes all.
  if ((watch(set, shared, EPOLLEXCLUSIVE) == 0 || watch(set, shared, 0) == 0) && watch(set, own, 0) == 0) return set;
  int code = errno;
  close(set);
  errno = code;
  return -1;
}

int csystem_wait_last(int set, int shared) {
  struct epoll_event unused;
  if (epoll_ctl(set, EPOLL_CTL_DEL, shared, &unused) != 0) return -1;
  return watch(set, shared, EPOLLEXCLUSIVE) == 0 || watch(set, shared, 0) == 0 ? 0 : -1;
}

int csystem_wait_next(int set) {
  struct epoll_event event;
  int count;
  do count = epoll_wait(set, &event, 1, -1);
  while (count < 0 && errno == EINTR);
  return count == 1 ? event.data.fd : -1;
}
#endif
