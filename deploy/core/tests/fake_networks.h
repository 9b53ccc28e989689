// Networks without Paddle-Lite, for tests of what is around them: they always see the same face in the middle of what
// they are shown, and paint it lighter.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "mfs/mfs.h"
#include "regions.h"

namespace mfs_test {

class FakeNetwork final : public mfs::Network {
 public:
  explicit FakeNetwork(const mfs::NetworkSpec& spec) : spec_(spec) {
    for (const auto& tensor : spec.inputs) inputs_.emplace_back(tensor.size());
    for (const auto& tensor : spec.outputs) outputs_.emplace_back(tensor.size());
  }

  float* input(std::size_t index) override { return inputs_[index].data(); }
  const float* output(std::size_t index) const override { return outputs_[index].data(); }

  mfs::Status run() override {
    if (is_broken) return {spec_.name + ": broken"};
    if (spec_.name == "blazeface") detect();
    if (spec_.name == "facemesh") look();
    if (spec_.name == "idn") paint();
    return {};
  }

  bool is_broken = false;

 private:
  // A face in the anchor of the middle cell, where the picture is not dark.
  void detect() {
    std::fill(outputs_[1].begin(), outputs_[1].end(), -10.0f);
    const std::size_t anchor = 2 * (8 * 16 + 8);  // centre (68, 68) of 128
    const std::vector<float>& image = inputs_[0];
    if (image[64 * 128 + 64] > -0.9f) outputs_[1][anchor] = 5;
    const float points[16] = {0, 0, 50, 50, -12, -10, 12, -10, 0, 2, 0, 14, -25, -5, 25, -5};
    std::copy(points, points + 16, outputs_[0].begin() + static_cast<long>(16 * anchor));
  }

  // A mesh that fills the part of its input that a face fills: its region is where it looked.
  void look() {
    float* points = outputs_[0].data();
    for (int i = 0; i < mfs::MESH_POINTS; ++i) {
      const double turn = 2.399963 * i, radius = 64 * std::sqrt((i + 0.5) / mfs::MESH_POINTS);
      set(points, i, 96 + radius * std::cos(turn), 96 + radius * std::sin(turn));
    }
    for (const auto& [index, x, y] :
         {Place{33, 72, 76}, Place{263, 120, 76}, Place{4, 96, 96}, Place{61, 76, 120}, Place{291, 116, 120},
          Place{10, 96, 32}, Place{152, 96, 160}, Place{454, 32, 96}, Place{234, 160, 96}}) {
      set(points, index, x, y);
    }
    outputs_[1][0] = 5;
  }

  struct Place {
    int index;
    double x, y;
  };
  static void set(float* points, int index, double x, double y) {
    points[3 * index] = static_cast<float>(x);
    points[3 * index + 1] = static_cast<float>(y);
    points[3 * index + 2] = 0;
  }

  void paint() {
    std::transform(inputs_[0].begin(), inputs_[0].end(), outputs_[0].begin(),
                   [](float value) { return std::min(value + 0.1f, 1.0f); });
  }

  const mfs::NetworkSpec spec_;
  std::vector<std::vector<float>> inputs_, outputs_;
};

class FakeNetworks final : public mfs::Networks {
 public:
  mfs::Result<std::unique_ptr<mfs::Network>> load(const std::uint8_t*, std::size_t,
                                                  const mfs::NetworkSpec& spec) override {
    auto network = std::make_unique<FakeNetwork>(spec);
    if (spec.name == "idn") idn = network.get();
    return std::unique_ptr<mfs::Network>(std::move(network));
  }
  std::string name() const override { return "fake"; }
  std::string target() const override { return "x86"; }

  FakeNetwork* idn = nullptr;  // the last one loaded
};

}  // namespace mfs_test
