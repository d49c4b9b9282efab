// A small test harness: TEST registers, CHECK records a failure and goes on, REQUIRE records it and
// returns from the test. No exceptions, no death tests, no threads of its own; main() is in
// check_main.cc.
#pragma once

#include <functional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace check {

// Called before main (TEST does so), or for tests made in a loop. Names should be unique; --filter
// searches them.
bool register_test(std::string name, std::function<void()> body);

// Runs `run` instead of the tests when the program's first argument is `flag`: for processes that a
// test starts. `run` gets the arguments after the flag and returns the exit code.
bool register_mode(std::string flag, int (*run)(const std::vector<std::string>& arguments));

// Marks the running test as failed and prints the place. Any thread. A forked child must report by
// other means.
void fail(const char* file, int line, const std::string& what);

// Failures of the running test so far, in this process.
int failure_count();

// The path by which this program was started.
const std::string& program();

template <typename T>
std::string show(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<long long>(value));
  } else if constexpr (requires(std::ostream & out) { out << value; }) {
    std::ostringstream out;
    out << value;
    return std::move(out).str();
  } else {
    return "(a value that cannot be printed)";
  }
}

template <typename A, typename B>
bool check_equal(const A& a, const B& b, const char* text, const char* file, int line) {
  bool same;
  if constexpr (std::is_integral_v<A> && std::is_integral_v<B> && !std::is_same_v<A, bool> &&
                !std::is_same_v<B, bool>) {
    same = std::cmp_equal(a, b);  // CHECK_EQ(list.size(), 3) must not warn about signs
  } else {
    same = a == b;
  }
  if (!same) fail(file, line, std::string(text) + ": " + show(a) + " is not " + show(b));
  return same;
}

}  // namespace check

#define TEST(name)                                       \
  static void test_##name();                             \
  [[maybe_unused]] static const bool registered_##name = \
      ::check::register_test(#name, test_##name);        \
  static void test_##name()

// Each returns its outcome as a bool, so that it can guard what follows.
#define CHECK(...) \
  ((__VA_ARGS__) ? true : (::check::fail(__FILE__, __LINE__, #__VA_ARGS__ " is false"), false))
#define CHECK_EQ(a, b) ::check::check_equal((a), (b), #a " == " #b, __FILE__, __LINE__)
// For void functions, when the rest would make no sense or crash.
#define REQUIRE(...)                 \
  do {                               \
    if (!CHECK(__VA_ARGS__)) return; \
  } while (false)
#define REQUIRE_EQ(a, b)         \
  do {                           \
    if (!CHECK_EQ(a, b)) return; \
  } while (false)
