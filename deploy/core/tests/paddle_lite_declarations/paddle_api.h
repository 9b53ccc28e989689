// Declarations of the part of Paddle-Lite's C++ interface (v2.13, namespace paddle::lite_api) that the core uses, so
// that src/paddle_lite_networks.cpp is compiled where Paddle-Lite is not. Written from the interface's description, not
// copied from its header: names and signatures only, nothing is defined, and nothing is linked against it. On a phone
// the real header of the release archive takes its place.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace paddle {
namespace lite_api {

using shape_t = std::vector<int64_t>;

enum PowerMode {
  LITE_POWER_HIGH,
  LITE_POWER_LOW,
  LITE_POWER_FULL,
  LITE_POWER_NO_BIND,
  LITE_POWER_RAND_HIGH,
  LITE_POWER_RAND_LOW
};
enum CLTuneMode { CL_TUNE_NONE, CL_TUNE_RAPID, CL_TUNE_NORMAL, CL_TUNE_EXHAUSTIVE };
enum CLPrecisionType { CL_PRECISION_AUTO, CL_PRECISION_FP32, CL_PRECISION_FP16 };

struct Tensor {
  ~Tensor();
  void Resize(const shape_t& shape);
  shape_t shape() const;
  template <typename T>
  const T* data() const;
  template <typename T>
  T* mutable_data() const;
};

class PaddlePredictor {
 public:
  virtual ~PaddlePredictor() = default;
  virtual std::unique_ptr<Tensor> GetInput(int i) = 0;
  virtual std::unique_ptr<const Tensor> GetOutput(int i) const = 0;
  virtual void Run() = 0;
  virtual std::vector<std::string> GetInputNames() = 0;
  virtual std::vector<std::string> GetOutputNames() = 0;
  virtual std::string GetVersion() const = 0;
};

class ConfigBase {
 public:
  void set_threads(int threads);
  void set_power_mode(PowerMode mode);
  void set_opencl_binary_path_name(const std::string& path, const std::string& name);
  void set_opencl_tune(CLTuneMode mode, const std::string& path = "", const std::string& name = "",
                       size_t lws_repeats = 4);
  void set_opencl_precision(CLPrecisionType precision);
  bool check_nnadapter_device_name(const std::string& name);
  void set_nnadapter_device_names(const std::vector<std::string>& names);
  void set_nnadapter_model_cache_dir(const std::string& folder);
};

class MobileConfig : public ConfigBase {
 public:
  MobileConfig();
  MobileConfig(const MobileConfig&);
  ~MobileConfig();
  void set_model_from_buffer(const char* buffer, size_t length);
};

template <typename Config>
std::shared_ptr<PaddlePredictor> CreatePaddlePredictor(const Config& config);

bool IsOpenCLBackendValid(bool check_fp16);

}  // namespace lite_api
}  // namespace paddle
