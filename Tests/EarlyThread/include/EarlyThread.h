// A thread that a library starts before main, as some do.
#ifndef EARLY_THREAD_H
#define EARLY_THREAD_H

/// Whether the variable EARLY_THREAD asked for the thread. 1 or 0.
int early_thread_runs(void);

#endif
