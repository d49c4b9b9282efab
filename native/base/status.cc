// Names and sentences of the error list.
#include "base/status.h"

namespace busbar {

bool is_listed_failure(std::uint64_t number) noexcept {
  switch (number) {
#define BUSBAR_ERROR(value, name, text) case value:
#include "base/error_list.def"
#undef BUSBAR_ERROR
    return true;
    default:
      return false;
  }
}

const char* status_text(Status status) noexcept {
  switch (status) {
    case Status::Ok:
      return "ok";
#define BUSBAR_ERROR(number, name, text) \
  case Status::name:                     \
    return text;
#include "base/error_list.def"
#undef BUSBAR_ERROR
  }
  return "unknown status";
}

const char* status_name(Status status) noexcept {
  switch (status) {
    case Status::Ok:
      return "Ok";
#define BUSBAR_ERROR(number, name, text) \
  case Status::name:                     \
    return #name;
#include "base/error_list.def"
#undef BUSBAR_ERROR
  }
  return "Unknown";
}

}  // namespace busbar
