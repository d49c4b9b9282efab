// What node-gyp gives an addon that is built on Windows. It is linked to node.exe, but its host may
// be called otherwise, as Electron is: whenever node.exe is wanted, the running program is meant.
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
// What the linker's helper calls; not every header declares it alike.
decltype(__pfnDliNotifyHook2) __pfnDliNotifyHook2 = find_host;
}
