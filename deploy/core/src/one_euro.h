// Smoothing in time: the One-Euro filter. face/one_euro.py, where the numbers are explained.
//
// Casiez, Roussel, Vogel, CHI 2012, https://gery.casiez.net/1euro/.

#pragma once

#include <cstddef>
#include <vector>

namespace mfs {

struct OneEuroSettings {
  double min_cutoff = 0.3;  // Hz, what still points are filtered with
  double beta = 60;         // Hz per unit of speed (`scale` a second); 0: a plain exponential filter
  double speed_cutoff = 1;  // Hz, what the velocities themselves are filtered with
  double slack = 0.01;      // how far the filtered value may stay behind the new one, in units of `scale`
};

// A low-pass filter whose cutoff rises with speed. All of the points share one cutoff, so that their shape is kept.
class OneEuro {
 public:
  OneEuro(std::size_t points, std::size_t dimensions, const OneEuroSettings& settings = {});

  // Forget everything: the next value comes out as it is.
  void reset() { has_time_ = false; }

  // The smoothed `value` (points x dimensions numbers) at `time` in seconds, valid until the next call. `scale`: the
  // unit of length for speeds. A time that does not advance starts the filter anew.
  const std::vector<double>& operator()(const double* value, double time, double scale = 1);

 private:
  double rms(const std::vector<double>& vectors) const;

  const std::size_t points_;
  const OneEuroSettings settings_;
  bool has_time_ = false;
  double time_ = 0;
  std::vector<double> raw_, value_, velocity_, behind_;
};

}  // namespace mfs
