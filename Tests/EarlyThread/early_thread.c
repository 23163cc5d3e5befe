#include "EarlyThread.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static int runs;

static void *wait_for_the_end(void *unused) {
  (void)unused;
  while (1) pause();
  return NULL;
}

// Runs before constructors without a number.
__attribute__((constructor(101))) static void start(void) {
  pthread_t thread;
  if (getenv("EARLY_THREAD")) runs = pthread_create(&thread, NULL, wait_for_the_end, NULL) == 0;
}

int early_thread_runs(void) { return runs; }
