// Runs the registered tests in order of name: `core_tests [--filter text] [--without text]...
// [--part 1/2] [--list]`; of two parts, each runs every other test. Prints one line per failure and
// `N passed, N failed` at the end; exits 1 if a test failed or none ran.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/check.h"

namespace check {
namespace {

struct Test {
  std::string name;
  std::function<void()> body;
};

// A function-local static: tests register before main, in no particular order of files.
std::vector<Test>& all_tests() {
  static std::vector<Test> tests;
  return tests;
}

using Mode = int (*)(const std::vector<std::string>& arguments);

std::map<std::string, Mode>& all_modes() {
  static std::map<std::string, Mode> modes;
  return modes;
}

std::atomic<int> failures_in_this_test{0};
std::string program_path;  // NOLINT(cert-err58-cpp): an empty string cannot fail

bool run(const Test& test) {
  failures_in_this_test = 0;
  test.body();
  const bool passed = failures_in_this_test == 0;
  std::printf("%s %s\n", passed ? "ok    " : "FAILED", test.name.c_str());
  std::fflush(stdout);  // a crash in the next test must not swallow this line
  return passed;
}

/** Reads "1/2". */
bool read_part(const char* text, unsigned& part, unsigned& parts) {
  char rest = 0;
  // NOLINTNEXTLINE(cert-err34-c): a number that is too large makes no sense to what follows
  return std::sscanf(text, "%u/%u%c", &part, &parts, &rest) == 2 && part >= 1 && part <= parts;
}

}  // namespace

bool register_test(std::string name, std::function<void()> body) {
  all_tests().push_back({std::move(name), std::move(body)});
  return true;
}

bool register_mode(std::string flag, Mode run) {
  return all_modes().emplace(std::move(flag), run).second;
}

void fail(const char* file, int line, const std::string& what) {
  ++failures_in_this_test;
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

int failure_count() { return failures_in_this_test; }

const std::string& program() { return program_path; }

}  // namespace check

int main(int argc, char** argv) {
  check::program_path = argv[0];
  if (argc > 1) {
    const auto mode = check::all_modes().find(argv[1]);
    if (mode != check::all_modes().end()) return mode->second({argv + 2, argv + argc});
  }
  std::string_view filter;
  std::vector<std::string_view> without;
  unsigned part = 1;
  unsigned parts = 1;
  bool list_only = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--filter" && i + 1 < argc) {
      filter = argv[++i];
    } else if (argument == "--without" && i + 1 < argc) {
      without.emplace_back(argv[++i]);
    } else if (argument == "--part" && i + 1 < argc && check::read_part(argv[i + 1], part, parts)) {
      ++i;
    } else if (argument == "--list") {
      list_only = true;
    } else {
      std::fprintf(stderr, "usage: %s [--filter text] [--without text]... [--part 1/2] [--list]\n",
                   argv[0]);
      return 2;
    }
  }
  auto& tests = check::all_tests();
  std::sort(tests.begin(), tests.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  int passed = 0;
  int failed = 0;
  unsigned place = 0;
  for (const auto& test : tests) {
    const auto has = [&test](std::string_view text) {
      return test.name.find(text) != std::string::npos;
    };
    if (!has(filter) || std::any_of(without.begin(), without.end(), has)) continue;
    if (place++ % parts != part - 1) continue;
    if (list_only) {
      std::printf("%s\n", test.name.c_str());
      continue;
    }
    ++(check::run(test) ? passed : failed);
  }
  if (list_only) return 0;
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
