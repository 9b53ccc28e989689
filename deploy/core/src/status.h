// Making sentences for Status.

#pragma once

#include <string>

#include "mfs/mfs.h"

namespace mfs {

// "file: what is wrong".
inline Status error(const std::string& file, const std::string& what) { return Status{file + ": " + what}; }

// [1, 3, 224, 224]
template <class Numbers>
std::string shown(const Numbers& numbers) {
  std::string text = "[";
  for (const auto number : numbers) text += (text.size() > 1 ? ", " : "") + std::to_string(number);
  return text + "]";
}

}  // namespace mfs

// Return the Status of an expression when it is not fine.
#define MFS_TRY(expression)                                                  \
  do {                                                                       \
    if (::mfs::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)
