// For tests that count descriptors: threads may still be closing some.
#pragma once

#include <sched.h>

#include "linux/foreign_descriptor.h"

namespace busbar::test {

// Until everything that was let go of is closed; for ever, if a peer keeps one of them from
// closing.
inline void await_closers() {
  while (linux_platform::descriptors_closing() != 0) ::sched_yield();
}

}  // namespace busbar::test
