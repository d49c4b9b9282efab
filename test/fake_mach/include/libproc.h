// The facts about other processes that native/macos reads, taken from /proc. See ../README.md.
#pragma once

#include <stdint.h>

#define PROC_PIDTBSDINFO 3

struct proc_bsdinfo {
  uint32_t pbi_status;
  uint32_t pbi_pid;
  uint64_t pbi_start_tvsec;
  uint64_t pbi_start_tvusec;
};

#ifdef __cplusplus
extern "C"
#endif
    int
    proc_pidinfo(int pid, int flavor, uint64_t argument, void* buffer, int size);
