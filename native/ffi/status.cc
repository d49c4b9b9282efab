// Status codes, versions and UUIDs.
#include <cstring>

#include "base/status.h"
#include "ffi/include/busbar.h"
#include "ffi/objects.h"

#define BUSBAR_ERROR(number, name, text) \
  static_assert(number >= 1 && static_cast<int>(busbar::Status::name) == number);
#include "base/error_list.def"
#undef BUSBAR_ERROR
static_assert(static_cast<int>(busbar::Status::TooSlow) == BUSBAR_TOO_SLOW);
static_assert(static_cast<int>(busbar::Status::QueueFull) == BUSBAR_QUEUE_FULL);

namespace {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

thread_local busbar::Error last_error;

}  // namespace

void busbar::ffi::remember(const Error& error) noexcept { last_error = error; }

extern "C" {

busbar_failure busbar_last_failure(void) {
  busbar_failure failure{};
  failure.status = busbar::ffi::code(last_error.status);
  failure.os_code = last_error.os_code;
  if (last_error.at != nullptr) {
    failure.call = last_error.at->call;
    failure.path = last_error.at->path;
    failure.advice = last_error.at->advice;
  }
  return failure;
}

uint32_t busbar_abi_version(void) { return BUSBAR_ABI_VERSION; }

const char* busbar_status_string(busbar_status status) {
  return busbar::status_text(static_cast<busbar::Status>(status));
}

const char* busbar_status_name(busbar_status status) {
  return busbar::status_name(static_cast<busbar::Status>(status));
}

busbar_status busbar_uuid_parse(const char* text, busbar_uuid* out_uuid) {
  if (text == nullptr || out_uuid == nullptr || std::strlen(text) != 36)
    return BUSBAR_INVALID_ARGUMENT;
  busbar_uuid uuid{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return BUSBAR_INVALID_ARGUMENT;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return BUSBAR_INVALID_ARGUMENT;
    uuid.bytes[digits / 2] = static_cast<std::uint8_t>(uuid.bytes[digits / 2] << 4 | value);
    ++digits;
  }
  *out_uuid = uuid;
  return BUSBAR_OK;
}

}  // extern "C"
