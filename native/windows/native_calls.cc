// Looked up by name, since import libraries differ in which of these calls they have.
#include "windows/native_calls.h"

#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

template <typename Function>
Function find(const char* name) noexcept {
  static const HMODULE library = ::GetModuleHandleW(L"ntdll.dll");
  return reinterpret_cast<Function>(reinterpret_cast<void*>(::GetProcAddress(library, name)));
}

struct SectionBasicInformation {
  void* base;
  ULONG attributes;
  LARGE_INTEGER bytes;
};

struct EventBasicInformation {
  // 0: stays signaled until it is reset.
  LONG type;
  LONG state;
};

using Query = LONG(NTAPI*)(HANDLE, LONG, void*, SIZE_T, SIZE_T*);
using QueryShort = LONG(NTAPI*)(HANDLE, LONG, void*, ULONG, ULONG*);

}  // namespace

bool query_section(RawHandle section, SectionFacts& out) noexcept {
  static const auto query = find<Query>("NtQuerySection");
  SectionBasicInformation facts{};
  if (query == nullptr || query(section, 0, &facts, sizeof facts, nullptr) < 0) return false;
  out = {facts.attributes, static_cast<std::uint64_t>(facts.bytes.QuadPart)};
  return true;
}

bool is_manual_reset_event(RawHandle event) noexcept {
  static const auto query = find<QueryShort>("NtQueryEvent");
  EventBasicInformation facts{};
  return query != nullptr && query(event, 0, &facts, sizeof facts, nullptr) >= 0 && facts.type == 0;
}

bool is_same_object(RawHandle one, RawHandle other) noexcept {
  using Compare = LONG(NTAPI*)(HANDLE, HANDLE);
  static const auto compare = find<Compare>("NtCompareObjects");
  return compare != nullptr && compare(one, other) == 0;
}

bool is_wine() noexcept {
  static const bool wine = find<void*>("wine_get_version") != nullptr;
  return wine;
}

}  // namespace busbar::windows_platform
