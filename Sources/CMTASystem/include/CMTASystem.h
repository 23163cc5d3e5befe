// What Linux has and Swift's Glibc module does not show: a door, no logic.
#ifndef CMTA_SYSTEM_H
#define CMTA_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Takes the lock of an open file (fcntl(2) F_OFD_SETLK), for writing, without waiting. 0; 1 when others hold it; -1 and errno on failure.
int csystem_hold(int descriptor);

/// Whether another open file holds that lock (F_OFD_GETLK). 1, 0; -1 and errno on failure.
int csystem_is_held(int descriptor);

/// Has SIGTERM, SIGINT, SIGHUP and SIGUSR2 written to a descriptor, each as a byte with its number, from now on. The descriptor must not
/// wait. 0; -1 and errno on failure.
int csystem_catch_signals(int descriptor);

/// These signals end the process again.
int csystem_release_signals(void);

/// Has them wait for this thread, or no more. Those that wait outlive execve(2). An errno on failure.
int csystem_block_signals(int blocks);

/// The CRC-32C of what came before and of these bytes; 0 of nothing. Not zero for `plainly`: without the processor's instruction, for tests.
uint32_t csystem_checksum(uint32_t before, const void *from, size_t count, int plainly);

#if defined(__linux__)
#include <spawn.h>

/// memfd_create(2), closed on exec, which may be sealed. -1 and errno on failure.
int csystem_memfd(const char *name);

/// Seals a memfd against writing, shrinking, growing and further seals (fcntl(2) F_ADD_SEALS). -1 and errno on failure.
int csystem_seal(int descriptor);

/// Seals the size of a memfd, which can be written further, and forbids other seals. -1 and errno on failure.
int csystem_seal_size(int descriptor);

/// Whether a descriptor is a memfd with the seals of csystem_seal. 1, 0; -1 and errno on failure.
int csystem_is_sealed(int descriptor);

/// sendmsg(2) of one buffer, with a descriptor (SCM_RIGHTS) where `passed` is not -1. MSG_NOSIGNAL; `flags` beside it.
ssize_t csystem_send(int socket, const void *bytes, size_t count, int passed, int flags);

/// recvmsg(2) into one buffer. A descriptor that came with it is stored in `passed`, closed on exec, else -1; further ones are closed.
ssize_t csystem_receive(int socket, void *bytes, size_t count, int *passed, int flags);

/// syncfs(2): all that was written to the file system of a file is on stable storage. -1 and errno on failure.
int csystem_sync_file_system(int descriptor);

/// The process, user and group at the other end of a Unix socket (SO_PEERCRED). -1 and errno on failure.
int csystem_peer(int socket, pid_t *process, uid_t *user, gid_t *group);

/// The order that this process was launched with (SWIFT_MTA_LAUNCH). A constructor has read it before main and has taken rights; the bytes
/// stay for the life of the process. 1; 0 in a process that was started without one.
int csystem_launch_order(const uint8_t **bytes, size_t *count);

/// A set of two descriptors to wait for, one of which other processes wait for, too: what comes there wakes one of them (epoll_ctl(2)
/// EPOLLEXCLUSIVE). -1 and errno on failure.
int csystem_wait_set(int shared, int own);

/// Lets the other processes have the next turn at the shared descriptor. -1 and errno on failure.
int csystem_wait_last(int set, int shared);

/// Waits until one of the two can be read, and returns it. -1 and errno on failure.
int csystem_wait_next(int set);

/// The path by which the running program was started, as it was given (getauxval(3) AT_EXECFN). NULL if the kernel does not tell.
const char *csystem_started_path(void);

/// Closes all descriptors from 3 on with the next execve(2), except those of the list, which stay open. -1 and errno on failure.
int csystem_keep_on_exec(const int *kept, size_t count);

/// What is wrong with an order, in words; NULL if a launched process would take it.
const char *csystem_launch_fault(const uint8_t *bytes, size_t count);

/// Ends a launched process that cannot use its order: a line on standard error, exit code 71. Does not return.
void csystem_launch_refuse(const char *fault);

/// The ABI of the Landlock rules that bind this process since its launch; 0: none do.
int csystem_launch_landlock_abi(void);

/// The Landlock ABI of the kernel; 0: it has none, or forbids the question.
int csystem_landlock_abi(void);

/// Makes this whole process, which is root's, another user with one group and no further ones; then tries to come back. Forbids dumps. NULL;
/// otherwise what failed, in words, with errno, which is 0 where no call failed.
const char *csystem_become(uid_t user, gid_t group);

/// Lets a spawned process close the descriptors from `first` on. Does nothing with a C library that cannot: the process then closes them
/// itself when it reads its order. An errno on failure.
int csystem_close_from(posix_spawn_file_actions_t *actions, int first);

#endif
#endif
