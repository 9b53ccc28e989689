// program_zip FILE: the members of an archive, one a line: SHA-256, bytes, name. For tests in Python.

#include <cstdio>

#include "sha256.h"
#include "zip.h"

int main(int count, char** words) {
  if (count != 2) return 2;
  const auto file = mfs::read_file(words[1]);
  if (!file.ok()) return std::fprintf(stderr, "error: %s\n", file.message().c_str()), 2;
  const auto zip = mfs::read_zip({file.value().data(), file.value().size()}, words[1]);
  if (!zip.ok()) return std::fprintf(stderr, "error: %s\n", zip.message().c_str()), 2;
  for (const auto& [name, bytes] : zip.value().members) {
    std::printf("%s %zu %s\n", mfs::sha256(bytes.data, bytes.size).c_str(), bytes.size, name.c_str());
  }
  return 0;
}
