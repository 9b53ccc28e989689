// SHA-256: the examples of FIPS 180-4, and the same in pieces.

#include "sha256.h"

#include "check.h"

int main() {
  CHECK(mfs::sha256("", 0) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(mfs::sha256("abc", 3) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string million(1000000, 'a');
  const std::string wanted = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  CHECK(mfs::sha256(million.data(), million.size()) == wanted);
  mfs::Sha256 pieces;
  for (std::size_t at = 0, size = 1; at < million.size(); at += size, size = size % 201 + 1) {
    pieces.add(million.data() + at, std::min(size, million.size() - at));
    size = std::min(size, million.size() - at);
  }
  CHECK(pieces.hex() == wanted);
  return mfs_test::result();
}
