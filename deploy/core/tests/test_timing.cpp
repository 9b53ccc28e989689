// What is told of durations, and the filter in time.

#include "timing.h"

#include "check.h"
#include "one_euro.h"

namespace {

void test_stage() {
  mfs::Stage stage("paint");
  CHECK(stage.is_empty() && stage.timing().frames == 0);
  for (int i = 1; i <= 100; ++i) stage.add(i);
  const mfs::StageTiming timing = stage.timing();
  CHECK(timing.frames == 100 && std::string(timing.stage) == "paint");
  CHECK_NEAR(timing.mean, 50.5, 1e-9);
  CHECK_NEAR(timing.median, 51, 0);
  CHECK_NEAR(timing.p95, 95, 0);
  for (int i = 0; i < 240; ++i) stage.add(7);  // the old ones are forgotten
  CHECK(stage.timing().frames == 240 && stage.timing().p95 == 7 && stage.timing().mean == 7);
  stage.clear();
  CHECK(stage.is_empty());
}

void test_one_euro() {
  mfs::OneEuro filter(2, 2);
  const double still[4] = {10, 20, 30, 40};
  CHECK(filter(still, 0)[3] == 40);
  // noise of a thousandth of the size is averaged, and nothing overshoots
  double swing = 0;
  for (int i = 1; i < 90; ++i) {
    const double noisy[4] = {10 + 0.05 * (i % 2 ? 1 : -1), 20, 30, 40};
    const double value = filter(noisy, i / 30.0, 100)[0];
    if (i > 30) swing = std::max(swing, std::abs(value - 10));
  }
  CHECK(swing < 0.02);
  // a fast motion lags by no more than the slack, a hundredth of the size
  double lag = 0;
  for (int i = 90; i < 150; ++i) {
    const double moving[4] = {10.0 + 8 * (i - 89), 20, 30, 40};
    lag = std::max(lag, moving[0] - filter(moving, i / 30.0, 100)[0]);
  }
  CHECK(lag > 0 && lag < 1.5);
  CHECK(filter(still, 1)[0] == 10);  // the time went back: begun anew
  filter.reset();
  CHECK(filter(still, 9)[1] == 20);
}

}  // namespace

int main() {
  test_stage();
  test_one_euro();
  return mfs_test::result();
}
