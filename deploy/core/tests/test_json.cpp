// JSON: what is read comes out again; what is none is refused at its place.

#include "json.h"

#include <string>

#include "check.h"

using mfs::parse_json;

namespace {

void round_trip(const std::string& text) {
  const auto value = parse_json(text);
  CHECK(value.ok());
  CHECK(value.ok() && value.value().dump() == text);
}

void refused(const std::string& text) { CHECK(!parse_json(text).ok()); }

}  // namespace

int main() {
  round_trip(R"({"b": [1, -2, 0.5, true, false, null], "a": {"c": "d"}, "empty": [], "none": {}})");
  round_trip(R"("a \"quoted\" line\nand \\ and )"
             "\xC3\xA9"
             R"(")");
  CHECK(parse_json(R"("\u00e9\ud83d\ude00")").value().text() == "\xC3\xA9\xF0\x9F\x98\x80");
  CHECK_NEAR(parse_json(" 1.953125e-3 ").value().number(), 1.0 / 512, 0);
  for (const char* text : {"", "{", "[1,]", "{\"a\" 1}", "01", "1.", "nul", "\"\n\"", "\"\\q\"", "\"\\ud83d\"", "1 2",
                           "1e999", "[1}", "\"open"}) {
    refused(text);
  }
  refused(std::string(100000, '['));  // not followed to the end of the stack
  CHECK(parse_json("[1, x]").message() == "not JSON at byte 4");

  const auto value = parse_json(R"({"shape": [1, 3], "size": 224, "half": 0.5, "name": "idn"})").value();
  CHECK(value.at("shape").at(1).whole() == 3);
  CHECK(value.at("half").whole() == -1 && value.at("name").whole() == -1 && value.at("size").whole(100) == -1);
  CHECK(value.at("no").at("such").at(3).text().empty());
  return mfs_test::result();
}
