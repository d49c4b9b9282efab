// The identifier: the name by which processes find their bus, as in "com.solar". This file checks
// how it looks; the rendezvous turns it into a name of the operating system.
#pragma once

#include <string_view>

#include "base/limits.h"
#include "base/status.h"

namespace busbar {

// Returns Ok for 1 to kMaxIdentifierBytes bytes of valid UTF-8 without control characters (U+0000
// to U+001F, U+007F to U+009F), else InvalidIdentifier. All other characters are allowed, '/' and
// blanks too. The limit is a guess at what people need: nothing is ever truncated to it, and the
// operating system gets a hash only.
[[nodiscard]] Status check_identifier(std::string_view identifier) noexcept;

}  // namespace busbar
