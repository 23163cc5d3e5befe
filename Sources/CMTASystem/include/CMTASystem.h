// What Linux has and Swift's Glibc module does not show: a door, no logic.
#ifndef CMTA_SYSTEM_H
#define CMTA_SYSTEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__linux__)

/// memfd_create(2), closed on exec, which may be sealed. -1 and errno on failure.
int csystem_memfd(const char *name);

/// Seals a memfd against writing, shrinking, growing and further seals (fcntl(2) F_ADD_SEALS). -1 and errno on failure.
int csystem_seal(int descriptor);

/// Whether a descriptor is a memfd with the seals of csystem_seal. 1, 0; -1 and errno on failure.
int csystem_is_sealed(int descriptor);

/// sendmsg(2) of one buffer, with a descriptor (SCM_RIGHTS) where `passed` is not -1. MSG_NOSIGNAL; `flags` beside it.
ssize_t csystem_send(int socket, const void *bytes, size_t count, int passed, int flags);

/// recvmsg(2) into one buffer. A descriptor that came with it is stored in `passed`, closed on exec, else -1; further ones are closed.
ssize_t csystem_receive(int socket, void *bytes, size_t count, int *passed, int flags);

/// The process, user and group at the other end of a Unix socket (SO_PEERCRED). -1 and errno on failure.
int csystem_peer(int socket, pid_t *process, uid_t *user, gid_t *group);

#endif
#endif
