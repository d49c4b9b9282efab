// kqueue for Linux: the three filters that native/macos uses. See ../../README.md.
#pragma once

#include <stdint.h>
#include <time.h>

struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  intptr_t data;
  void* udata;
};

#define EVFILT_PROC (-5)
#define EVFILT_MACHPORT (-8)
#define EVFILT_USER (-10)
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define NOTE_EXIT 0x80000000
#define NOTE_TRIGGER 0x01000000

#define EV_SET(event, a, b, c, d, e, f) \
  do {                                  \
    (event)->ident = (a);               \
    (event)->filter = (b);              \
    (event)->flags = (c);               \
    (event)->fflags = (d);              \
    (event)->data = (e);                \
    (event)->udata = (f);               \
  } while (0)

#ifdef __cplusplus
extern "C" {
#endif
int kqueue(void);
int kevent(int queue, const struct kevent* changes, int change_count, struct kevent* events,
           int event_count, const struct timespec* timeout);
#ifdef __cplusplus
}
#endif
