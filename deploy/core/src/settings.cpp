#include "settings.h"

namespace mfs {
namespace {

// Numbers of one group, each within what makes sense.
class Group {
 public:
  Group(const Json& json, std::string name, std::string& wrong) : json_(json), name_(std::move(name)), wrong_(wrong) {}

  template <class Number>
  Group& read(const char* key, Number& number, double least, double most) {
    const Json& found = json_.at(key);
    if (!found.is(Json::Kind::null)) take(key, found, number, least, most);
    return *this;
  }

  // A list of as many numbers.
  template <class Number, std::size_t N>
  Group& read(const char* key, Number (&numbers)[N], double least, double most) {
    const Json& found = json_.at(key);
    if (found.is(Json::Kind::null)) return *this;
    for (std::size_t i = 0; i < N; ++i) take(key, found.at(i), numbers[i], least, most);
    return *this;
  }

 private:
  template <class Number>
  void take(const char* key, const Json& found, Number& number, double least, double most) {
    const double value = found.number(least - 1);
    if (value >= least && value <= most) {
      number = static_cast<Number>(value);
    } else if (wrong_.empty()) {
      wrong_ = name_ + "." + key + " is " + found.dump() + ", not a number from " + Json(least).dump() + " to " +
               Json(most).dump();
    }
  }

  const Json& json_;
  const std::string name_;
  std::string& wrong_;
};

}  // namespace

std::string read_settings(const Json& deploy, Settings& settings) {
  std::string wrong;
  auto& [detector, mesh, paste, detail, track, light] = settings;
  Group(deploy.at("detector"), "detector", wrong)
      .read("min_score", detector.min_score, 0, 1)
      .read("sure", detector.sure, 0, 1)
      .read("same_iou", detector.same_iou, 0, 1);
  Group(deploy.at("mesh"), "mesh", wrong)
      .read("min_presence", mesh.min_presence, 0, 1)
      .read("region_scale", mesh.region_scale, 1, 4)
      .read("min_face", mesh.min_face, 1, 1000);
  Group(deploy.at("paste"), "paste", wrong).read("edge", paste.edge, 0, 0.5).read("negligible", paste.negligible, 0, 1);
  Group(deploy.at("paste").at("detail"), "paste.detail", wrong)
      .read("fine", detail.fine, 0.001, 0.1)
      .read("around", detail.around, 0.001, 0.1)
      .read("noise", detail.noise, 0.001, 1000)
      .read("gone", detail.gone, 0, 1)
      .read("kept", detail.kept, 0, 1);
  if (wrong.empty() && !(detail.gone < detail.kept)) wrong = "paste.detail.gone is not below paste.detail.kept";
  const Json& followed = deploy.at("track");
  Group(followed, "track", wrong)
      .read("first_step", track.first_step, 0.001, 1)
      .read("lost_seconds", track.lost_seconds, 0, 60)
      .read("search_gap", track.search_gap, 0, 60)
      .read("idle_views", track.idle_views, 0, 100)
      .read("max_ahead", track.max_ahead, 0, 10)
      .read("max_leap", track.max_leap, 0, 10)
      .read("min_followed", track.min_followed, 1, 1000)
      .read("min_inside", track.min_inside, 0, 1)
      .read("same_appearance", track.same_appearance, -1, 1)
      .read("appearance_seconds", track.appearance_seconds, 0, 60)
      .read("dead_zone", track.dead_zone, 0, 1)
      .read("max_growth", track.max_growth, 1, 10)
      .read("reach", track.reach, 0, 10);
  Group(followed.at("one_euro"), "track.one_euro", wrong)
      .read("min_cutoff", track.one_euro.min_cutoff, 0, 1000)
      .read("beta", track.one_euro.beta, 0, 10000)
      .read("speed_cutoff", track.one_euro.speed_cutoff, 0, 1000)
      .read("slack", track.one_euro.slack, 0, 10);
  const Json& lit = deploy.at("light");
  Group(lit, "light", wrong)
      .read("darkest", light.darkest, 0.1, 100)
      .read("bright", light.bright, 1, 255)
      .read("known", light.known, 1, 255)
      .read("centre", light.centre, 0, 1)
      .read("radii", light.radii, 0.01, 1);
  return wrong;
}

}  // namespace mfs
