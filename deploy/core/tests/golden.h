// Golden vectors of the Python package (tools/export_golden.py), read from the folder that MFS_GOLDEN names, and
// networks that give the answers which were recorded there.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "check.h"
#include "frame.h"
#include "json.h"
#include "mfs/mfs.h"

namespace mfs_test {

using namespace mfs;

template <class T>
struct Array {
  std::vector<int> shape;
  std::vector<T> values;
  std::size_t stride() const { return values.empty() ? 0 : values.size() / static_cast<std::size_t>(shape[0]); }
  const T* operator[](std::size_t index) const { return values.data() + index * stride(); }  // along the first axis
  int size() const { return shape.empty() ? 0 : shape[0]; }
};

template <class T>
constexpr const char* dtype();
template <>
constexpr const char* dtype<std::uint8_t>() {
  return "uint8";
}
template <>
constexpr const char* dtype<std::int32_t>() {
  return "int32";
}
template <>
constexpr const char* dtype<float>() {
  return "float32";
}
template <>
constexpr const char* dtype<double>() {
  return "float64";
}

// All of it; a test program cannot go on without.
class Golden {
 public:
  static const Golden& vectors() {
    static const Golden golden;
    return golden;
  }

  bool has(const std::string& name, const std::string& array) const { return !at(name, array).members().empty(); }

  std::vector<std::string> cases() const {
    std::vector<std::string> names;
    for (const auto& one : index_.at("cases").members()) names.push_back(one.first);
    return names;
  }

  template <class T>
  Array<T> array(const std::string& name, const std::string& array) const {
    const Json& entry = at(name, array);
    if (entry.at("dtype").text() != dtype<T>()) give_up(name + "." + array + ": is no array of " + dtype<T>());
    Array<T> read;
    std::size_t count = 1;
    for (const Json& length : entry.at("shape").items()) {
      read.shape.push_back(static_cast<int>(length.number()));
      count *= static_cast<std::size_t>(read.shape.back());
    }
    const std::string bytes = text(folder_ + "/" + entry.at("file").text());
    if (bytes.size() != count * sizeof(T)) give_up(name + "." + array + ": its file has another size");
    read.values.resize(count);
    if (!bytes.empty()) std::memcpy(read.values.data(), bytes.data(), bytes.size());
    return read;
  }

 private:
  Golden() {
    const char* folder = std::getenv("MFS_GOLDEN");
    if (folder == nullptr) give_up("MFS_GOLDEN: not set; name a folder made by tools/export_golden.py");
    folder_ = folder;
    Result<Json> index = parse_json(text(folder_ + "/index.json"));
    if (!index.ok()) give_up(folder_ + "/index.json: " + index.message());
    index_ = index.value();
  }

  const Json& at(const std::string& name, const std::string& array) const {
    return index_.at("cases").at(name).at(array);
  }

  static std::string text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) give_up(path + ": cannot be read");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  [[noreturn]] static void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(EXIT_FAILURE);
  }

  std::string folder_;
  Json index_;
};

// A picture's pixels as a frame. The frame is read-only in spirit: nothing may be pasted into it.
inline Frame frame_of(const Array<std::uint8_t>& picture, const std::uint8_t* pixels = nullptr) {
  const std::size_t axes = picture.shape.size();
  const int height = picture.shape[axes - 3], width = picture.shape[axes - 2];
  return Frame::rgb(
      {const_cast<std::uint8_t*>(pixels != nullptr ? pixels : picture.values.data()), width, height, 3 * width});
}

// A network that gives the recorded answers in their order, and holds what it is given against what was recorded: to a
// step of 8 bits.
class Replay : public Network {
 public:
  Replay(const std::string& name, const char* inputs, const char* first, const char* second, float mean, float std)
      : mean_(mean),
        std_(std),
        inputs_(Golden::vectors().array<std::uint8_t>(name, inputs)),
        first_(Golden::vectors().array<float>(name, first)),
        second_(Golden::vectors().array<float>(name, second)),
        input_(inputs_.size() == 0 ? 3 * 192 * 192 : inputs_.stride()) {}

  float* input(std::size_t) override { return input_.data(); }
  const float* output(std::size_t index) const override { return (index == 0 ? first_ : second_)[call_ - 1]; }

  Status run() override {
    if (call_ >= static_cast<std::size_t>(inputs_.size())) return {"replay: one call too many"};
    const std::uint8_t* wanted = inputs_[call_++];
    const std::size_t count = inputs_.stride() / 3;
    for (std::size_t i = 0; i < 3 * count; ++i) {
      const double seen = (input_[i % 3 * count + i / 3] * std_ + mean_) * 255, away = std::abs(seen - wanted[i]);
      if (away > largest_) largest_ = away;
    }
    return {};
  }

  double largest_difference() const { return largest_; }  // of inputs so far, in 8-bit steps
  bool is_done() const { return call_ == static_cast<std::size_t>(inputs_.size()); }

  static Replay detector(const std::string& name) {
    return {name, "detector_inputs", "regressors", "logits", 0.5f, 0.5f};
  }
  static Replay mesh(const std::string& name) { return {name, "mesh_inputs", "meshes", "presences", 0, 1}; }
  TensorSpec spec() const { return {"image", {1, 3, 0, 0}, mean_, std_}; }

 private:
  float mean_, std_;
  Array<std::uint8_t> inputs_;
  Array<float> first_, second_;
  std::vector<float> input_;
  std::size_t call_ = 0;
  double largest_ = 0;
};

}  // namespace mfs_test
