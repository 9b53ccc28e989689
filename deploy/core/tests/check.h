// A test is a program: what does not hold is printed, one line each, and it ends with 1.
//
//     int main() {
//       CHECK(2 + 2 == 4);
//       CHECK_NEAR(std::sqrt(2.0), 1.41421, 1e-5);
//       return mfs_test::result();
//     }

#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace mfs_test {

inline int& failures() {
  static int count = 0;
  return count;
}

inline void fail(const char* file, int line, const char* what) {
  std::fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
  ++failures();
}

inline void check_near(const char* file, int line, const char* what, double a, double b, double tolerance) {
  if (std::fabs(a - b) <= tolerance) return;  // false for what is no number, too
  std::fprintf(stderr, "%s:%d: %s: %.9g and %.9g differ by more than %g\n", file, line, what, a, b, tolerance);
  ++failures();
}

// MFS_QUICK: an emulator runs the test, which tries less of what is the same on every processor.
inline bool is_quick() { return std::getenv("MFS_QUICK") != nullptr; }

inline int result() { return failures() > 0; }

}  // namespace mfs_test

#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) ::mfs_test::fail(__FILE__, __LINE__, #condition); \
  } while (false)

#define CHECK_NEAR(a, b, tolerance) ::mfs_test::check_near(__FILE__, __LINE__, #a " and " #b, a, b, tolerance)
