#include "timing.h"

#include <algorithm>
#include <numeric>

namespace mfs {

void Stage::add(double milliseconds) { last_[count_++ % last_.size()] = milliseconds; }

StageTiming Stage::timing() const {
  const std::size_t kept = std::min(count_, last_.size());
  std::vector<double> sorted(last_.begin(), last_.begin() + static_cast<std::ptrdiff_t>(kept));
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty()) return {name_, 0, 0, 0, 0};
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(kept);
  return {name_, static_cast<int>(kept), mean, sorted[kept / 2], sorted[(kept * 95 + 99) / 100 - 1]};
}

double Stopwatch::lap() {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double, std::milli> passed = now - begun_;
  begun_ = now;
  return passed.count();
}

Status TimedNetwork::run() {
  Stopwatch watch;
  Status status = network_->run();
  milliseconds_ += watch.lap();
  return status;
}

}  // namespace mfs
