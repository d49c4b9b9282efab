// proc_pidinfo.
#include "macos/process_info.h"

#include <libproc.h>
#include <sys/proc.h>

#include <optional>

namespace busbar::macos_platform {
namespace {

std::optional<proc_bsdinfo> info_of(std::uint32_t pid) noexcept {
  proc_bsdinfo info{};
  const int size = ::proc_pidinfo(static_cast<int>(pid), PROC_PIDTBSDINFO, 0, &info, sizeof info);
  if (size != static_cast<int>(sizeof info) || info.pbi_status == SZOMB) return std::nullopt;
  return info;
}

}  // namespace

std::uint64_t process_token(std::uint32_t pid) noexcept {
  const auto info = info_of(pid);
  if (!info) return 0;
  const std::uint64_t began = info->pbi_start_tvsec * 1'000'000 + info->pbi_start_tvusec;
  return (began & 0xFFFFFFFFU) << 32U | pid;
}

bool is_stopped(std::uint32_t pid) noexcept {
  const auto info = info_of(pid);
  return info && info->pbi_status == SSTOP;
}

}  // namespace busbar::macos_platform
