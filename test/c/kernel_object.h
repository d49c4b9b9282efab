/* How C programs use kernel objects on each system. */
#ifndef BUSBAR_TEST_KERNEL_OBJECT_H
#define BUSBAR_TEST_KERNEL_OBJECT_H

#include <busbar.h>

#ifdef _WIN32
#include <winsock2.h>
/* After winsock2.h; otherwise it would include the older Winsock. */
#include <windows.h>

static inline busbar_object own_input(void) {
  return (busbar_object)GetStdHandle(STD_INPUT_HANDLE);
}
static inline void close_object(busbar_object object, int32_t kind) {
  if (kind == BUSBAR_OBJECT_SOCKET) {
    closesocket((SOCKET)object);
  } else {
    CloseHandle((HANDLE)object);
  }
}

#else
#include <unistd.h>

static inline busbar_object own_input(void) { return STDIN_FILENO; }
static inline void close_object(busbar_object object, int32_t kind) {
  if (kind == BUSBAR_OBJECT_DESCRIPTOR) close((int)object);
}

#endif
#endif
