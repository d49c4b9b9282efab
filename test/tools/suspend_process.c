/* Stops or continues a process on Windows, as SIGSTOP and SIGCONT do elsewhere:
 * `suspend_process stop|go <pid>`. */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef LONG(NTAPI* change_process)(HANDLE process);

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: suspend_process stop|go <pid>\n");
    return 2;
  }
  const char* name = strcmp(argv[1], "stop") == 0 ? "NtSuspendProcess" : "NtResumeProcess";
  HMODULE library = GetModuleHandleA("ntdll.dll");
  change_process change = (change_process)(void*)GetProcAddress(library, name);
  HANDLE process = OpenProcess(PROCESS_SUSPEND_RESUME, FALSE, (DWORD)strtoul(argv[2], NULL, 10));
  if (change == NULL || process == NULL) return 1;
  return change(process) >= 0 ? 0 : 1;
}
