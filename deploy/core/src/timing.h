// Milliseconds of the steps of a frame, and what is told of them.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "mfs/mfs.h"

namespace mfs {

// The last durations of one step. Adding allocates nothing.
class Stage {
 public:
  explicit Stage(const char* name) : name_(name) {}
  void add(double milliseconds);
  void clear() { count_ = 0; }
  StageTiming timing() const;
  bool is_empty() const { return count_ == 0; }

 private:
  const char* const name_;
  std::array<double, 240> last_{};
  std::size_t count_ = 0;  // ever added
};

// Milliseconds since it was made, or since `lap` was last asked.
class Stopwatch {
 public:
  double lap();

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// A network that adds up the time of its runs.
class TimedNetwork final : public Network {
 public:
  TimedNetwork(std::unique_ptr<Network> network, double& milliseconds)
      : network_(std::move(network)), milliseconds_(milliseconds) {}
  float* input(std::size_t index) override { return network_->input(index); }
  const float* output(std::size_t index) const override { return network_->output(index); }
  Status run() override;

 private:
  std::unique_ptr<Network> network_;
  double& milliseconds_;
};

}  // namespace mfs
