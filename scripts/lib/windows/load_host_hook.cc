// The hook that node-gyp adds to an addon built on Windows. The addon is linked to node.exe, but
// its host may have another name, as Electron has: the hook loads the running program instead.
#include <winsock2.h>

#include <windows.h>

#include <cstring>

#include <delayimp.h>

namespace {

FARPROC WINAPI find_host(unsigned int event, DelayLoadInfo* info) {
  if (event != dliNotePreLoadLibrary || ::_stricmp(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(::GetModuleHandleW(nullptr));
}

}  // namespace

extern "C" {
// Called by the linker's helper; headers declare it differently.
decltype(__pfnDliNotifyHook2) __pfnDliNotifyHook2 = find_host;
}
