/* Loaded before the C library (LD_PRELOAD) into a server under test: writes down, in the order in which they happened, what the process did
   to files below one folder, and which of it was synced. disk.py makes of this what a disk holds after the power went.

   A record is a line of text, and behind the line of a write its bytes:
     w INODE OFFSET LENGTH    bytes written            t INODE LENGTH      cut or grown
     s INODE                  the file was synced      d PATH              the folder was synced
     c INODE PATH             made                     l INODE PATH        linked
     r FROM TO                renamed                  u PATH              name removed                  m PATH    folder made  */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static const char *root;
static size_t rootLength;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("RECORDER_LOG");
  root = getenv("RECORDER_ROOT");
  if (!path || !root) return;
  rootLength = strlen(root);
  record = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int inside(const char *path, char full[PATH_MAX]) {
  if (record < 0 || !path) return 0;
  if (path[0] == '/') {
    snprintf(full, PATH_MAX, "%s", path);
  } else {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return 0;
    if (snprintf(full, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return 0;
  }
  return strncmp(full, root, rootLength) == 0 && (full[rootLength] == '/' || !full[rootLength]);
}

static int insideFile(int file, char full[PATH_MAX], struct stat *facts) {
  if (record < 0 || fstat(file, facts) != 0 || !(S_ISREG(facts->st_mode) || S_ISDIR(facts->st_mode))) return 0;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, full, PATH_MAX - 1);
  if (length <= 0) return 0;
  full[length] = 0;
  return strncmp(full, root, rootLength) == 0 && (full[rootLength] == '/' || !full[rootLength]);
}

static void put(const char *line, const void *bytes, size_t length) {
  struct iovec parts[2] = {{(void *)line, strlen(line)}, {(void *)bytes, length}};
  if (syscall(SYS_writev, record, parts, length ? 2 : 1) < 0) abort();
}

static void say(const char *format, ...) {
  char line[3 * PATH_MAX];
  va_list values;
  va_start(values, format);
  vsnprintf(line, sizeof line, format, values);
  va_end(values);
  put(line, NULL, 0);
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void wrote(int file, const void *bytes, ssize_t length, off_t offset) {
  char path[PATH_MAX];
  struct stat facts;
  if (length <= 0 || !insideFile(file, path, &facts)) return;
  char line[128];
  snprintf(line, sizeof line, "w %lu %lld %zd\n", (unsigned long)facts.st_ino, (long long)offset, length);
  put(line, bytes, length);
}

ssize_t write(int file, const void *bytes, size_t length) {
  REAL(write);
  if (record < 0 || file <= 2) return real(file, bytes, length);
  pthread_mutex_lock(&order);
  ssize_t done = real(file, bytes, length);
  int code = errno;
  if (done > 0) {
    off_t end = lseek(file, 0, SEEK_CUR);
    if (end >= 0) wrote(file, bytes, done, end - done);
  }
  pthread_mutex_unlock(&order);
  errno = code;
  return done;
}

static ssize_t recordedWrite(ssize_t (*real)(int, const void *, size_t, off_t), int file, const void *bytes, size_t length, off_t offset) {
  pthread_mutex_lock(&order);
  ssize_t done = real(file, bytes, length, offset);
  int code = errno;
  wrote(file, bytes, done, offset);
  pthread_mutex_unlock(&order);
  errno = code;
  return done;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
  REAL(pwrite);
  return recordedWrite(real, file, bytes, length, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
  REAL(pwrite64);
  return recordedWrite(real, file, bytes, length, offset);
}

static int recordedTruncate(int (*real)(int, off_t), int file, off_t length) {
  pthread_mutex_lock(&order);
  int done = real(file, length);
  int code = errno;
  char path[PATH_MAX];
  struct stat facts;
  if (done == 0 && insideFile(file, path, &facts)) say("t %lu %lld\n", (unsigned long)facts.st_ino, (long long)length);
  pthread_mutex_unlock(&order);
  errno = code;
  return done;
}

int ftruncate(int file, off_t length) {
  REAL(ftruncate);
  return recordedTruncate(real, file, length);
}

int ftruncate64(int file, off64_t length) {
  REAL(ftruncate64);
  return recordedTruncate(real, file, length);
}

/* The lock is held while it lasts: what is written down before the line was written before the sync began. */
static int recordedSync(int (*real)(int), int file) {
  pthread_mutex_lock(&order);
  int done = real(file);
  int code = errno;
  char path[PATH_MAX];
  struct stat facts;
  if (done == 0 && insideFile(file, path, &facts)) {
    if (S_ISDIR(facts.st_mode)) say("d %s\n", path); else say("s %lu\n", (unsigned long)facts.st_ino);
  }
  pthread_mutex_unlock(&order);
  errno = code;
  return done;
}

int fsync(int file) {
  REAL(fsync);
  return recordedSync(real, file);
}

int fdatasync(int file) {
  REAL(fdatasync);
  return recordedSync(real, file);
}

static int recordedOpen(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  char full[PATH_MAX];
  if (!inside(path, full)) return real(path, flags, mode);
  pthread_mutex_lock(&order);
  struct stat facts;
  int wasThere = stat(path, &facts) == 0;
  int file = real(path, flags, mode);
  int code = errno;
  if (file >= 0 && !wasThere && fstat(file, &facts) == 0 && S_ISREG(facts.st_mode))
    say("c %lu %s\n", (unsigned long)facts.st_ino, full);
  if (file >= 0 && wasThere && (flags & O_TRUNC)) say("t %lu 0\n", (unsigned long)facts.st_ino);
  pthread_mutex_unlock(&order);
  errno = code;
  return file;
}

int open(const char *path, int flags, ...) {
  REAL(open);
  va_list values;
  va_start(values, flags);
  mode_t mode = flags & O_CREAT ? va_arg(values, mode_t) : 0;
  va_end(values);
  return recordedOpen(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  REAL(open64);
  va_list values;
  va_start(values, flags);
  mode_t mode = flags & O_CREAT ? va_arg(values, mode_t) : 0;
  va_end(values);
  return recordedOpen(real, path, flags, mode);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  pthread_mutex_lock(&order);
  int done = real(from, to);
  int code = errno;
  char before[PATH_MAX], after[PATH_MAX];
  if (done == 0 && inside(from, before) && inside(to, after)) say("r %s %s\n", before, after);
  pthread_mutex_unlock(&order);
  errno = code;
  return done;
}

int link(const char *from, const char *to) {
  REAL(link);
  pthread_mutex_lock(&order);
  int done = real(from, to);
  int code = errno;
  char after[PATH_MAX];
  struct stat facts;
  if (done == 0 && inside(to, after) && stat(to, &facts) == 0) say("l %lu %s\n", (unsigned long)facts.st_ino, after);
  pthread_mutex_unlock(&order);
  errno = code;
  return done;
}

int unlink(const char *path) {
  REAL(unlink);
  pthread_mutex_lock(&order);
  int done = real(path);
  int code = errno;
  char full[PATH_MAX];
  if (done == 0 && inside(path, full)) say("u %s\n", full);
  pthread_mutex_unlock(&order);
  errno = code;
  return done;
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  pthread_mutex_lock(&order);
  int done = real(path, mode);
  int code = errno;
  char full[PATH_MAX];
  if (done == 0 && inside(path, full)) say("m %s\n", full);
  pthread_mutex_unlock(&order);
  errno = code;
  return done;
}
