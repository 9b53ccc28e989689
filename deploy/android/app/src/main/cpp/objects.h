// What the Java classes of org.paddlemfs.core hold by their handle.

#pragma once

#include <jni.h>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "mfs/mfs.h"

// Counted, so that a test can tell that none was forgotten.
struct NativeObject {
  static inline std::atomic<int> alive{0};

  NativeObject() { ++alive; }
  NativeObject(const NativeObject&) = delete;
  NativeObject& operator=(const NativeObject&) = delete;
  virtual ~NativeObject() { --alive; }
};

// A bundle and what runs its networks: swappers and injectors keep it, whichever side is closed first.
struct Runtime {
  mfs::Bundle bundle;
  std::unique_ptr<mfs::Networks> networks;
};

struct EngineObject : NativeObject {
  explicit EngineObject(std::shared_ptr<Runtime> runs) : runtime(std::move(runs)) {}
  std::shared_ptr<Runtime> runtime;
};

struct InjectorObject : NativeObject {
  std::shared_ptr<Runtime> runtime;  // before what uses it: members go in the reverse order
  std::unique_ptr<mfs::Injector> injector;
};

struct SwapperObject : NativeObject {
  std::shared_ptr<Runtime> runtime;
  std::unique_ptr<mfs::Swapper> swapper;
  std::optional<mfs::Identity> worn;
};

// A handle is the address of the NativeObject.
template <class Object>
Object* from_handle(jlong handle) {
  return static_cast<Object*>(reinterpret_cast<NativeObject*>(handle));
}

inline jlong to_handle(std::unique_ptr<NativeObject> object) { return reinterpret_cast<jlong>(object.release()); }
