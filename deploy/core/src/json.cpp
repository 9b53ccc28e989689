#include "json.h"

#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace mfs {
namespace {

constexpr int kDeepest = 64;  // levels; deeper texts are refused rather than followed to the end of the stack
const Json kNull;

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  text += static_cast<char>((0xFF00 >> (more + 1) & 0xFF) | code >> 6 * more);
  for (int i = more - 1; i >= 0; --i) text += static_cast<char>(0x80 | (code >> 6 * i & 0x3F));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Json> all() {
    Json value;
    if (!read(value, 0)) return failure();
    skip_space();
    if (at_ != text_.size()) return failure();
    return value;
  }

 private:
  Status failure() const { return Status{"not JSON at byte " + std::to_string(at_)}; }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool read(Json& value, int depth) {
    skip_space();
    if (at_ == text_.size() || depth > kDeepest) return false;
    switch (text_[at_]) {
      case '{':
        return read_object(value, depth);
      case '[':
        return read_array(value, depth);
      case '"': {
        std::string string;
        if (!read_string(string)) return false;
        value = Json(std::move(string));
        return true;
      }
      case 't':
        value = Json(true);
        return take("true");
      case 'f':
        value = Json(false);
        return take("false");
      case 'n':
        value = Json();
        return take("null");
      default:
        return read_number(value);
    }
  }

  bool read_object(Json& value, int depth) {
    value = Json::object();
    ++at_;
    skip_space();
    if (take("}")) return true;
    do {
      std::string key;
      Json member;
      skip_space();
      if (!read_string(key)) return false;
      skip_space();
      if (!take(":") || !read(member, depth + 1)) return false;
      value.set(std::move(key), std::move(member));
      skip_space();
    } while (take(","));
    return take("}");
  }

  bool read_array(Json& value, int depth) {
    value = Json::array();
    ++at_;
    skip_space();
    if (take("]")) return true;
    do {
      Json item;
      if (!read(item, depth + 1)) return false;
      value.add(std::move(item));
      skip_space();
    } while (take(","));
    return take("]");
  }

  bool read_string(std::string& string) {
    if (!take("\"")) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        string += c;
        ++at_;
      } else if (!read_escape(string)) {
        return false;
      }
    }
    return take("\"");
  }

  bool read_escape(std::string& string) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    ++at_;
    if (at_ == text_.size()) return false;
    if (const auto which = kLetters.find(text_[at_]); which != std::string_view::npos) {
      string += kMeant[which];
      ++at_;
      return true;
    }
    std::uint32_t code = 0, low = 0;
    if (!read_code(code)) return false;
    if (code >= 0xD800 && code < 0xDC00) {  // the first half of a pair
      if (!take("\\") || !read_code(low) || low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return false;
    }
    append_utf8(string, code);
    return true;
  }

  bool read_code(std::uint32_t& code) {
    if (!take("u") || text_.size() - at_ < 4) return false;
    const char* begin = text_.data() + at_;
    const auto [end, failed] = std::from_chars(begin, begin + 4, code, 16);
    at_ += 4;
    return failed == std::errc() && end == begin + 4;
  }

  bool read_number(Json& value) {
    const std::size_t begin = at_;
    const auto digits = [this] {
      const std::size_t from = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      return at_ > from;
    };
    take("-");
    if (!take("0") && !digits()) return false;
    if (take(".") && !digits()) return false;
    if (take("e") || take("E")) {
      if (!take("-")) take("+");
      if (!digits()) return false;
    }
    const std::string number(text_.substr(begin, at_ - begin));
    const double parsed = from_text(number);
    if (!std::isfinite(parsed)) return false;
    value = Json(parsed);
    return true;
  }

  // strtod reads the decimal point of the process's locale; programs that embed the core may have set one.
  static double from_text(std::string number) {
    const char* point = std::localeconv()->decimal_point;
    if (const auto dot = number.find('.'); dot != std::string::npos && point[0] != '.') number.replace(dot, 1, point);
    return std::strtod(number.c_str(), nullptr);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void write_string(std::string& out, const std::string& text) {
  out += '"';
  for (const char c : text) {
    static constexpr std::string_view kMeant = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
    if (const auto which = kMeant.find(c); which != std::string_view::npos) {
      out += '\\';
      out += kLetters[which];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

void write_number(std::string& out, double number) {
  char text[40];
  if (number == std::floor(number) && std::fabs(number) < 1e15) {
    std::snprintf(text, sizeof text, "%.0f", number);
  } else {
    std::snprintf(text, sizeof text, "%.17g", number);
    for (char* c = text; *c; ++c) *c = *c == ',' ? '.' : *c;
  }
  out += text;
}

void write(std::string& out, const Json& value) {
  const char* between = "";
  switch (value.kind()) {
    case Json::Kind::null:
      out += "null";
      break;
    case Json::Kind::boolean:
      out += value.truth() ? "true" : "false";
      break;
    case Json::Kind::number:
      write_number(out, value.number());
      break;
    case Json::Kind::string:
      write_string(out, value.text());
      break;
    case Json::Kind::array:
      out += '[';
      for (const Json& item : value.items()) {
        out += between;
        write(out, item);
        between = ", ";
      }
      out += ']';
      break;
    case Json::Kind::object:
      out += '{';
      for (const auto& [key, member] : value.members()) {
        out += between;
        write_string(out, key);
        out += ": ";
        write(out, member);
        between = ", ";
      }
      out += '}';
      break;
  }
}

}  // namespace

Json Json::array() {
  Json value;
  value.kind_ = Kind::array;
  return value;
}

Json Json::object() {
  Json value;
  value.kind_ = Kind::object;
  return value;
}

const Json& Json::at(std::string_view key) const {
  for (const auto& [name, value] : members_) {
    if (name == key) return value;
  }
  return kNull;
}

const Json& Json::at(std::size_t index) const { return index < items_.size() ? items_[index] : kNull; }

std::int64_t Json::whole(std::int64_t most) const {
  if (!is(Kind::number) || number_ < 0 || number_ > static_cast<double>(most) || number_ != std::floor(number_))
    return -1;
  return static_cast<std::int64_t>(number_);
}

void Json::set(std::string key, Json value) {
  for (auto& [name, old] : members_) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  members_.emplace_back(std::move(key), std::move(value));
}

std::string Json::dump() const {
  std::string out;
  write(out, *this);
  return out;
}

Result<Json> parse_json(std::string_view text) { return Parser(text).all(); }

}  // namespace mfs
