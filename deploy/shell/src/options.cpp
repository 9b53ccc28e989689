#include "options.h"

#include <cstdlib>
#include <functional>
#include <map>

namespace mfs_shell {

using mfs::Result;
using mfs::Status;

const char* const kHelp =
    R"(mfs_shell --bundle B [--source A] --target T [options]: swaps a face in pictures or a raw clip

  --bundle FILE         made by tools/export_lite.py --bundle, for this processor
  --source FILE         whose face: a picture, or a file of --save-identity
  --identity NAME       whose face: one that the bundle has (default: its first one)
  --target PATH         on whom: a picture, a folder of pictures, or a raw clip (.nv21, .i420, .rgba, .rgb)
  --output FOLDER       where results go: TARGET_SOURCE.png, or a raw clip with a .json beside it (default: output)
  --save-identity FILE  keep what --source was made into; as --source it spares the injection
  --face largest|all    which faces (default: largest)
  --device DEVICE       cpu, gpu, nnapi: Paddle-Lite on a phone; process: x86 .nb files in a Python process
  --threads N           of the CPU (default: 2)
  --power MODE          high, low, full, no_bind: which cores (default: no_bind)
  --precision P         of the GPU: fp16, fp32 (default: fp16)
  --cache FOLDER        for what the GPU or the NPU compiles
  --tune                let the GPU try its kernels (seconds, once with --cache)
  --python PROGRAM      of --device process (default: python3)
  --repeats N           swap each picture so often, as frames of a clip, and time them (default: 1)
  --size WIDTHxHEIGHT   of a raw clip      --fps N  likewise (default: 30)
  --range full|video    what the numbers of .nv21 and .i420 mean: 0-255, or 16-235 (default: full)
  --matrix bt601|bt709  likewise (default: bt601)
  --json                print the times as one JSON object
  --version, --help
)";

namespace {

using Setter = std::function<bool(Options&, const std::string&)>;  // whether the value makes sense

bool whole(const std::string& text, int least, int most, int* number) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end || value < least || value > most) return false;
  *number = static_cast<int>(value);
  return true;
}

template <class Value>
Setter choice(std::map<std::string, Value> known, std::function<void(Options&, Value)> set) {
  return [known = std::move(known), set = std::move(set)](Options& options, const std::string& word) {
    const auto found = known.find(word);
    if (found == known.end()) return false;
    set(options, found->second);
    return true;
  };
}

Setter text(std::string Options::*member) {
  return [member](Options& options, const std::string& word) {
    options.*member = word;
    return !word.empty();
  };
}

struct Option {
  Setter set;
  const char* wanted;  // for the message
};

const std::map<std::string, Option>& known_options() {
  using mfs::Device;
  using mfs::Faces;
  using mfs::PowerMode;
  using mfs::Precision;
  using mfs::YuvMatrix;
  using mfs::YuvRange;
  static const std::map<std::string, Option> known = {
      {"--bundle", {text(&Options::bundle), "a file"}},
      {"--source", {text(&Options::source), "a picture"}},
      {"--identity", {text(&Options::identity), "a name"}},
      {"--save-identity", {text(&Options::save_identity), "a file"}},
      {"--target", {text(&Options::target), "a picture, folder or raw clip"}},
      {"--output", {text(&Options::output), "a folder"}},
      {"--python", {text(&Options::python), "a program"}},
      {"--cache",
       {[](Options& to, const std::string& word) {
          to.device.cache_folder = word;
          return !word.empty();
        },
        "a folder"}},
      {"--face",
       {choice<Faces>({{"largest", Faces::largest}, {"all", Faces::all}},
                      [](Options& to, Faces faces) { to.swap.faces = faces; }),
        "largest or all"}},
      {"--device",
       {[](Options& to, const std::string& word) {
          static const std::map<std::string, Device> devices = {
              {"cpu", Device::cpu}, {"gpu", Device::gpu}, {"nnapi", Device::nnapi}};
          to.is_process = word == "process";
          if (devices.count(word)) to.device.device = devices.at(word);
          return to.is_process || devices.count(word) > 0;
        },
        "cpu, gpu, nnapi or process"}},
      {"--power",
       {choice<PowerMode>({{"high", PowerMode::high},
                           {"low", PowerMode::low},
                           {"full", PowerMode::full},
                           {"no_bind", PowerMode::no_bind}},
                          [](Options& to, PowerMode mode) { to.device.power = mode; }),
        "high, low, full or no_bind"}},
      {"--precision",
       {choice<Precision>({{"fp16", Precision::fp16}, {"fp32", Precision::fp32}},
                          [](Options& to, Precision precision) { to.device.precision = precision; }),
        "fp16 or fp32"}},
      {"--threads",
       {[](Options& to, const std::string& word) { return whole(word, 1, 64, &to.device.threads); }, "1 to 64"}},
      {"--repeats",
       {[](Options& to, const std::string& word) { return whole(word, 1, 1000000, &to.repeats); }, "1 to 1000000"}},
      {"--fps",
       {[](Options& to, const std::string& word) {
          char* end = nullptr;
          to.fps = std::strtod(word.c_str(), &end);
          return !word.empty() && !*end && to.fps > 0 && to.fps <= 1000;
        },
        "a number up to 1000"}},
      {"--range",
       {choice<YuvRange>({{"full", YuvRange::full}, {"video", YuvRange::video}},
                         [](Options& to, YuvRange range) { to.range = range; }),
        "full or video"}},
      {"--matrix",
       {choice<YuvMatrix>({{"bt601", YuvMatrix::bt601}, {"bt709", YuvMatrix::bt709}},
                          [](Options& to, YuvMatrix matrix) { to.matrix = matrix; }),
        "bt601 or bt709"}},
      {"--size",
       {[](Options& to, const std::string& word) {
          const auto cross = word.find('x');
          return cross != std::string::npos && whole(word.substr(0, cross), 1, 16384, &to.width) &&
                 whole(word.substr(cross + 1), 1, 16384, &to.height);
        },
        "as 1280x720"}},
  };
  return known;
}

}  // namespace

Result<Options> parse_options(int count, char** words) {
  Options options;
#ifndef MFS_PADDLE_LITE
  options.is_process = true;
#endif
  for (int i = 0; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--help" || word == "-h") {
      options.wants_help = true;
      return options;
    }
    if (word == "--version") {
      options.wants_version = true;
      return options;
    }
    if (word == "--json") {
      options.is_json = true;
    } else if (word == "--tune") {
      options.device.tune = true;
    } else {
      const auto known = known_options().find(word);
      if (known == known_options().end()) return Status{word + ": no such option; --help lists them"};
      if (i + 1 == count) return Status{word + ": a value is missing; give " + known->second.wanted};
      if (!known->second.set(options, words[++i])) {
        return Status{word + " " + words[i] + ": give " + known->second.wanted};
      }
    }
  }
  if (options.bundle.empty()) return Status{"--bundle is missing; make one with tools/export_lite.py --bundle"};
  if (options.target.empty()) return Status{"--target is missing; name a picture, a folder or a raw clip"};
  if (!options.source.empty() && !options.identity.empty()) return Status{"--source and --identity: give one of them"};
  if (!options.save_identity.empty() && options.source.empty()) return Status{"--save-identity: needs a --source"};
  return options;
}

}  // namespace mfs_shell
