// What runs networks where the library was built for: Paddle-Lite on a phone, a Python process on a desktop.

#pragma once

#include <cstdlib>

#include "mfs/mfs.h"

#ifdef __ANDROID__

inline mfs::Result<std::unique_ptr<mfs::Networks>> networks_for(const mfs::DeviceOptions& options) {
  return mfs::paddle_lite_networks(options);
}

#else

// MFS_PYTHON names the interpreter of an environment with paddle_mfs.
inline mfs::Result<std::unique_ptr<mfs::Networks>> networks_for(const mfs::DeviceOptions& options) {
  if (options.device != mfs::Device::cpu) return mfs::Status{"A desktop has the CPU only; choose it."};
  const char* python = std::getenv("MFS_PYTHON");
  return mfs::process_networks(python != nullptr ? python : "python3");
}

#endif
