// JSON (RFC 8259) as deploy.json and provenance records need it: read into a tree, written from one.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mfs/mfs.h"

namespace mfs {

// A value. Asking it for what it is not gives the empty thing (0, "", null), so that a chain of `at` needs no checks
// in between: whoever reads a file checks the leaves.
class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };

  Json() = default;
  Json(bool value) : kind_(Kind::boolean), number_(value) {}                   // NOLINT
  Json(double value) : kind_(Kind::number), number_(value) {}                  // NOLINT
  Json(int value) : Json(static_cast<double>(value)) {}                        // NOLINT
  Json(std::string value) : kind_(Kind::string), string_(std::move(value)) {}  // NOLINT
  Json(const char* value) : Json(std::string(value)) {}                        // NOLINT
  static Json array();
  static Json object();

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool truth() const { return is(Kind::boolean) && number_ != 0; }
  double number(double otherwise = 0) const { return is(Kind::number) ? number_ : otherwise; }
  const std::string& text() const { return string_; }
  const std::vector<Json>& items() const { return items_; }                              // of an array
  const std::vector<std::pair<std::string, Json>>& members() const { return members_; }  // of an object, in order
  const Json& at(std::string_view key) const;                                            // null when there is none
  const Json& at(std::size_t index) const;

  // A number that is a whole one from 0 to `most`, else -1.
  std::int64_t whole(std::int64_t most = INT64_C(1) << 53) const;

  void add(Json item) { items_.push_back(std::move(item)); }
  void set(std::string key, Json value);  // in the place the key has, else at the end

  std::string dump() const;  // on one line, as Python's json.dumps(ensure_ascii=False)

 private:
  Kind kind_ = Kind::null;
  double number_ = 0;
  std::string string_;
  std::vector<Json> items_;
  std::vector<std::pair<std::string, Json>> members_;
};

// A whole text. The Status names the place in it: "not JSON at byte 17".
Result<Json> parse_json(std::string_view text);

}  // namespace mfs
